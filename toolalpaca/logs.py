"""Logging for the command line: quiet unless asked, on standard error, without secrets."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from toolalpaca.redaction import MASK, Redactor

_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)

# These log whole URLs and headers, where any part may be a credential. What they would tell of our
# requests, we log ourselves.
_INDISCREET = ("httpx2", "httpcore2", "openai", "hpack")

# These log mistakes of others as errors with a traceback, and go on. What comes of a mistake, we
# say ourselves.
_ALARMED = ("mcp.client",)

# What carries a credential in a header, a URL or a repr of either, whoever logs it.
_SECRET = re.compile(
    r"(?i)(?P<name>authorization|proxy-authorization|cookie|[\w-]*(?:api[-_]?key|token|secret|password))"
    r"(?P<between>['\"]?\s*[:=,]\s*(?:b?['\"])?(?:(?:bearer|basic|digest)\s+)?)"
    r"(?P<value>[^\s'\"&,;)]+)"
)
_USERINFO = re.compile(r"(?P<scheme>\w://)[^/\s@]+@")

_secrets: set[str] = set()
_redact_known = Redactor()


def configure_logging(verbosity: int) -> None:
    """Send our logs to standard error; each ``-v`` lowers the level by one."""
    handler = logging.StreamHandler()
    handler.setFormatter(_RedactingFormatter("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(
        level=_LEVELS[min(verbosity, len(_LEVELS) - 1)], handlers=[handler], force=True
    )
    for name in _INDISCREET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _ALARMED:
        logging.getLogger(name).setLevel(logging.NOTSET if verbosity else logging.CRITICAL)


def conceal(secrets: Iterable[str]) -> None:
    """Mask *secrets*, however they are written, in every line that is logged from now on."""
    global _redact_known
    _secrets.update(secrets)
    _redact_known = Redactor(_secrets)


def redact(text: str) -> str:
    """*text* without known secrets, and with the values of headers and fields for them masked.

    >>> redact("GET /x?api_key=abc Authorization: Bearer xyz")
    'GET /x?api_key=*** Authorization: Bearer ***'
    """
    text = _USERINFO.sub(rf"\g<scheme>{MASK}@", _redact_known(text))
    return _SECRET.sub(rf"\g<name>\g<between>{MASK}", text)


class _RedactingFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))
