"""The ``Prefer`` header (RFC 7240), with the preferences that users of Prism know."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from toolalpaca_mockserver.reading.requests import Request, decode_query

_PREFERENCE = re.compile(r"([A-Za-z_-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s,;]*)))?")
_FINAL = re.compile(r"[2-5][0-9]{2}")
"""Statuses of answers: those of class 1 only announce one (RFC 9110, section 15.2)."""
_KEYS = frozenset({"__code", "__example", "__dynamic"})


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a client would like.

    Attributes:
        code: The status of the answer, or None.
        example: The name of the example to answer with, or None.
        dynamic: Whether the answer is generated although there is an example; None when not said.
        no_code: What was said to be the status and cannot be one, or ``""``.
    """

    code: int | None = None
    example: str | None = None
    dynamic: bool | None = None
    no_code: str = ""

    @property
    def any(self) -> bool:
        """Whether the client asks for a particular answer."""
        said = self.code is not None or self.example is not None or self.no_code != ""
        return said or self.dynamic is True

    @property
    def keeps_state(self) -> bool:
        """Whether only one of several successes is asked for: it may still be a true one."""
        fine = self.code is not None and 200 <= self.code < 300
        return fine and self.example is None and self.dynamic is not True

    @property
    def applied(self) -> str:
        """The value of ``Preference-Applied`` (RFC 7240, section 3)."""
        said = {"code": self.code, "example": self.example}
        pairs = [f"{name}={value}" for name, value in said.items() if value is not None]
        return ", ".join([*pairs, *(["dynamic=true"] if self.dynamic else [])])


NONE = Preferences()


def preferences_of(request: Request) -> Preferences:
    """What *request* prefers: by the header, else by ``__code``, ``__example``, ``__dynamic``.

    A header that says none of these (``respond-async``) leaves it to the query.
    """
    found = read_preferences(request.headers.get("prefer"))
    if found is not NONE or "__" not in request.query:
        return found
    return _preferences(
        (name[2:], decode_query(raw)) for name, raw in request.query_pairs if name in _KEYS
    )


def read_preferences(header: str | None) -> Preferences:
    """The preferences in a ``Prefer`` header; other ones are ignored, as they must be.

    >>> read_preferences('code=404, example="not found"')
    Preferences(code=404, example='not found', dynamic=None, no_code='')
    """
    pairs = ((m[1].lower(), m[2] if m[2] is not None else m[3]) for m in _matches(header))
    return _preferences(pairs)


def _matches(header: str | None) -> Iterator[re.Match[str]]:
    return _PREFERENCE.finditer(header or "")


def _preferences(pairs: Iterable[tuple[str, str]]) -> Preferences:
    """The preferences in names and values; the first of a name counts (RFC 7240, section 2)."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    if found.keys().isdisjoint(("code", "example", "dynamic")):
        return NONE
    code, dynamic = found.get("code"), found.get("dynamic")
    final = code is not None and _FINAL.fullmatch(code) is not None
    return Preferences(
        code=int(code) if code is not None and final else None,
        example=found.get("example"),
        dynamic=dynamic.lower() != "false" if dynamic is not None else None,
        no_code=repr(code) if code is not None and not final else "",
    )
