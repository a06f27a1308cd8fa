"""Blocking generation in a thread, read as an asynchronous stream.

Models inside this process compute in C++ and let go of the interpreter's lock, so a thread each
keeps the event loop free.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from typing import TypeAlias

from toolalpaca.llm.protocol import Completion

Emit: TypeAlias = Callable[[str], bool]
"""Hands over a piece of text, perhaps empty; False means that nobody listens any more."""

Work: TypeAlias = Callable[[Emit], Completion]
"""Generates: calls *emit* as text comes, stops early when that is False, returns the whole."""


class Worker:
    """Runs generations one after the other, each in a thread of its own.

    Closing a stream early tells its generation to stop and does not wait for it; the next one
    does, and so does :meth:`aclose`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._turn = threading.Lock()
        self._running: set[_Job] = set()

    async def stream(self, work: Work) -> AsyncIterator[str | Completion]:
        """What *work* emits, and its completion last; its exception, when it raises one."""
        job = _Job(work, self._turn, asyncio.get_running_loop())
        self._running.add(job)
        job.thread = threading.Thread(target=job.run, name=self._name, daemon=True)
        job.thread.start()
        try:
            while not isinstance(item := await job.queue.get(), Completion):
                if isinstance(item, BaseException):
                    raise item
                if item:
                    yield item
            yield item
        finally:
            job.cancelled.set()
            self._running.discard(job)

    async def aclose(self) -> None:
        """Stop what runs, and wait until it has."""
        for job in self._running:
            job.cancelled.set()
        await asyncio.to_thread(self._wait)

    def _wait(self) -> None:
        with self._turn:  # whoever held it has ended
            pass


class _Job:
    """One generation: its thread, its way back to the loop, its wish to be stopped."""

    def __init__(self, work: Work, turn: threading.Lock, loop: asyncio.AbstractEventLoop) -> None:
        self._work = work
        self._turn = turn
        self._loop = loop
        self.queue: asyncio.Queue[str | Completion | BaseException] = asyncio.Queue()
        self.cancelled = threading.Event()
        self.thread: threading.Thread

    def run(self) -> None:
        """Wait for the turn, generate, and hand over the outcome."""
        with self._turn:
            if self.cancelled.is_set():
                return
            try:
                self._put(self._work(self._emit))
            except BaseException as error:
                # Whatever it is, the one who reads the stream must see it instead of waiting.
                self._put(error)

    def _emit(self, text: str) -> bool:
        self._put(text)
        return not self.cancelled.is_set()

    def _put(self, item: str | Completion | BaseException) -> None:
        try:
            self._loop.call_soon_threadsafe(self.queue.put_nowait, item)
        except RuntimeError:  # the loop is closed: nobody reads
            self.cancelled.set()
