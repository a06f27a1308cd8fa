"""ToolAlpaca's text protocol, on which its published models were trained.

A conversation is one text (:meth:`ToolAlpaca.text`)::

    USER: Which pet has the number 7?
    ASSISTANT Thought: I look it up.
    ASSISTANT Action: getPet
    ASSISTANT Action Input: {"petId": 7}
    ASSISTANT Observation: Status Code: 200. Response: {"name":"Rex"}
    ASSISTANT Thought: I know the pet.
    ASSISTANT Response: It is Rex.

The layout is that of https://github.com/tangqiaoyu/ToolAlpaca (``test_prompt_v1`` in
``agent/agent_prompts.py``, ``agent/custom_agent.py``), with the documentation of the tools before
it. What the model is told of a call is in :mod:`.toolalpaca_observations`. In two things we differ:
no prompt ends in a space, because tokenizers join it to the next word; and the list of components
stands behind an empty line, as in ``NLDocumentation``, where the original has lost it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from toolalpaca.calling.documentation import Components, function_documentation
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import Call, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.formats.labelled import DescribeTools, LabelledFormat, Seen
from toolalpaca_runtime.formats.quoting import quoted, without_tokens
from toolalpaca_runtime.formats.steps import Labels
from toolalpaca_runtime.formats.toolalpaca_observations import (
    INVALID_JSON,
    LIST_INPUT,
    observation_text,
)
from toolalpaca_runtime.prompts import render_prompt

SPECIAL: Final[Mapping[str, Mapping[str, str]]] = {
    ASK_TOOL: {"Question": "question"},
    "retrievalDataFromFile": {"file_path": "file"},
    "getCurrentDateTime": {},
}
"""ToolAlpaca's own tools: names of their arguments there, and here. They are told in its words."""


class ToolAlpaca(LabelledFormat):
    """``ASSISTANT Thought``, ``Action``, ``Action Input``, ``Observation``, ``Response``."""

    name = "toolalpaca"
    labels = Labels(
        "ASSISTANT Thought", "ASSISTANT Action", "ASSISTANT Action Input", "ASSISTANT Response"
    )
    stop = "\nASSISTANT Observation"
    user_label = "USER"
    how = (
        "Write 'ASSISTANT Thought:', then either 'ASSISTANT Action:' with the name of a tool and "
        "'ASSISTANT Action Input:' with a JSON object, or 'ASSISTANT Response:' with the final "
        "response to the user."
    )

    def system(self, trace: Trace, describe: DescribeTools) -> str:
        """The tools and the protocol."""
        tools = _special_first(trace.tools)
        names = ", ".join(tool.name for tool in tools)
        return render_prompt("toolalpaca", tools=describe(tools), names=names, space=" ")

    def describer(self) -> DescribeTools:
        """ToolAlpaca's documentation; components are told once."""
        components = Components()

        def describe(tools: Sequence[ToolSpec]) -> str:
            told = len(components)
            functions = [_documentation(tool, components) for tool in _special_first(tools)]
            parts = ("\n".join(functions), components.documentation(since=told))
            return without_tokens("\n\n".join(part for part in parts if part))

        return describe

    def more_tools(self, told: str) -> str:
        """Their documentation, behind a line of ours: the original has no such case."""
        return f"\nYou also have access to the following tools from now on:\n\n{told}"

    def user(self, event: UserEvent) -> str:
        """The words behind their label."""
        return f"{self.user_label}: {quoted(event.text)}"

    def observation(self, event: ObservationEvent, seen: Seen, /) -> str:
        """What came back, in the original's words."""
        return f"ASSISTANT Observation: {quoted(observation_text(event, seen))}"

    def shown(self, call: Call) -> Call:
        """*call* with the original's names of arguments."""
        there = {ours: theirs for theirs, ours in SPECIAL.get(call.tool, {}).items()}
        return call.model_copy(update={"arguments": _renamed(call.arguments, there)})

    def shown_tool(self, tool: ToolSpec) -> ToolSpec:
        """*tool* with the original's names of arguments."""
        there = {ours: theirs for theirs, ours in SPECIAL.get(tool.name, {}).items()}
        if not there:
            return tool
        properties = _renamed(tool.parameters.get("properties", {}), there)
        required = [there.get(name, name) for name in tool.parameters.get("required", ())]
        parameters = {**tool.parameters, "properties": properties, "required": required}
        return tool.model_copy(update={"parameters": parameters})

    def read_call(
        self, call: str, name: str, arguments: str, trace: Trace, *, cut_off: bool
    ) -> Call:
        """The call, with our names of arguments and the original's words for its problem."""
        read = super().read_call(call, name, arguments, trace, cut_off=cut_off)
        if read.problem is not None:
            is_list = arguments.lstrip("` \n").startswith("[")
            return read.model_copy(update={"problem": LIST_INPUT if is_list else INVALID_JSON})
        ours = SPECIAL.get(read.tool, {})
        return read.model_copy(update={"arguments": _renamed(read.arguments, ours)})


def _special_first(tools: Sequence[ToolSpec]) -> list[ToolSpec]:
    """*tools* in the original's order: it lists its own before those of the API."""
    order = {name: place for place, name in enumerate(SPECIAL)}
    return sorted(tools, key=lambda tool: order.get(tool.name, len(order)))


def _documentation(tool: ToolSpec, components: Components) -> str:
    if tool.name in SPECIAL:
        return render_prompt(f"toolalpaca_{tool.name}", space=" ")
    return function_documentation(tool, components)


def _renamed(arguments: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {
        names[name] if name in names and names[name] not in arguments else name: value
        for name, value in arguments.items()
    }
