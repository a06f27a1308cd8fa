"""The ``Prefer`` header (RFC 7240), with the preferences that users of Prism know."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PREFERENCE = re.compile(r"([A-Za-z_-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s,;]*)))?")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a client would like.

    Attributes:
        code: The status of the answer, or None.
        example: The name of the example to answer with, or None.
        dynamic: Whether the answer is generated although there is an example; None when not said.
    """

    code: int | None = None
    example: str | None = None
    dynamic: bool | None = None

    @property
    def any(self) -> bool:
        """Whether the client asks for a particular answer, whatever the state is."""
        return self.code is not None or self.example is not None or self.dynamic is True


NONE = Preferences()


def read_preferences(header: str | None) -> Preferences:
    """The preferences in a ``Prefer`` header; what is not understood is ignored, as it must be.

    >>> read_preferences('code=404, example="not found"')
    Preferences(code=404, example='not found', dynamic=None)
    """
    if not header:
        return NONE
    found = {m[1].lower(): m[2] if m[2] is not None else m[3] for m in _PREFERENCE.finditer(header)}
    code, dynamic = found.get("code"), found.get("dynamic")
    return Preferences(
        code=int(code) if code is not None and re.fullmatch(r"[1-5]\d\d", code) else None,
        example=found.get("example"),
        dynamic=dynamic.lower() != "false" if dynamic is not None else None,
    )
