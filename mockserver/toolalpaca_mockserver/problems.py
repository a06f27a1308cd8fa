"""What was wrong with a request, as problem details (RFC 9457), without what must stay secret."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from toolalpaca.redaction import MASK
from toolalpaca_mockserver.contract import Contract

PROBLEM_TYPE: Final = "application/problem+json"
UNREADABLE: Final = frozenset({"json", "xml", "multipart", "event-stream", "syntax"})
"""The rules of reasons that say a value has not the syntax of what it claims to be."""
_LONGEST_VALUE = 200
_LONGEST_HEADER = 1000
# Access-Control-Allow-Credentials says whether credentials may be sent, and holds none.
_SECRET = re.compile(
    r"(?i)authorization|password|passwd|secret|token|api[-_]?key|(?<!allow-)credential|cookie|private[-_]?key"
)

_NO_VALUE: Final = object()


def is_secret(name: str) -> bool:
    """Whether a header, parameter or property of that name is likely to hold a secret."""
    return _SECRET.search(name) is not None


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that is wrong with a request.

    Attributes:
        location: ``path``, ``query``, ``header``, ``cookie`` or ``body``.
        pointer: JSON Pointer to the value; for parameters it begins with the parameter's name.
        rule: The JSON Schema keyword that is broken, or a word of HTTP's: ``media-type``.
        message: A sentence.
        value: What was sent, when it is known.
    """

    location: str
    pointer: str
    rule: str
    message: str
    value: Any = _NO_VALUE

    def as_json(self) -> dict[str, Any]:
        """The reason as a member of a problem's ``errors``."""
        shown = {
            "location": self.location,
            "pointer": self.pointer,
            "rule": self.rule,
            "message": self.message,
        }
        if self.value is not _NO_VALUE:
            hidden = is_secret(self.pointer)
            return {**shown, "value": MASK if hidden else _shown(self.value)}
        return shown


def reasons_of(
    contract: Contract, value: Any, location: str, pointer: str, what: str
) -> list[Reason]:
    """The ways in which *value* breaks *contract*.

    Args:
        contract: What it should satisfy.
        value: The value.
        location: Where it was sent.
        pointer: JSON Pointer of the value in its location.
        what: What messages call it: ``the query parameter limit``.
    """
    reasons = []
    for violation in contract.violations(value):
        place = f"{what} at {violation.pointer}" if violation.pointer else what
        where = pointer + violation.pointer
        for name in violation.properties:
            lacks = violation.rule == "required"
            verb = "lacks" if lacks else "must not have"
            inside = f"{where}/{name.replace('~', '~0').replace('/', '~1')}"
            message = f"{place} {verb} the property {name}"
            reasons.append(Reason(location, inside, violation.rule, message))
        if not violation.properties:
            message = violation.message
            if message.startswith("the value"):
                message = place + message.removeprefix("the value")
            else:
                message = f"{place}: {message}"
            reasons.append(Reason(location, where, violation.rule, message, violation.value))
    return reasons


def without_secrets(value: Any) -> Any:
    """*value*, which is JSON, without what must not be shown.

    >>> without_secrets({"user": {"name": "Ada", "password": "x"}})
    {'user': {'name': 'Ada', 'password': '***'}}
    """
    if isinstance(value, Mapping):
        return {k: "***" if is_secret(str(k)) else without_secrets(v) for k, v in value.items()}
    if isinstance(value, list):
        return [without_secrets(part) for part in value]
    return value


def problem(status: int, detail: str, reasons: Sequence[Reason] = ()) -> dict[str, Any]:
    """A problem details object (RFC 9457, section 3)."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": phrase(status),
        "status": status,
        "detail": detail,
    }
    if reasons:
        body["errors"] = [reason.as_json() for reason in reasons]
    return body


def phrase(status: int) -> str:
    """The reason phrase of a status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"


def summary(detail: str, reasons: Sequence[Reason]) -> str:
    """Everything that is wrong, in one sentence."""
    return "; ".join(reason.message for reason in reasons) or detail


def header_text(text: str) -> str:
    """*text* as a header value: visible ASCII, of bounded length, no space at its ends."""
    plain = " ".join(text.split()).encode("ascii", "backslashreplace").decode()
    plain = "".join(character for character in plain if " " <= character <= "~").strip()
    return plain if len(plain) <= _LONGEST_HEADER else plain[: _LONGEST_HEADER - 3] + "..."


def _shown(value: Any, depth: int = 0) -> Any:
    """*value* with secrets masked and long texts cut."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_VALUE else value[:_LONGEST_VALUE] + "..."
    if depth > 3 and isinstance(value, (dict, list)):
        return "..."
    if isinstance(value, dict):
        return {
            key: MASK if is_secret(str(key)) else _shown(item, depth + 1)
            for key, item in list(value.items())[:20]
        }
    if isinstance(value, list):
        return [_shown(item, depth + 1) for item in value[:20]]
    return value
