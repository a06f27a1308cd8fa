"""All the tools of one agent: several sources under one roof, and those of the runtime itself."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from toolalpaca.calling.tools import ASK
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.names import LONGEST_NAME, unique_name
from toolalpaca.task import ASK_TOOL, RETRIEVAL_TOOL, SEARCH_TOOL
from toolalpaca.trace import Call
from toolalpaca_runtime.advice import advice_on
from toolalpaca_runtime.formats.quoting import safe_tool
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.storage import Storage
from toolalpaca_runtime.tools.bm25 import Bm25Index
from toolalpaca_runtime.tools.retrieval import RETRIEVE, Retrieval, stored_note
from toolalpaca_runtime.tools.search import SEARCH, ToolIndex, ToolSearch
from toolalpaca_runtime.tools.source import ToolSource, qualified
from toolalpaca_runtime.user import Approve, PendingCall, nobody

MOST_SHOWN: Final = 64
"""Tools that a model is shown at once; of more it is shown those that fit what the user wants."""

MakeIndex: TypeAlias = Callable[[Sequence[ToolSpec]], ToolIndex]

_FOUND = 12  # tools that the user's words bring, where there are too many to show
_NAMED = 40  # names that the answer to an unknown one lists


class Toolbox:
    """The tools of one agent in one conversation.

    A model's mistake (an unknown tool, arguments that could not be read) is an observation. What a
    source's answer did not tell whole is kept, and can be read with ``retrievalDataFromFile``.

    Args:
        sources: Where the tools come from. They may serve other agents at the same time, and are
            not closed with the toolbox.
        storage: Keeps long and binary responses; by default in memory.
        most_shown: Tools that a model is shown at once. Of more, it is shown those that fit the
            user's words, and can search for others.
        index: Ranks them.

    Attributes:
        storage: The long and binary responses of the conversation.
    """

    def __init__(
        self,
        sources: Sequence[ToolSource],
        *,
        storage: Storage | None = None,
        most_shown: int = MOST_SHOWN,
        index: MakeIndex = Bm25Index,
    ) -> None:
        self.sources = tuple(sources)
        self.storage = Storage() if storage is None else storage
        self._retrieval = Retrieval(self.storage)
        self._homes: dict[str, tuple[ToolSource, str]] = {}
        specs = [spec for source in self.sources for spec in self._take(source)]
        self.specs: tuple[ToolSpec, ...] = (*specs, ASK)
        self._search: ToolSearch | None = None
        if len(specs) > most_shown:
            self._search = ToolSearch(index(specs))

    @property
    def name(self) -> str:
        """The name of the first source, for traces."""
        return self.sources[0].name if self.sources else "none"

    @property
    def base_url(self) -> str:
        """Where the first source is, ``""`` where it is no place."""
        return str(getattr(self.sources[0], "base_url", "")) if self.sources else ""

    async def shown(self, text: str) -> tuple[ToolSpec, ...]:
        """The tools that a model is shown first.

        Args:
            text: What the user wants.
        """
        if self._search is None:
            return tuple(map(safe_tool, self.specs))
        found = await self._search.index.find(text, _FOUND)
        return (*map(safe_tool, found), SEARCH, ASK)

    async def more(self, text: str, known: Collection[ToolSpec]) -> tuple[ToolSpec, ...]:
        """The tools that further words of the user's bring, without those that are *known*."""
        if self._search is None:
            return ()
        names = {spec.name for spec in known}
        found = await self._search.index.find(text, _FOUND)
        return tuple(safe_tool(spec) for spec in found if spec.name not in names)

    def is_free(self, call: Call) -> bool:
        """Whether *call* changes nothing and waits for nobody: it may be made beside others."""
        home = self._homes.get(call.tool)
        return home is not None and home[0].is_free(home[1])

    async def call(self, call: Call, approve: Approve = nobody) -> Observation:
        """Make *call* and say what came of it; :meth:`send` and :meth:`keep`.

        Args:
            call: As the model wrote it. Calls of ``getDetails`` are the agent's.
            approve: Asks the user, where a source's policy demands it.

        Raises:
            ToolAlpacaError: What is behind a source cannot be used at all.
        """
        return self.keep(await self.send(call, approve))

    async def send(self, call: Call, approve: Approve = nobody) -> Observation:
        """Make *call*; what comes back is not kept yet.

        Raises:
            ToolAlpacaError: What is behind a source cannot be used at all.
        """
        home = self._home(call.tool)
        if home is None:
            return Observation(self._unknown(call.tool), "runtime")
        if call.problem is not None:
            return Observation(call.problem, "runtime")
        source, name = home

        async def approve_here(pending: PendingCall) -> bool | None:
            return await approve(replace(pending, tool=call.tool))  # as it is known here

        return await source.call(call.model_copy(update={"tool": name}), approve_here)

    def keep(self, observation: Observation) -> Observation:
        """*observation* as the model is told it.

        An error has advice before it, and what is not told whole is kept, with a note of where.
        Files are numbered in the order in which this is called.
        """
        response, payload = observation.response, observation.payload
        notes = []
        if response is not None and (advice := advice_on(response.status)):
            notes.append(f"(Note: {advice})")
        tools, files = tuple(map(safe_tool, observation.tools)), observation.files
        if payload is not None:
            if not len(self.storage) and not payload.binary:
                tools = (RETRIEVE,)
            files = (self.storage.keep(payload),)
            notes.append(stored_note(files[0], payload))
        text = "\n".join([*notes, observation.text])
        return replace(observation, text=text, payload=None, files=files, tools=tools)

    def _take(self, source: ToolSource) -> list[ToolSpec]:
        """The specs of *source* under names that are unique here."""
        specs = []
        for spec in source.specs:
            name = spec.name
            if name in self._homes or name in (ASK_TOOL, RETRIEVAL_TOOL, SEARCH_TOOL):
                name = qualified(source.name, spec.name)
                name = unique_name(name, self._homes.keys(), longest=LONGEST_NAME)
            self._homes[name] = (source, spec.name)
            specs.append(spec if name == spec.name else spec.model_copy(update={"name": name}))
        return specs

    def _home(self, tool: str) -> tuple[ToolSource, str] | None:
        if tool in self._homes:
            return self._homes[tool]
        if tool == RETRIEVAL_TOOL and len(self.storage):
            return self._retrieval, tool
        if tool == SEARCH_TOOL and self._search is not None:
            return self._search, tool
        return None

    def _unknown(self, tool: str) -> str:
        names = [*self._homes, ASK_TOOL]
        near = difflib.get_close_matches(tool, names, n=3, cutoff=0.6) if len(tool) < 200 else []
        text = f"There is no tool {tool[:200]!r}."
        if near:
            text += f" Did you mean {' or '.join(near)}?"
        if len(names) <= _NAMED:
            return f"{text} The tools are: {', '.join(names)}."
        return f"{text} Find tools with {SEARCH_TOOL}."
