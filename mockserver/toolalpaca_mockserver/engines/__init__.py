"""Where bodies come from.

An engine composes a value for a contract; everything around it (what the status is, what is
remembered, whether the value satisfies the contract in the end) is the same for every engine.
"""

from __future__ import annotations

from collections.abc import Mapping
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
Task = Literal["answer", "new", "first", "imagined", "found"]
"""What a value is for: the answer to the call; what the call makes; what was in a collection before
anybody called; an item that somebody asked for by its id; items that a search has to find."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """An answer of the engine's that the session has had.

    Attributes:
        request: What was asked, for who reads it.
        answer: What was answered, as JSON, shortened.
        asked: Identifies what was asked, and of which state; see :class:`Composed`.
        key: Identifies what was answered.
    """

    request: str
    answer: str
    asked: str
    key: str


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
        task: What the value is for.
        several: How many values are wanted; the answer is then a list of at most so many, each of
            which satisfies the contract. 0 for one value by itself.
        about: What the value has to say: the id of an item, the properties of what is searched.
        known: What is remembered that matters here, for engines that see the state.
        earlier: What the engine has answered in this session, oldest first.
    """

    operation: Operation
    arguments: Arguments
    contract: Contract
    name: str
    key: str
    index: int | None = None
    examples: tuple[Example, ...] = ()
    task: Task = "answer"
    several: int = 0
    about: Mapping[str, Any] = field(default_factory=dict)
    known: Mapping[str, Any] = field(default_factory=dict)
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """What an engine made.

    Attributes:
        value: Satisfies the commission's contract.
        source: Where it came from.
        reason: Why another engine than the chosen one made it, or ``""``.
        asked: Identifies the commission and what it says is known, earlier answers apart; ``""``
            from an engine to which these do not matter.
        key: Identifies the value among those that an engine has made.
    """

    value: Any
    source: Source
    reason: str = ""
    asked: str = ""
    key: str = ""


class Engine(Protocol):
    """Composes values."""

    @property
    def name(self) -> str:
        """What ``--engine`` calls it."""
        ...

    @property
    def sees_state(self) -> bool:
        """Whether it is told what is remembered, and writes what was there before anybody came."""
        ...

    async def compose(self, commission: Commission) -> Composed:
        """A value that satisfies the commission's contract.

        Raises:
            NoInstance: None was found.
        """
        ...

    def report(self) -> dict[str, Any]:
        """What it has done since it was made, as JSON."""
        ...

    async def aclose(self) -> None:
        """Release what is held. Calling it twice is harmless."""
        ...
