"""The model: a planner that answers like a language model with native tool calls."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import orjson

from toolalpaca.llm.baseline.catalog import Catalog
from toolalpaca.llm.baseline.conversation import read_conversation
from toolalpaca.llm.baseline.planning import next_step
from toolalpaca.llm.protocol import Capabilities, Completion, Request, ToolCall, ToolSpec


class Baseline:
    """A rule-based planner: no model, no randomness, no memory.

    It scores the tools against the instruction, fills their arguments from its words by schema and
    format, looks ids up with other tools, and asks for what is missing. The same request always
    gives the same reply. It knows nothing of any API beforehand.
    """

    name = "baseline"
    capabilities = Capabilities(tools=True)

    def __init__(self) -> None:
        # The tools stay the same through a run: their analysis is kept, which changes no reply.
        self._analysed: tuple[tuple[ToolSpec, ...], Catalog] | None = None

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        """Yield the words of the thought or answer, then the whole completion."""
        completion = self.complete(request)
        for piece in re.findall(r"\s*\S+|\s+", completion.text):
            yield piece
        yield completion

    def complete(self, request: Request) -> Completion:
        """The reply to a request: one tool call with its reason, or the final answer."""
        turn = read_conversation(request.messages)
        step = next_step(turn, self._catalog(request.tools))
        if isinstance(step, str):
            return Completion(step)
        call = ToolCall(
            id=f"call_{turn.calls + 1}",
            name=step.tool,
            arguments=orjson.dumps(step.arguments).decode(),
        )
        return Completion(step.thought, (call,), finish="tool_calls")

    async def aclose(self) -> None:
        """Nothing is held open."""

    def _catalog(self, tools: tuple[ToolSpec, ...]) -> Catalog:
        if self._analysed is None or (
            self._analysed[0] is not tools and self._analysed[0] != tools
        ):
            self._analysed = (tools, Catalog.of(tools))
        return self._analysed[1]
