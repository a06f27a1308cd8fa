"""A source of tools: what the toolbox needs to know of it."""

from __future__ import annotations

from typing import Protocol

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.names import tool_name
from toolalpaca.trace import Call
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.user import Approve


class ToolSource(Protocol):
    """Tools that belong together, such as those of one API.

    A mistake of the model (arguments that do not fit) and a failure of the tool are observations. A
    source serves any number of agents at a time.
    """

    @property
    def name(self) -> str:
        """A short name, for traces and to tell its tools from those of other sources."""
        ...

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The tools as a model sees them; always the same."""
        ...

    def is_free(self, tool: str) -> bool:
        """Whether calls of that tool change nothing and need no approval.

        Such calls of one step are made at the same time.
        """
        ...

    async def call(self, call: Call, approve: Approve) -> Observation:
        """Make *call*, whose tool is one of this source, and say what came of it.

        Args:
            call: Its ``problem`` is None.
            approve: Asks the user where the source's policy demands it.

        Raises:
            ToolAlpacaError: What is behind the source cannot be used at all.
        """
        ...

    async def aclose(self) -> None:
        """Release what is held. Calling it twice is harmless."""
        ...


def qualified(source: str, tool: str) -> str:
    """What a tool is called beside one of the same name from another source; rules know it, too.

    >>> qualified("railway", "listBookings")
    'railway_listBookings'
    """
    return tool_name(f"{source}_{tool}") or tool
