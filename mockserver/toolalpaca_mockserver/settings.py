"""How APIs are served, whatever their documents."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.answering import Answerer
from toolalpaca_mockserver.disturbance.rules import NO_RULES, Rules
from toolalpaca_mockserver.engines import Engine
from toolalpaca_mockserver.engines.schema import SchemaEngine
from toolalpaca_mockserver.responder import Responder
from toolalpaca_mockserver.state.corrections import CorrectionsFile
from toolalpaca_mockserver.validators import Validation, ValidatorFactory, compiled
from toolalpaca_mockserver.values import ValueGenerator

EngineFactory = Callable[[ValueGenerator], Engine]
AnswererFactory = Callable[[Document, Responder], Answerer]


def simulated(document: Document, responder: Responder) -> Answerer:
    """Lets the simulation answer."""
    del document
    return responder


@dataclass(frozen=True, slots=True)
class Settings:
    """How APIs are served.

    Attributes:
        seed: For generated values.
        engine: Makes the engine of each document from its value generator.
        answerer: Makes what answers the sound requests of a document: by default its simulation.
        open_world: Whether an item that nobody has listed, made or deleted exists when it is asked
            for; otherwise it is a 404 wherever a list shows all that there are.
        authenticate: Whether credentials are demanded where a document does.
        credentials: The keys, tokens and ``user:password`` pairs that open; None for any that are
            well formed.
        validator: Judges requests.
        validation: What faults of requests lead to: ``strict`` refuses them, ``warn`` answers and
            names them in the header ``toolalpaca-problem``, ``off`` answers.
        corrections: What a person knows better of resources than inference, besides what a
            document says itself.
        disturbances: What goes wrong on purpose.
        hosts: Names by which MCP clients may call the server, besides loopback's and its address.
    """

    seed: int = 0
    engine: EngineFactory = SchemaEngine
    answerer: AnswererFactory = simulated
    open_world: bool = False
    authenticate: bool = True
    credentials: Collection[str] | None = None
    validator: ValidatorFactory = compiled
    validation: Validation = "strict"
    corrections: CorrectionsFile | None = None
    disturbances: Rules = NO_RULES
    hosts: Collection[str] = ()


DEFAULTS = Settings()
