"""Finding the tools that matter among hundreds."""

from __future__ import annotations

from typing import Any, Final, Protocol

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.task import SEARCH_TOOL
from toolalpaca.trace import Call
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.user import Approve, nobody

SEARCH: Final = ToolSpec(
    name=SEARCH_TOOL,
    description="Find tools that are not shown here. Use it when none of the tools at hand does "
    "what is needed. What it finds can be called from then on.",
    parameters={
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "description": "What the tool should do, such as: delete a calendar event",
            }
        },
        "required": ["query"],
        "additionalProperties": False,
    },
    returns={"type": "string"},
)

_AT_ONCE = 6  # tools that one search brings


class ToolIndex(Protocol):
    """Ranks tools by how well they fit a text."""

    async def find(self, text: str, most: int) -> tuple[ToolSpec, ...]:
        """At most *most* tools, the best first.

        Raises:
            ToolAlpacaError: What ranks them cannot be used.
        """
        ...


class ToolSearch:
    """The tool with which a model finds others."""

    name = "search"
    specs = (SEARCH,)

    def __init__(self, index: ToolIndex) -> None:
        self.index = index

    def is_free(self, _tool: str) -> bool:
        """Never: what it finds depends on the calls before it."""
        return False

    async def call(self, call: Call, _approve: Approve = nobody) -> Observation:
        """Find tools, which the observation adds to those that the model knows."""
        query: Any = call.arguments.get("query")
        if not isinstance(query, str) or not query.strip():
            return Observation(f"{SEARCH.name} takes one argument: query, a text.", "runtime")
        found = await self.index.find(query, _AT_ONCE)
        if not found:
            return Observation("No tool fits these words. Try others.", "real")
        names = ", ".join(spec.name for spec in found)
        return Observation(f"You can now use: {names}.", "real", tools=found)

    async def aclose(self) -> None:
        """Nothing is held."""
