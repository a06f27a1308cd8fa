"""A terminal with a program in it, for tests: keys go in, and one looks at the screen."""

from __future__ import annotations

import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pyte

_PATIENCE = 60.0  # seconds until a test gives up; it waits for what happens, never for time


class _Screen(pyte.HistoryScreen):
    """A screen that answers where its cursor is."""

    def __init__(self, columns: int, lines: int, master: int) -> None:
        super().__init__(columns, lines, history=1000)
        self._master = master

    def write_process_input(self, data: str) -> None:
        os.write(self._master, data.encode())


class Terminal:
    """What a person has before them."""

    def __init__(self, master: int, process: subprocess.Popen[bytes], screen: _Screen) -> None:
        self._master = master
        self._screen = screen
        self._changed = threading.Condition()
        self._ended = False
        self.process = process
        self.raw = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def page(self) -> list[str]:
        """The lines of the screen and what has left it above, as far as something stands there."""
        above = [_text(line, self._screen.columns) for line in self._screen.history.top]
        page = [*above, *map(str.rstrip, self._screen.display)]
        while page and not page[-1]:
            page.pop()
        return page

    @property
    def lines(self) -> list[str]:
        """The page without empty lines."""
        return [line for line in self.page if line]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def wait_for(self, text: str) -> None:
        self.wait_until(lambda terminal: text in terminal.text, text)

    def wait_for_times(self, text: str, times: int) -> None:
        self.wait_until(lambda terminal: terminal.text.count(text) == times, f"{times}x {text}")

    def wait_for_prompt(self) -> None:
        """Wait until the person may say something."""
        self.wait_until(lambda terminal: terminal.lines[-1:] == [">"], "the prompt")

    def wait_until(self, holds: Callable[[Terminal], bool], what: str = "") -> None:
        """Wait until the screen is as it should be."""
        with self._changed:
            done = self._changed.wait_for(lambda: holds(self) or self._ended, _PATIENCE)
            assert done, f"{what!r} did not come:\n{self.text}"
            assert holds(self), f"the program ended before {what!r}:\n{self.text}"

    def end(self) -> int:
        """Wait until the program has ended, and return its status."""
        status = self.process.wait(_PATIENCE)
        self._reader.join(_PATIENCE)
        return status

    def _read(self) -> None:
        stream = pyte.ByteStream(self._screen)
        while True:
            try:
                data = os.read(self._master, 65_536)
            except OSError:  # the program has closed its side
                data = b""
            with self._changed:
                self.raw += data
                self._ended = not data
                if data:
                    stream.feed(data)
                self._changed.notify_all()
            if not data:
                return


@contextmanager
def terminal(
    *words: str, columns: int = 80, lines: int = 24, environment: Mapping[str, str] | None = None
) -> Iterator[Terminal]:
    """``toolalpaca WORDS`` in a terminal of that size; it is ended with the block."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    # The size is the terminal's to say; whoever runs the tests may have said another.
    inherited = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "toolalpaca", *words],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env={**inherited, "TERM": "xterm-256color", **(environment or {})},
        start_new_session=True,
        preexec_fn=_own_terminal,
    )
    os.close(slave)
    try:
        yield Terminal(master, process, _Screen(columns, lines, master))
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
        os.close(master)


def _own_terminal() -> None:
    """Make standard input the terminal whose Ctrl-C is a signal to this process."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _text(line: Mapping[int, pyte.screens.Char], columns: int) -> str:
    return "".join(line[column].data for column in range(columns)).rstrip()
