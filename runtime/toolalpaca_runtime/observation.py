"""What came of a call, and what a model reads of an API's response.

The form is ToolAlpaca's: ``Status Code: 200. Response: {...}``. Where a long body is shortened, a
note before it says what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.media_types import essence
from toolalpaca.trace import HttpRequest, HttpResponse, Source, StoredFile
from toolalpaca_runtime.shortening import shortened

LONGEST_BODY = 4000
"""Characters of a body that a model reads; about a thousand tokens."""

_BODY = "Response: "


@dataclass(frozen=True, slots=True)
class Payload:
    """A body that the observation's text does not hold whole.

    Attributes:
        content_type: Its media type, parameters included.
        data: The bytes; secrets are redacted where it is text.
        binary: Whether it is no text, so that none of it is told.
    """

    content_type: str
    data: bytes
    binary: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What came of a call.

    Attributes:
        text: What the model reads.
        source: Who says it.
        request: The request, when one was sent; secrets are redacted.
        response: The response, when one came.
        conforming: Whether the response satisfies the document; None when that is not known.
        payload: The body, when the text does not hold it whole; the toolbox keeps it.
        files: Where it was kept.
        tools: Tools that the model can use from now on.
        approved: What the user said when asked whether to make the call; None when not asked.
    """

    text: str
    source: Source
    request: HttpRequest | None = None
    response: HttpResponse | None = None
    conforming: bool | None = None
    payload: Payload | None = None
    files: tuple[StoredFile, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    approved: bool | None = None


def response_text(
    status: int, body: str, *, cut_off: bool = False, longest: int = LONGEST_BODY
) -> str:
    """How a model is told a response.

    Args:
        status: The status code.
        body: The body as text, ``""`` for none.
        cut_off: Whether the body was longer than what was read.
        longest: Characters of the body to show.
    """
    shown, note = shortened(body, longest)
    if cut_off:
        note = "the response was too large to be read whole"
    # Notes come first: what follows "Response: " is then the body and nothing else.
    note = f"(Shortened: {note}.)\n" if note else ""
    return f"{note}Status Code: {status}. {_BODY}{shown or '(empty)'}"


def retold(text: str, longest: int) -> str:
    """An observation's text within about *longest* characters; what is missing is said at its end.

    The body of a response stays JSON: a cut in the middle of it would hide what stands last.
    """
    if len(text) <= longest:
        return text
    before, label, body = text.partition(_BODY)
    shown, missing = (
        shortened(body, max(longest - len(before), longest // 2)) if label else ("", "")
    )
    if not missing:
        return f"{text[:longest].rstrip()} ... (cut)"
    return f"{before}{label}{shown} ... (cut: {missing})"


def is_text(content_type: str) -> bool:
    """Whether a body of that type is shown as text."""
    kind = essence(content_type)
    return (
        kind.startswith("text/")
        or kind.endswith(("json", "xml", "+yaml"))
        or kind in ("application/x-www-form-urlencoded", "application/javascript", "")
        or kind.endswith("/yaml")
    )
