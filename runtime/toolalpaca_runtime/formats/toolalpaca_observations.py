"""What ToolAlpaca tells a model of a call, in the words that its published models know.

Source: https://github.com/tangqiaoyu/ToolAlpaca, ``agent/tools.py`` and
``agent/convert_request.py``, spelling included. Where a trace says something for which the original
has no words (a call that needs approval, a value that breaks a pattern, a call made again and
again), ours are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import Call, HttpResponse, ObservationEvent
from toolalpaca_runtime.formats.labelled import Seen

INVALID_JSON: Final = "Invalid JSON format. Please ensure 'Action Input' is a valid JSON object."
LIST_INPUT: Final = "'Action Input' cannot be a list. Only call one function per action."

_ASK_INPUT: Final = (
    'For `getDetails`, the "Action Input" must be like {Question": "The question to prompt user to '
    'provide sufficient information."}.'
)
_AFTER_ERROR: Final = (
    ". You should choose one of: (1) change the input and retry; (2) return the 'Final Answer' and "
    "explain what happened; (You must choose this one when the error occurs more than 3 times.) "
    "(3) call another function."
)
_TRY_AGAIN: Final = "You need to change the input and try again."
_TOO_LONG: Final = (
    "The output is too long. You need to use the 'retrievalDataFromFile' function to retrieve the "
    "output from the file: {}"
)
_IMAGE: Final = "Status Code: {}. Response: Recieved an image, saved in '{}'."

_LONGEST: Final = 3000  # characters of an observation, as the original has it
_RESPONSE: Final = "Status Code: "
_KINDS: Final = {
    bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object",
}  # fmt: skip


def observation_text(event: ObservationEvent, seen: Seen) -> str:
    """What the model reads of *event*, without the label before it."""
    call = seen.calls.get(event.call or "")
    ours = event.text.strip() if event.source == "runtime" else event.text.strip()[:_LONGEST]
    if event.response is not None:
        return _response_text(event, event.response)
    if call is None or call.problem is not None:
        return ours
    if event.source == "validator":
        return _unfit_text(event, call, seen.tools.get(call.tool))
    if event.source == "runtime" and event.request is None:
        if call.tool not in seen.tools and event.text.startswith("There is no tool"):
            special = [name for name in seen.tools if name == ASK_TOOL]
            names = [*special, *(name for name in seen.tools if name != ASK_TOOL)]
            return f"`{call.tool}` is not a valid action. The action must be one of {names}."
        if call.tool == ASK_TOOL and not isinstance(call.arguments.get("question"), str):
            return _ASK_INPUT
    return ours


def _response_text(event: ObservationEvent, response: HttpResponse) -> str:
    file = event.files[0] if event.files else None
    if file is not None and file.content_type.startswith("image/"):
        text = _IMAGE.format(response.status, file.name)
    else:
        # Before it stand our notes: of what was mended, which the original does silently, and of
        # where the whole of it is, for which the original has words.
        notes, found, told = event.text.partition(_RESPONSE)
        text = f"{found}{told}" if found else notes
        text = text.strip()[:_LONGEST]
    if not 200 <= response.status < 300:
        text += _AFTER_ERROR
    kept = file is not None and not file.content_type.startswith("image/")
    return f"{_TOO_LONG.format(file.name)}\n{text}" if kept and file else text


def _unfit_text(event: ObservationEvent, call: Call, tool: ToolSpec | None) -> str:
    """The original's words where they name all that is wrong, else ours."""
    if tool is None:
        return event.text.strip()
    wrong = list(_type_errors(call.arguments, tool.parameters))
    missing = [
        f'"{name}"' for name in tool.parameters.get("required", ()) if name not in call.arguments
    ]
    if len(wrong) + len(missing) != event.text.count("\n- "):
        return event.text.strip()
    if missing:
        wrong.append(f"Missing required parameters: {', '.join(missing)}. {_TRY_AGAIN}")
    return "\n".join(wrong)


def _type_errors(arguments: Mapping[str, Any], parameters: Mapping[str, Any]) -> Iterator[str]:
    for name, schema in parameters.get("properties", {}).items():
        if name not in arguments or not isinstance(schema, Mapping):
            continue
        expected, found = _mismatch(arguments[name], schema)
        if expected:
            yield (
                f'Parameter type error: "{name}", expected {expected}, but got {found}. '
                f"{_TRY_AGAIN}"
            )


def _mismatch(value: Any, schema: Mapping[str, Any]) -> tuple[str, str]:
    """The type or the values that were expected, and what came instead; ``""`` where it fits."""
    kind = schema.get("type")
    got = _KINDS.get(type(value), "null")
    fits = got == kind or (kind, got) == ("number", "integer") or _is_number(value, kind)
    if isinstance(kind, str) and not fits:
        return kind, got
    values = schema.get("enum")
    if isinstance(values, list) and value not in values:
        return f"one of {values}", f'"{value}"'
    return "", ""


def _is_number(value: Any, kind: Any) -> bool:
    """Whether *value* is a number in a text, which is read as one."""
    if not isinstance(value, str) or kind not in ("integer", "number"):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True
