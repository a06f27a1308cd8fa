"""What happens in a conversation, numbered, so that whoever was away can catch up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

Kind: TypeAlias = Literal["event", "delta", "open", "settled", "turn", "end"]
"""An event of the trace; a piece of the model's text; something that the person is asked, and that
it is settled; the beginning or the end of a turn; the end of the conversation."""

_PASSING: Final = "delta"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened.

    Attributes:
        number: From 1; those of one feed grow, and some may be missing.
        data: What JSON can say.
    """

    number: int
    kind: Kind
    data: Any


class Feed:
    """Entries for any number of readers, who may come late and come again.

    Pieces of text are forgotten with the next event, which holds the whole text.
    """

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._last = 0
        self._news = asyncio.Event()
        self._closed = False

    def tell(self, kind: Kind, data: Any) -> int:
        """Add an entry and return its number."""
        self._last += 1
        if kind != _PASSING:
            while self._entries and self._entries[-1].kind == _PASSING:
                self._entries.pop()
        self._entries.append(Entry(self._last, kind, data))
        self._wake()
        return self._last

    def settle(self, number: int) -> None:
        """Say that what was ``open`` is not any more; who comes later does not hear of it."""
        self._entries = [entry for entry in self._entries if entry.number != number]
        self.tell("settled", {"number": number})

    async def read(self, after: int = 0) -> AsyncGenerator[Entry, None]:
        """The entries with numbers above *after*, those to come included, until the feed closes."""
        while True:
            news = self._news
            for entry in self._since(after):
                after = entry.number
                yield entry
            if self._closed:
                return
            if news is self._news:  # else something happened while the reader was busy
                await news.wait()

    def close(self) -> None:
        """Let every reader end."""
        self._closed = True
        self._wake()

    def _since(self, number: int) -> list[Entry]:
        first = len(self._entries)
        while first and self._entries[first - 1].number > number:
            first -= 1
        return self._entries[first:]

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
