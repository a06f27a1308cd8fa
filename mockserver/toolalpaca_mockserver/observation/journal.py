"""The exchanges that were last, kept for whoever asks about them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from toolalpaca_mockserver.observation.exchange import Exchange

MOST_BYTES: Final = 32 * 1024 * 1024
LONGEST_BODY: Final = 16 * 1024
"""Bytes of a body that are kept."""
_OVERHEAD: Final = 2000
"""Bytes that an exchange takes in memory besides its texts, more or less."""


class Entry(NamedTuple):
    """An exchange in the journal.

    Attributes:
        id: Larger than those of all before it, from 1.
        exchange: Its bodies may have been cut to :data:`LONGEST_BODY`.
        request_size: Of the body that was sent, in bytes.
        answer_size: Of the body of the answer.
        size: Of what is kept.
    """

    id: int
    exchange: Exchange
    request_size: int
    answer_size: int
    size: int


class Journal:
    """Keeps exchanges as they are.

    A GET costs 0.2 ms in all, so they are decoded and masked when somebody looks.
    The journal is a :data:`~toolalpaca_mockserver.observation.exchange.Listener`.

    Args:
        most: How many are kept.
        most_bytes: How large they may be together.

    Attributes:
        closed: Whether nothing more is to come.
        last: The id of the newest exchange there was, 0 before the first.
        clearings: How often the journal was cleared.
    """

    def __init__(self, most: int, most_bytes: int = MOST_BYTES) -> None:
        self.closed = False
        self.last = 0
        self.clearings = 0
        self._most = most
        self._most_bytes = most_bytes
        self._entries: deque[Entry] = deque()
        self._bytes = 0
        self._waiting: set[asyncio.Future[None]] = set()

    def __call__(self, exchange: Exchange) -> None:
        """Keep *exchange*."""
        request, answer = exchange.request, exchange.answer
        sent, told = len(request.body), len(answer.body)
        if sent > LONGEST_BODY or told > LONGEST_BODY:
            exchange = _cut(exchange)
            request, answer = exchange.request, exchange.answer
        size = _OVERHEAD + len(request.body) + len(answer.body)
        size += len(request.path) + len(request.query) + sum(map(len, request.headers.values()))
        self.last += 1
        self._entries.append(Entry(self.last, exchange, sent, told, size))
        self._bytes += size
        while len(self._entries) > self._most or self._bytes > self._most_bytes:
            self._bytes -= self._entries.popleft().size
        if self._waiting:
            self._wake()

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        """The entries, oldest first."""
        return iter(tuple(self._entries))

    def newest(self) -> Iterator[Entry]:
        """The entries, newest first; nothing may be added meanwhile."""
        return reversed(self._entries)

    def entry(self, number: int) -> Entry | None:
        """The entry with that id, or None when it is not kept."""
        # Ids have no gaps.
        place = number - self._entries[0].id if self._entries else -1
        return self._entries[place] if 0 <= place < len(self._entries) else None

    def since(self, number: int) -> tuple[Entry, ...]:
        """The entries that came after the one with that id, oldest first."""
        found = []
        for entry in reversed(self._entries):
            if entry.id <= number:
                break
            found.append(entry)
        return tuple(reversed(found))

    def clear(self) -> None:
        """Keep none of those that were; ids go on."""
        self._entries.clear()
        self._bytes = 0
        self.clearings += 1
        self._wake()

    async def changed(self, last: int, clearings: int) -> None:
        """Wait for an exchange after *last*, a clearing after *clearings*, or the end.

        Who reads slowly misses exchanges that are no longer kept, and nothing grows.
        """
        while self.last == last and self.clearings == clearings and not self.closed:
            waiting = asyncio.get_running_loop().create_future()
            self._waiting.add(waiting)
            try:
                await waiting
            finally:
                self._waiting.discard(waiting)

    async def end(self) -> None:
        """Wait until the journal is closed."""
        while not self.closed:
            await self.changed(self.last, self.clearings)

    def close(self) -> None:
        """Let nobody wait any longer."""
        self.closed = True
        self._wake()

    def _wake(self) -> None:
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_result(None)


def _cut(exchange: Exchange) -> Exchange:
    """*exchange* with the beginnings of its bodies."""
    request, answer = exchange.request, exchange.answer
    if len(request.body) > LONGEST_BODY:
        request = replace(request, body=request.body[:LONGEST_BODY])
    if len(answer.body) > LONGEST_BODY:
        answer = replace(answer, body=answer.body[:LONGEST_BODY])
    return exchange._replace(request=request, answer=answer)
