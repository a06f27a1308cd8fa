"""The user as an agent knows them: somebody who answers questions and approves calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from toolalpaca.trace import HttpRequest


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that is made only when the user approves it.

    Attributes:
        tool: The tool's name.
        arguments: As they will be sent.
        request: The request that would be sent, secrets redacted; None where no HTTP is spoken.
    """

    tool: str
    arguments: Mapping[str, Any]
    request: HttpRequest | None = None


Approve: TypeAlias = Callable[[PendingCall], Awaitable[bool | None]]
"""Asks whether to make a call: yes, no, or None when nobody is there to be asked."""


class User(Protocol):
    """Whoever the agent works for."""

    async def answer(self, question: str) -> str | None:
        """The answer to a question of the agent's; None when nobody is there."""
        ...

    async def approve(self, pending: PendingCall) -> bool | None:
        """Whether the call may be made; None when nobody is there."""
        ...


async def nobody(_pending: PendingCall) -> bool | None:
    """Approves nothing, because there is nobody to ask."""
    return None
