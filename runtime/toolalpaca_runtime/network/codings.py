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
    """Undoes a body's content codings, up to a size.

    Args:
        content_encoding: The header's value, ``""`` for none.
        most: Bytes that are wanted.

    Attributes:
        body: What was decoded.
        cut_off: Whether there is more than what was wanted.
    """

    def __init__(self, content_encoding: str, most: int) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        self._names = [name for name in names if name not in ("", "identity")]
        unknown = [name for name in self._names if name not in _CODINGS]
        if unknown:
            raise UnreadableCoding(
                f"its body is in the coding {unknown[0]!r}, which was not asked for"
            )
        # The last coding was applied last (section 8.4).
        self._decoders = [zlib.decompressobj(_CODINGS[n]) for n in reversed(self._names)]
        self._begun = False
        self._most = most
        self.body = bytearray()
        self.cut_off = False

    def feed(self, piece: bytes) -> None:
        """Take the next *piece* of the body as it came."""
        room = self._most - len(self.body) + 1
        for place, decoder in enumerate(self._decoders):
            try:
                piece = decoder.decompress(piece, room)
            except zlib.error:
                piece = self._raw_deflate(place, piece, room)
            self.cut_off = self.cut_off or bool(self._decoders[place].unconsumed_tail)
        self._begun = True
        self.body += piece
        if len(self.body) > self._most:
            self.cut_off = True
            del self.body[self._most :]

    def _raw_deflate(self, place: int, piece: bytes, room: int) -> bytes:
        """Deflate without its zlib frame, which some servers send under that name."""
        name = self._names[::-1][place]
        if name != "deflate" or self._begun:
            raise UnreadableCoding(f"its body is broken {name}") from None
        self._decoders[place] = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return self._decoders[place].decompress(piece, room)
        except zlib.error:
            raise UnreadableCoding(f"its body is broken {name}") from None
