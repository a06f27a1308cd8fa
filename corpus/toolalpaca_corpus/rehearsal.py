"""Whether a task can be done: its golden calls, made on a mock server before anybody is asked to.

Links between operations are guessed, and conditions may contradict each other: a task in which the
loans of a member who has just registered are to be renewed reads well and cannot be done. Making
its golden calls says so, before a model is paid for trying.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal

import orjson

from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.clients import new_client
from toolalpaca.openapi.model import Document
from toolalpaca.task import ASK_TOOL, Task, is_reference
from toolalpaca.trace import Call
from toolalpaca_corpus.links import list_pointer_of
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.api import SESSION_HEADER, ApiTools

Finding = Literal["works", "finds nothing", "fails"]
"""How golden calls went; to find nothing is an answer, but seldom what a person hopes for."""

_log = logging.getLogger(__name__)


class Rehearsals:
    """Makes the golden calls of tasks, each task's in a fresh session of a mock server.

    Args:
        documents: The APIs.
        urls: Where the mock server serves each, by the document's name.
    """

    def __init__(self, documents: Sequence[Document], urls: Mapping[str, str]) -> None:
        self._stages = {
            document.name: _Stage(document, urls[document.name]) for document in documents
        }
        self._runner = asyncio.Runner()
        self._number = 0

    def __call__(self, task: Task) -> Finding:
        """Make the golden calls of *task*.

        Raises:
            ApiError: Nobody is at the API's URL.
        """
        self._number += 1
        stage = self._stages[task.toolset]
        return self._runner.run(stage.play(task, f"rehearsal-{self._number}"))

    def __enter__(self) -> Rehearsals:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            for stage in self._stages.values():
                self._runner.run(stage.aclose())
        finally:
            self._runner.close()


class _Stage:
    """One API, and what is the same in all rehearsals there."""

    def __init__(self, document: Document, url: str) -> None:
        self._document = document
        self._url = url
        self._tools = make_tools(document)
        self._by_name = {tool.spec.name: tool for tool in self._tools}
        self._client = new_client(url)

    async def play(self, task: Task, session: str) -> Finding:
        headers = {SESSION_HEADER: session}
        results: dict[str, Any] = {}
        finding: Finding = "works"
        async with ApiTools(
            self._document,
            self._url,
            headers=headers,
            simulated=True,
            client=self._client,
            tools=self._tools,
        ) as api:
            toolbox = Toolbox([api])
            for golden in task.golden:
                if golden.function == ASK_TOOL:
                    continue
                try:
                    arguments = resolved(golden.arguments, results)
                except LookupError:
                    return "fails" if finding == "works" else finding
                call = Call(id=golden.function, tool=golden.function, arguments=arguments)
                observation = await toolbox.call(call)
                if not _succeeded(observation):
                    _log.info("%s cannot be done: %s", task.instruction, observation.text[:200])
                    return "fails"
                results[golden.function] = result = _body(observation)
                if _is_empty(self._by_name[golden.function], result):
                    finding = "finds nothing"
        return finding

    async def aclose(self) -> None:
        await self._client.aclose()


def resolved(value: Any, results: Mapping[str, Any]) -> Any:
    """*value* with what its references stand for.

    Args:
        value: An argument of a golden call.
        results: Decoded results of earlier calls, by function.

    Raises:
        LookupError: A result is missing or does not have the place.
    """
    if is_reference(value):
        return _at(results[value["$from"]], value["path"])
    if isinstance(value, dict):
        return {name: resolved(item, results) for name, item in value.items()}
    if isinstance(value, list):
        return [resolved(item, results) for item in value]
    return value


def _at(result: Any, pointer: str) -> Any:
    """What stands in *result* at a pointer of ours: names and indices, nothing to unescape."""
    for part in pointer.split("/")[1:]:
        if isinstance(result, dict):
            result = result[part]
        elif isinstance(result, list) and part.isdigit():
            result = result[int(part)]
        else:
            raise LookupError(pointer)
    return result


def _succeeded(observation: Observation) -> bool:
    response = observation.response
    return (
        response is not None
        and 200 <= response.status < 300
        and observation.conforming is not False
    )


def _body(observation: Observation) -> Any:
    assert observation.response is not None
    try:
        return orjson.loads(observation.response.body)
    except orjson.JSONDecodeError:
        return observation.response.body


def _is_empty(tool: Tool, result: Any) -> bool:
    """Whether *tool* lists things and *result* holds none."""
    pointer = list_pointer_of(tool)
    if pointer is None:
        return False
    try:
        return bool(_at(result, pointer) == [])
    except LookupError:
        return True  # the property that would hold them is optional, and left out
