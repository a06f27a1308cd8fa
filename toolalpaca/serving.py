"""A mock server of one's own, for as long as a block lasts.

Whoever needs a simulated API (``ask --mock``, the demo, the corpus, evaluation) starts one as a
process of its own and speaks HTTP with it, so that no layer imports the server.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from toolalpaca.errors import ApiError

STARTS_WITHIN = 60.0
_STOPS_WITHIN = 10.0
_LINES_KEPT = 20


@dataclass(frozen=True, slots=True)
class MockServer:
    """A running mock server.

    Attributes:
        url: Scheme and authority, without a slash at the end.
        apis: URLs of its APIs, by name.
        pid: The process.
    """

    url: str
    apis: Mapping[str, str]
    pid: int


@contextmanager
def mock_server(
    sources: Sequence[str],
    *,
    seed: int = 0,
    arguments: Sequence[str] = (),
    within: float = STARTS_WITHIN,
) -> Iterator[MockServer]:
    """A mock server of *sources* on a free port of this machine, stopped when the block ends.

    Args:
        sources: Files, folders or URLs of OpenAPI documents.
        seed: For generated values.
        arguments: Further options of ``toolalpaca mock``.
        within: Seconds until it must be ready.

    Raises:
        ApiError: It did not start; the message is the server's own.
    """
    command = [sys.executable, "-m", "toolalpaca", "mock", *arguments]
    command += ["--host", "127.0.0.1", "--port", "0", "--seed", str(seed), "--json", "--", *sources]
    process = subprocess.Popen(  # noqa: S603 - our own module, with the arguments we were given
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        errors="replace",
        # Ctrl-C is for whoever uses the server: they may go on with it, and stop it when they end.
        process_group=0,
    )
    output = _Output(process)
    try:
        yield _started(process, output, within)
    finally:
        _stop(process)
        output.join()


class _Output:
    """Reads what a process writes, so that it never waits for a reader.

    Attributes:
        first: The first line of standard output, or None when it ended without one.
        errors: The last lines of standard error.
    """

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.first: queue.Queue[str | None] = queue.Queue()
        self.errors: deque[str] = deque(maxlen=_LINES_KEPT)
        assert process.stdout is not None
        assert process.stderr is not None
        self._threads = [
            threading.Thread(target=self._read_output, args=(process.stdout,), daemon=True),
            threading.Thread(target=self._read_errors, args=(process.stderr,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until everything is read."""
        for thread in self._threads:
            thread.join(_STOPS_WITHIN)

    def _read_output(self, stream: IO[str]) -> None:
        with stream:
            self.first.put(stream.readline() or None)
            for _ in stream:
                pass  # the log of requests; nobody asked for it

    def _read_errors(self, stream: IO[str]) -> None:
        with stream:
            self.errors.extend(line.strip() for line in stream if line.strip())


def _started(process: subprocess.Popen[str], output: _Output, within: float) -> MockServer:
    try:
        line = output.first.get(timeout=within)
    except queue.Empty:
        raise ApiError(f"the mock server was not ready within {within:g} s") from None
    if line is None:
        _stop(process)
        output.join()
        raise ApiError(_reason(process, output))
    try:
        ready: dict[str, Any] = json.loads(line)
        apis = {api["name"]: api["url"] for api in ready["apis"]}
        return MockServer(ready["url"], apis, process.pid)
    except (ValueError, KeyError, TypeError) as error:
        raise ApiError(f"the mock server said {line.strip()!r} instead of being ready") from error


def _reason(process: subprocess.Popen[str], output: _Output) -> str:
    prefix = "toolalpaca: error: "
    for line in reversed(output.errors):
        if line.startswith(prefix):
            return line.removeprefix(prefix)
    last = output.errors[-1] if output.errors else f"it ended with status {process.returncode}"
    return f"the mock server did not start: {last}"


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask the process to end, and end it when it does not."""
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(_STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
