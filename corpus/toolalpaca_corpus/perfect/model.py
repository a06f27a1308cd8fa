"""The model ``golden:DIR``."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson

from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.errors import ModelReplyError
from toolalpaca.llm.baseline.results import read_result
from toolalpaca.llm.protocol import Capabilities, Completion, Message, Request, ToolCall
from toolalpaca.llm.settings import ModelSettings
from toolalpaca.openapi.loading import load_document
from toolalpaca.task import ASK_TOOL, GoldenCall, Task, Toolset
from toolalpaca.trace import AssistantEvent, Call, Trace
from toolalpaca_corpus.folder import CorpusFolder
from toolalpaca_corpus.perfect.arguments import GoldenArguments, NothingFits
from toolalpaca_corpus.perfect.exchange import Exchange
from toolalpaca_runtime.formats import FORMATS, PromptFormat, get_format

_NATIVE = "native"


def open_golden(folder: str, _settings: ModelSettings) -> Golden:
    """The model ``golden:DIR``, for the tasks of a corpus.

    Raises:
        DataError: The folder holds no tasks.
    """
    corpus = CorpusFolder(Path(folder))
    return Golden(corpus.tasks(), corpus.toolsets(), name=f"golden:{folder}")


class Golden:
    """Makes the golden calls of a task, one a step, and then says that it is done.

    It knows a task by its instruction, and how far it is by its own messages.

    Args:
        tasks: What it can do.
        toolsets: Their APIs.
        name: The name that traces show.
    """

    def __init__(
        self, tasks: Iterable[Task], toolsets: Iterable[Toolset], *, name: str = "golden"
    ) -> None:
        self.name = name
        self.capabilities = Capabilities(tools=True)
        self._tasks = tuple(tasks)
        self._toolsets = {toolset.name: toolset for toolset in toolsets}
        self._tools: dict[str, dict[str, Tool]] = {}

    async def stream(self, request: Request) -> AsyncIterator[str | Completion]:
        """Yield the whole completion.

        Raises:
            ModelReplyError: No task has the instruction of the request.
        """
        yield self.complete(request)

    async def aclose(self) -> None:
        """Nothing is held."""

    def complete(self, request: Request) -> Completion:
        """The next step of the task that *request* is about; errors as :meth:`stream`."""
        task = self._task(request)
        tools = self._tools_of(task.toolset)
        earlier = _exchanges(task, tools, request.messages)
        step: Call | str = "All golden calls are made."
        if len(earlier) < len(task.golden):
            try:
                step = _call(task, tools, earlier)
            except NothingFits as reason:
                step = f"The golden calls cannot be made: {reason}."
        if request.tools:
            return _native(step)
        return Completion(self._written(step, task, request))

    def _task(self, request: Request) -> Task:
        """The task with the instruction of *request*, for the API whose tools it shows.

        What is a task of one API may be asked of another, which has no tool for it.
        """
        said = next((m.content for m in request.messages if m.role == "user"), "")
        asked = [task for task in self._tasks if task.instruction.strip() in said]
        if not asked:
            raise ModelReplyError(
                "none of the tasks has this instruction",
                where=self.name,
                hint="this model plays the golden calls of the tasks of its folder",
            )
        shown = " ".join([request.messages[0].content, *(tool.name for tool in request.tools)])
        words = set(re.findall(r"[\w.-]+", shown))
        return max(
            asked,
            key=lambda task: (
                len(task.instruction),
                len(words.intersection(self._tools_of(task.toolset))),
            ),
        )

    def _tools_of(self, toolset: str) -> dict[str, Tool]:
        if toolset not in self._tools:
            document = load_document(self._toolsets[toolset].document, name=toolset)
            self._tools[toolset] = {tool.spec.name: tool for tool in make_tools(document)}
        return self._tools[toolset]

    def _written(self, step: Call | str, task: Task, request: Request) -> str:
        """*step* as text, as the format of the request has it.

        A format tells steps of other formats as its own model would have written them.
        """
        event = AssistantEvent(
            index=0,
            at=0.0,
            thought="This is right.",
            calls=(step,) if isinstance(step, Call) else (),
            answer=None if isinstance(step, Call) else step,
        )
        specs = tuple(tool.spec for tool in self._tools_of(task.toolset).values())
        opening = request.messages[0].content.partition("\n")[0]
        for prompt_format in _text_formats():
            trace = Trace(toolset=task.toolset, model=self.name, prompt_format="", tools=specs)
            told = prompt_format.messages(trace)
            if told and told[0].content.partition("\n")[0] == opening:
                trace.events.append(event)
                return prompt_format.messages(trace)[-1].content
        raise ModelReplyError("the prompt has no format that is known", where=self.name)


@lru_cache(maxsize=1)
def _text_formats() -> tuple[PromptFormat, ...]:
    return tuple(get_format(name) for name in FORMATS if name != _NATIVE)


def _exchanges(
    task: Task, tools: Mapping[str, Tool], messages: Sequence[Message]
) -> list[Exchange]:
    """The golden calls that were made so far: a message of the assistant's for each."""
    told = [
        following.content
        for message, following in pairwise(messages)
        if message.role == "assistant"
    ]
    return [
        _exchange(call, tools.get(call.function), text)
        for call, text in zip(task.golden, told, strict=False)
    ]


def _exchange(call: GoldenCall, tool: Tool | None, told: str) -> Exchange:
    result = read_result(told)
    return Exchange(
        call.function,
        tool.operation.path if tool else "",
        told.removeprefix("Observation:").strip(),
        result.body if result.ok else None,
    )


def _call(task: Task, tools: Mapping[str, Tool], earlier: Sequence[Exchange]) -> Call:
    golden = task.golden[len(earlier)]
    arguments: dict[str, Any]
    if golden.function == ASK_TOOL:
        question = golden.arguments.get("question")
        arguments = {"question": question if isinstance(question, str) else _question(question)}
    else:
        seed = f"{task.id}/{len(earlier)}"
        arguments = GoldenArguments(tools[golden.function], earlier, seed).fill(golden)
    return Call(id=f"golden_{len(earlier) + 1}", tool=golden.function, arguments=arguments)


def _question(reference: Any) -> str:
    wanted = reference.get("$any", "") if isinstance(reference, dict) else ""
    return f"Could you tell me the {wanted or 'details'}?"


def _native(step: Call | str) -> Completion:
    if isinstance(step, str):
        return Completion(step)
    arguments = orjson.dumps(step.arguments).decode()
    call = ToolCall(id=step.id, name=step.tool, arguments=arguments)
    return Completion("", (call,), finish="tool_calls")
