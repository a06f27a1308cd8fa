"""From the command-line options to an engine."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from toolalpaca.errors import UsageError
from toolalpaca_mockserver.engines.schema import SchemaEngine

if TYPE_CHECKING:
    from toolalpaca.llm.protocol import LanguageModel
    from toolalpaca_mockserver.settings import EngineFactory


def model_from(options: Namespace) -> LanguageModel | None:
    """The model that ``--engine llm`` composes with, or None for the other engine.

    Raises:
        UsageError: The options contradict each other.
        ModelError: The model cannot be used.
    """
    if options.engine == "schema":
        if options.model:
            raise UsageError(
                "a model plays no part in --engine schema", where="--model", hint="add --engine llm"
            )
        return None
    if not options.model:
        raise UsageError(
            "--engine llm needs a model", where="--model", hint="for instance --model smollm2"
        )
    from toolalpaca.llm.options import model_from_options

    return model_from_options(options)


def engine_factory(model: LanguageModel | None, seed: int) -> EngineFactory:
    """Makes the engine of each document."""
    if model is None:
        return SchemaEngine
    from toolalpaca_mockserver.engines.llm import LlmEngine

    return lambda generator: LlmEngine(model, SchemaEngine(generator), seed)
