"""Content codings undone within a bound: a compressed kilobyte may be a gigabyte."""

from __future__ import annotations

import zlib
from typing import Final

ACCEPTED: Final = "gzip, deflate"
"""For ``Accept-Encoding`` (RFC 9110, section 12.5.3)."""

_GZIP: Final = 16 + zlib.MAX_WBITS
_CODINGS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


class UnreadableCoding(Exception):
    """A body in a coding that was not asked for, or that is broken; the text says which."""


class BoundedDecoder:
    """Undoes a body's content coding, up to a size.

    Args:
        content_encoding: The header's value, ``""`` for none.
        most: Bytes that are wanted.

    Attributes:
        body: What was decoded.
        cut_off: Whether there is more than what was wanted.

    Raises:
        UnreadableCoding: The coding is another one than what was asked for.
    """

    def __init__(self, content_encoding: str, most: int) -> None:
        self._coding = content_encoding.strip().lower()
        self._most = most
        self._inflating: zlib._Decompress | None = None
        if self._coding not in ("", "identity"):
            if self._coding not in _CODINGS:
                raise UnreadableCoding(
                    f"its body is in the coding {self._coding!r}, which was not asked for"
                )
            self._inflating = zlib.decompressobj(_CODINGS[self._coding])
        self._begun = False
        self.body = bytearray()
        self.cut_off = False

    def feed(self, piece: bytes) -> None:
        """Take the next *piece* of the body as it came.

        Raises:
            UnreadableCoding: It is broken.
        """
        self.body += piece if self._inflating is None else self._inflated(self._inflating, piece)
        self._begun = True
        if len(self.body) > self._most:
            self.cut_off = True
            del self.body[self._most :]

    def _inflated(self, inflating: zlib._Decompress, piece: bytes) -> bytes:
        room = self._most - len(self.body) + 1
        try:
            return inflating.decompress(piece, room)
        except zlib.error:
            if self._coding != "deflate" or self._begun:
                raise UnreadableCoding(f"its body is broken {self._coding}") from None
        # Deflate without its zlib frame, which some servers send under that name.
        self._coding = "deflate without a frame"
        self._inflating = zlib.decompressobj(-zlib.MAX_WBITS)
        return self._inflated(self._inflating, piece)
