"""Ids that a server made up when a trace was recorded, and those that stand for them now.

Another server, or the same one on another day, gives what it creates other ids. A later call of
the trace that uses a recorded id must use the new one: the value at the same place of the response
to the same call.

A value counts as an id by the name of its member (``id``, ``bookingId``, ``order_uuid``) or because
it is a UUID: other values (a status, a date) are the caller's choice and stay as they were. Where
one id occurs several times the latest response decides, and within one the place nearest to its
top: small numbers are ids of many things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias
from urllib.parse import urlsplit

import orjson

from toolalpaca.trace import HttpResponse

_Id: TypeAlias = str | int

_IDENTIFYING = re.compile(
    r"(?:^|[_\-.])(?i:ids?|uuid|guid|key|slug|ref|reference|token|cursor)$"
    r"|(?<=[a-z0-9])(?:Ids?|IDs?|Uuid|UUID|Guid|Key|Slug|Ref|Reference|Token|Cursor)$"
)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class StandIns:
    """What stands for recorded ids; :meth:`learn` after each call, :meth:`applied` before."""

    def __init__(self) -> None:
        self._known: dict[str, _Id] = {}

    def learn(self, recorded: HttpResponse | None, now: HttpResponse | None) -> None:
        """Take over the ids of two responses to the same call; errors tell none."""
        if recorded is None or now is None or recorded.status >= 400 or now.status >= 400:
            return
        pairs = list(_paired(_json(recorded.body), _json(now.body)))
        pairs += _located(recorded, now)
        self._known.update({str(old): new for old, new in reversed(pairs)})

    def applied(self, arguments: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
        """*arguments* with the ids of now, and what was replaced by what."""
        replaced: dict[str, str] = {}
        return {name: self._now(value, replaced) for name, value in arguments.items()}, replaced

    def _now(self, value: Any, replaced: dict[str, str]) -> Any:
        if isinstance(value, dict):
            return {name: self._now(inner, replaced) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._now(inner, replaced) for inner in value]
        if not _is_scalar(value) or str(value) not in self._known:
            return value
        new = self._known[str(value)]
        if str(new) == str(value):
            return value
        replaced[str(value)] = str(new)
        return str(new) if isinstance(value, str) else new


def _paired(recorded: Any, now: Any) -> Iterator[tuple[_Id, _Id]]:
    """The ids at the same places of two bodies, those near the top first."""
    waiting: list[tuple[str, Any, Any]] = [("", recorded, now)]
    for name, old, new in waiting:  # grows while it is walked: breadth first
        if isinstance(old, dict) and isinstance(new, dict):
            waiting.extend((key, old[key], new[key]) for key in old.keys() & new.keys())
        elif isinstance(old, list) and isinstance(new, list):
            waiting.extend((name, *items) for items in zip(old, new, strict=False))
        elif _is_scalar(old) and _is_scalar(new) and _is_id(name, old):
            yield old, new


def _located(recorded: HttpResponse, now: HttpResponse) -> list[tuple[_Id, _Id]]:
    """The last segments of what two ``Location`` headers name, where they name alike."""
    old, new = _location(recorded), _location(now)
    return [(old[-1], new[-1])] if len(old) == len(new) and old[-1] and new[-1] else []


def _location(response: HttpResponse) -> list[str]:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return urlsplit(headers.get("location", "")).path.strip("/").split("/")


def _is_id(name: str, value: _Id) -> bool:
    return bool(_IDENTIFYING.search(name) or _UUID.fullmatch(str(value)))


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def _json(body: str) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
