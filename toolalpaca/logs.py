"""Logging for the command line: quiet unless asked, on standard error, without secrets."""

from __future__ import annotations

import logging
import re

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)

# What carries a credential in a header, a URL or a repr of either.
_SECRET = re.compile(
    r"(?i)(?P<name>authorization|proxy-authorization|cookie|[\w-]*(?:api[-_]?key|token|secret|password))"
    r"(?P<between>['\"]?\s*[:=,]\s*['\"]?(?:(?:bearer|basic)\s+)?)(?P<value>[^\s'\"&,;)]+)"
)


def configure_logging(verbosity: int) -> None:
    """Send our logs to standard error; each ``-v`` lowers the level by one."""
    handler = logging.StreamHandler()
    handler.setFormatter(_RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(
        level=_LEVELS[min(verbosity, len(_LEVELS) - 1)], handlers=[handler], force=True
    )


def redact(text: str) -> str:
    """*text* with the values of headers, parameters and fields that carry credentials masked.

    >>> redact("GET /x?api_key=abc Authorization: Bearer xyz")
    'GET /x?api_key=*** Authorization: Bearer ***'
    """
    return _SECRET.sub(r"\g<name>\g<between>***", text)


class _RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
