"""A call as a model wrote it: which tool it means, and with which arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.trace import Call
from toolalpaca_runtime.formats.lenient_json import NoObject, read_object

NAME_KEYS: Final = ("name", "tool", "function", "tool_name", "action")
ARGUMENT_KEYS: Final = ("arguments", "parameters", "args", "input", "action_input")

_NAME = re.compile(r"[A-Za-z0-9_.-]*")
_PREFIX: Final = "functions."
_NUMBER = re.compile(r":\d{1,6}")
_NUMBERED = re.compile(rf"{_NUMBER.pattern}$")


def read_call(
    call: str, name: str, arguments: str, tools: Iterable[ToolSpec], *, cut_off: bool = False
) -> Call:
    """The call with the id *call*; what cannot be read is its ``problem``.

    Args:
        call: The id.
        name: The tool's name as written, see :func:`tool_name`.
        arguments: As written, see :func:`toolalpaca_runtime.formats.lenient_json.read_object`.
            ``{"name": ..., "arguments": {...}}`` is unwrapped when it names the same tool.
        tools: Those that the model knows.
        cut_off: Whether the reply was cut off by a limit.
    """
    known = {tool.name: tool for tool in tools}
    tool = tool_name(name, known)
    found = read_object(arguments, cut_off=cut_off)
    if isinstance(found, NoObject):
        return Call(id=call, tool=tool, problem=found.problem)
    inner = _unwrapped(found, tool, known.get(tool))
    if isinstance(inner, NoObject):
        return Call(id=call, tool=tool, problem=inner.problem)
    return Call(id=call, tool=tool, arguments=inner)


def tool_name(written: str, known: Iterable[str]) -> str:
    """The tool that *written* names.

    ``functions.getPet`` and ``functions.getPet:0`` mean ``getPet``, as models of several families
    write the name of a call, where there is no tool of the longer name.
    """
    name = written.strip()
    if name in known:
        return name
    short = _NUMBERED.sub("", name.removeprefix(_PREFIX))
    return short if short in known else name


def split_name(text: str) -> tuple[str, str]:
    """The name at the start of *text*, and the arguments if they follow it: ``getPet({...})``."""
    text = text.strip()
    text = text.lstrip("`\"'[*")
    match = _NAME.match(text)
    name = match[0].rstrip(".") if match else ""
    if name.startswith(_PREFIX) and (number := _NUMBER.match(text, len(name))):
        name += number[0]
    rest = text[len(name) :].lstrip("`\"']*.").lstrip()
    rest = rest.removeprefix("(").lstrip()
    return name, rest if rest.startswith("{") else ""


def _unwrapped(
    arguments: dict[str, Any], tool: str, spec: ToolSpec | None
) -> dict[str, Any] | NoObject:
    """The arguments themselves, where they came together with the tool's name."""
    names = [key for key in arguments if key in NAME_KEYS]
    inner = [key for key in arguments if key in ARGUMENT_KEYS]
    own: Mapping[str, Any] = spec.parameters.get("properties", {}) if spec else {}
    if len(arguments) != 2 or len(names) != 1 or len(inner) != 1 or own.keys() & arguments.keys():
        return arguments
    if arguments[names[0]] != tool:
        return arguments
    value = arguments[inner[0]]
    if isinstance(value, str):
        return read_object(value)
    return value if isinstance(value, dict) else arguments
