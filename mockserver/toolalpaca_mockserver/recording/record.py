"""An exchange as a recording keeps it: a line of JSON, without secrets.

::

    {"schema": "toolalpaca.exchange/1", "api": "railway", "operation": "listStations",
     "request": {"method": "GET", "path": "/stations", ...}, "response": {"status": 200, ...}}
"""

from __future__ import annotations

import base64
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

EXCHANGE_SCHEMA: Final = "toolalpaca.exchange/1"


Line = Annotated[str, Field(pattern=r"^[^\x00\r\n]*$")]
"""What a header holds (RFC 9110, section 5.5): a line break would begin another one."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Body(_Part):
    """A body: a text, or bytes in base64 when it is no text."""

    text: str | None = None
    base64: str | None = None

    @classmethod
    def of(cls, raw: bytes, shown: str | None) -> Body | None:
        """The body *raw*, as the text that may be *shown* of it; None when there is none."""
        if not raw:
            return None
        if shown is not None:
            return cls(text=shown)
        return cls(base64=base64.b64encode(raw).decode())

    @property
    def raw(self) -> bytes:
        """The bytes."""
        if self.text is not None:
            return self.text.encode()
        return base64.b64decode(self.base64 or "")


class RecordedRequest(_Part):
    """A request.

    Attributes:
        path: Below whatever stands in front of the document's paths, percent-encoded.
        query: As sent.
        headers: By lower-case name.
    """

    method: str
    path: str
    query: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    body: Body | None = None


class RecordedResponse(_Part):
    """An answer.

    Attributes:
        headers: Without those that are about its delivery.
        seconds: From the request read to the answer made.
    """

    status: int
    content_type: Line = ""
    headers: dict[Line, Line] = Field(default_factory=dict)
    body: Body | None = None
    seconds: float = 0.0


class RecordedExchange(_Part):
    """A request and its answer.

    Attributes:
        at: When, in seconds since the epoch.
        source: Who answered: ``proxy`` for the real API.
        conforming: Whether the answer is what the document says; None when that was not judged.
        problem: What was wrong with either, or ``""``.
    """

    schema_: Annotated[Literal["toolalpaca.exchange/1"], Field(alias="schema")] = EXCHANGE_SCHEMA
    at: float
    api: str
    operation: str
    session: str
    source: str
    conforming: bool | None = None
    problem: str = ""
    request: RecordedRequest
    response: RecordedResponse

    def as_json(self) -> dict[str, Any]:
        """The line."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)
