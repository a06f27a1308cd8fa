"""What the properties of error bodies are called, by their letters, and what they then hold."""

from __future__ import annotations

from typing import Final

MESSAGES: Final = frozenset(
    {
        "detail",
        "details",
        "message",
        "errordescription",
        "errormessage",
        "msg",
        "description",
        "reason",
        "fault",
        "errorsummary",
        "usermessage",
        "developermessage",
        "info",
    }
)
"""Texts that say what is wrong."""
TITLES: Final = frozenset({"title", "error", "errortype", "name", "phrase"})
"""Texts that name it."""
STATUSES: Final = frozenset({"status", "statuscode", "httpstatus", "httpcode", "code", "errorcode"})
"""The status."""
LISTS: Final = frozenset(
    {"errors", "violations", "fields", "details", "invalidparams", "issues", "causes"}
)
"""Lists of reasons."""
PLACES: Final = frozenset(
    {"field", "pointer", "path", "property", "parameter", "param", "source", "name", "loc"}
)
"""Where in the request a reason is."""
RULES: Final = frozenset({"code", "rule", "type", "issue", "keyword", "location"})
"""Which rule is broken."""
SENTENCES: Final = frozenset({"detail", "message", "msg", "errormessage", "errordescription"})
"""Messages that are for people in any case."""
DEEPEST: Final = 4
"""How deep errors are looked into."""
