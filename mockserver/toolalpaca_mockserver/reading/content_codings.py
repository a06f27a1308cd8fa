"""Content codings of request bodies, undone (RFC 9110, section 8.4.1)."""

from __future__ import annotations

import zlib
from typing import Final

CODINGS: Final = "gzip, deflate"
"""What is understood, as ``Accept-Encoding`` says it."""

_WINDOWS: Final = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""By coding, zlib's ``wbits``: they also say whose header comes first."""


class UnknownCoding(ValueError):
    """A coding that is not understood."""


class TooLarge(ValueError):
    """Decoded, the body is larger than it may be."""


def decoded(body: bytes, codings: str, largest: int) -> bytes:
    """*body* without its codings.

    Args:
        body: As it was sent.
        codings: The value of ``Content-Encoding``, in the order in which they were applied.
        largest: How many bytes it may be, at every step.

    Raises:
        UnknownCoding: One is neither of :data:`CODINGS` nor ``identity``.
        TooLarge: It becomes more than *largest* bytes.
        ValueError: It is not coded as it says.
    """
    for coding in reversed([name.strip().lower() for name in codings.split(",")]):
        if coding in ("", "identity") or not body:
            continue
        if coding not in _WINDOWS:
            raise UnknownCoding(f"the content coding {coding} is not understood, but {CODINGS} is")
        body = _inflated(body, coding, largest)
    return body


def _inflated(body: bytes, coding: str, largest: int) -> bytes:
    stream = zlib.decompressobj(_WINDOWS[coding])
    try:
        found = stream.decompress(body, largest + 1)
    except zlib.error as error:
        raise ValueError(f"the request body is not {coding}: {error}") from error
    if len(found) > largest:
        raise TooLarge(f"the body, decoded, is larger than {largest} bytes")
    if not stream.eof or stream.unused_data:
        fault = "something follows it" if stream.eof else "it is cut short"
        raise ValueError(f"the request body is not {coding}: {fault}")
    return found
