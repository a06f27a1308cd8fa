"""Where bodies come from.

An engine composes a value for a contract; everything around it (what the status is, what is
remembered, whether the value satisfies the contract in the end) is the same for every engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from toolalpaca.openapi.model import Example, Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.plan import Arguments

Source = Literal[
    "schema",
    "example",
    "state",
    "llm",
    "cache",
    "validator",
    "router",
    "disturbance",
    "proxy",
    "replay",
]


@dataclass(frozen=True, slots=True)
class Commission:
    """What an engine is asked for.

    Attributes:
        operation: What was called.
        arguments: With what.
        contract: What the value must satisfy.
        name: What the value is called, for realism.
        key: Tells this value apart from others for the same contract.
        index: Its place in a list, or None: further items are less like the document's examples.
        examples: Values of the document that satisfy the contract.
        digest: Tells what is remembered that matters here, as JSON; called only when needed.
    """

    operation: Operation
    arguments: Arguments
    contract: Contract
    name: str
    key: str
    index: int | None = None
    examples: tuple[Example, ...] = ()
    digest: Callable[[], Any] = field(default=dict)


@dataclass(frozen=True, slots=True)
class Composed:
    """What an engine made.

    Attributes:
        value: Satisfies the commission's contract.
        source: Where it came from.
        reason: Why another engine than the chosen one made it, or ``""``.
    """

    value: Any
    source: Source
    reason: str = ""


class Engine(Protocol):
    """Composes values."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""
        ...

    async def compose(self, commission: Commission) -> Composed:
        """A value that satisfies the commission's contract.

        Raises:
            NoInstance: None was found.
        """
        ...

    async def aclose(self) -> None:
        """Release what is held. Calling it twice is harmless."""
        ...
