"""Several processes that serve on one socket, and the one that looks after them.

The documents are loaded once; each worker is a fork that serves as a single server does. A pipe
from each worker says that it is ready, and ends when it does; a pipe to all of them ends with the
supervisor, so that no worker outlives it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, NoReturn

from toolalpaca.errors import ApiError, ToolAlpacaError, UsageError
from toolalpaca_mockserver.serving.server import serve

_log = logging.getLogger(__name__)

_READY: Final = b"+"
_RESTS: Final = 1.0
"""Seconds between the starts of workers that come to nothing."""
_STOPS_WITHIN: Final = 10.0
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)

Prepare = Callable[[], Awaitable[None]]


def serve_with(
    workers: int,
    app: Any,
    listener: socket.socket,
    on_ready: Callable[[], None],
    prepare: Prepare,
    on_stop: Callable[[], None] | None = None,
) -> None:
    """Serve *app* with so many processes until SIGINT or SIGTERM.

    Args:
        workers: How many; one is this process.
        app: An ASGI application with a ``store``.
        listener: A bound socket.
        on_ready: Called once, when all of them accept connections.
        prepare: Awaited in each before; what it raises ends the server.
        on_stop: Called in each when it begins to stop.

    Raises:
        UsageError: This system cannot fork.
    """
    if workers == 1:
        serve(app, listener, on_ready, prepare, on_stop)
        return
    if not hasattr(os, "fork"):
        raise UsageError("this system has no fork; serve with one process", where="--workers")

    async def check() -> None:
        await app.store.prepare()
        await app.store.aclose()  # each worker connects for itself, to models, too

    asyncio.run(check())  # what is wrong with the store is said once
    listener.listen(socket.SOMAXCONN)  # or who connects before the first worker serves is refused
    Supervisor(workers, lambda ready: serve(app, listener, ready, prepare, on_stop)).run(on_ready)


@dataclass(slots=True)
class _Worker:
    """A process.

    Attributes:
        pid: Its number.
        pipe: What it speaks through; it ends with the process.
        since: When it was started.
        ready: Whether it accepts connections.
        said: Why it ended, as far as it knew.
    """

    pid: int
    pipe: int
    since: float
    ready: bool = False
    said: str = ""


class Supervisor:
    """Keeps so many workers running.

    Args:
        workers: How many.
        work: What each does until it gets SIGTERM; it is given what to call when it is ready.
    """

    def __init__(self, workers: int, work: Callable[[Callable[[], None]], None]) -> None:
        self._wanted = workers
        self._work = work
        self._workers: dict[int, _Worker] = {}
        self._stopping = False
        self._life = os.pipe()

    def run(self, on_ready: Callable[[], None]) -> None:
        """Start the workers, start others for those that end, and stop all when asked to.

        Raises:
            ApiError: A worker ended before all were ready.
        """
        announced = False
        with self._signals() as woken:
            try:
                for _ in range(self._wanted):
                    self._start()
                while not self._stopping:
                    for worker in self._ended(woken):
                        if not announced:
                            raise ApiError(worker.said or f"worker {worker.pid} did not start")
                        told = "worker %d ended and is replaced: %s"
                        _log.warning(told, worker.pid, worker.said or "it did not say why")
                        lived = time.monotonic() - worker.since
                        self._start(_RESTS if lived < _RESTS else 0.0)
                    if not announced and all(w.ready for w in self._workers.values()):
                        announced = True
                        on_ready()
            finally:
                self._stop(woken)

    @contextmanager
    def _signals(self) -> Iterator[int]:
        """What can be read from when a signal has asked for the end."""

        def stop(number: int, frame: FrameType | None) -> None:
            del number, frame
            self._stopping = True

        woken, waking = os.pipe()
        os.set_blocking(waking, False)
        before = {s: signal.signal(s, stop) for s in _SIGNALS}
        signal.set_wakeup_fd(waking)
        try:
            yield woken
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)
            for end in (woken, waking, *self._life):
                os.close(end)

    def _start(self, rest: float = 0.0) -> None:
        reading, writing = os.pipe()
        sys.stdout.flush()
        # A signal meant for the supervisor must not be lost in a worker that is not one yet.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        pid = os.fork()
        if pid == 0:
            self._become_worker(writing, rest)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(writing)
        self._workers[reading] = _Worker(pid, reading, time.monotonic())

    def _become_worker(self, pipe: int, rest: float) -> NoReturn:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor gets it, too
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            os.close(self._life[1])
            time.sleep(rest)
            self._work(lambda: self._say_ready(pipe))
            status = 0
        except ToolAlpacaError as error:
            os.write(pipe, str(error).encode())
        except BaseException as error:
            _log.exception("a worker failed")
            os.write(pipe, repr(error).encode())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)

    def _say_ready(self, pipe: int) -> None:
        loop, life = asyncio.get_running_loop(), self._life[0]

        def end() -> None:
            loop.remove_reader(life)
            os.kill(os.getpid(), signal.SIGTERM)

        loop.add_reader(life, end)
        os.write(pipe, _READY)

    def _ended(self, woken: int, within: float | None = None) -> list[_Worker]:
        """Wait for news, and give the workers that have ended."""
        ended = []
        for pipe in select.select([woken, *self._workers], (), (), within)[0]:
            said = os.read(pipe, 4096)
            if pipe == woken:
                continue
            worker = self._workers[pipe]
            if said:
                worker.ready = worker.ready or said.startswith(_READY)
                worker.said += said.removeprefix(_READY).decode(errors="replace")
                continue
            os.close(pipe)
            _, status = os.waitpid(worker.pid, 0)
            if os.WIFSIGNALED(status):
                worker.said = worker.said or signal.Signals(os.WTERMSIG(status)).name
            ended.append(self._workers.pop(pipe))
        return ended

    def _stop(self, woken: int) -> None:
        until = time.monotonic() + _STOPS_WITHIN
        for worker in self._workers.values():
            os.kill(worker.pid, signal.SIGTERM)
        while self._workers:
            remaining = until - time.monotonic()
            if remaining <= 0:
                for worker in self._workers.values():
                    os.kill(worker.pid, signal.SIGKILL)
            self._ended(woken, max(remaining, 1.0))
