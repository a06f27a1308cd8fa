"""How a request names its session, and which names there are."""

from __future__ import annotations

import re
from itertools import chain
from typing import Final
from urllib.parse import unquote

from toolalpaca_mockserver.reading.requests import Request, decode_query

SESSION: Final = "toolalpaca-session"
"""The header, query parameter or cookie that names a session."""
SESSION_PREFIX: Final = "/_session/"
"""A path that begins so names the session next: ``/_session/alice/pets`` is ``/pets`` of alice."""
DEFAULT_SESSION: Final = "default"

SESSION_RULE: Final = (
    "the name of a session is 1 to 200 letters, digits, '-', '.', '_' and '~', and not only dots"
)
# Unreserved characters (RFC 3986, section 2.3) stand for themselves in a path, but for dots alone.
_NAME = re.compile(r"(?!\.+\Z)[A-Za-z0-9._~-]{1,200}")


def is_session_name(name: str) -> bool:
    """Whether *name* may be a session's; see :data:`SESSION_RULE`.

    >>> is_session_name("alice.2"), is_session_name("../etc")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


def session_of(request: Request) -> str:
    """The name of the session that *request* belongs to; a prefix that says so is taken off."""
    if request.path.startswith(SESSION_PREFIX):
        name, slash, path = request.path.removeprefix(SESSION_PREFIX).partition("/")
        request.origin += SESSION_PREFIX + name
        request.path = slash + path or "/"
        return unquote(name)
    said = request.headers.get(SESSION)
    if said is not None:
        return said
    queried = (decode_query(raw) for name, raw in request.query_pairs if name == SESSION)
    kept = (unquote(raw) for name, raw in request.cookies if name == SESSION)
    return next(chain(queried, kept), DEFAULT_SESSION)
