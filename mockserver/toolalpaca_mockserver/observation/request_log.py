"""Requests as lines that a person reads: on a terminal in colour and no longer than it is wide.

Plain escape sequences do: importing rich takes 65 ms.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from typing import Final, TextIO

from toolalpaca.output import write_line
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.reading.sessions import DEFAULT_SESSION

_COLOURS: Final = {2: "32", 3: "36", 4: "33", 5: "1;31"}
"""By the class of the status (ECMA-48, Select Graphic Rendition)."""
_DIM: Final = "2"
_BOLD: Final = "1"
_SOURCE: Final = len("disturbance")
"""Characters of the longest source."""
_LEAST: Final = 16
"""Characters that a path has at least, however narrow the terminal is: lines may then wrap."""


class RequestLog:
    """Writes a line for each exchange.

    It is a :data:`~toolalpaca_mockserver.observation.exchange.Listener`.

    Args:
        stream: Where to; when it is no terminal, nothing is coloured or cut.
        environment: ``NO_COLOR`` and ``TERM`` say whether colours are wanted (https://no-color.org).
    """

    def __init__(
        self, stream: TextIO | None = None, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._stream = stream or sys.stdout
        self._terminal = self._stream.isatty()
        self._coloured = (
            self._terminal and not environment.get("NO_COLOR") and environment.get("TERM") != "dumb"
        )

    def __call__(self, exchange: Exchange) -> None:
        """Write the line of *exchange*."""
        write_line(self.line(exchange), self._stream)

    def line(self, exchange: Exchange) -> str:
        """When, what, what became of it and where that came from, how long it took, and why."""
        request, answer = exchange.request, exchange.answer
        colour = _COLOURS.get(answer.status // 100, _BOLD)
        moment = time.strftime("%H:%M:%S", time.localtime(exchange.at))
        took = f"{exchange.milliseconds:>7.1f} ms"
        session = f"  [{exchange.session}]" if exchange.session != DEFAULT_SESSION else ""
        disturbed = f"({answer.disturbance})" if answer.disturbance else ""
        path = _visible(exchange.path)
        problem = " ".join(filter(None, (disturbed, exchange.problem)))
        if self._terminal:
            taken = len(moment) + 7 + 3 + _SOURCE + len(took) + 10 + len(session)
            path, problem = _fitted(path, problem, self._width() - taken)
        parts = [
            self._in(_DIM, moment),
            self._in(_BOLD, f"{request.method:<7}"),
            self._in(colour, str(answer.status)),
            f"{answer.source:<{_SOURCE}}",
            self._in(_DIM, took),
            path + self._in(_DIM, session),
            *([self._in(colour, problem)] if problem else []),
        ]
        return "  ".join(parts)

    def _in(self, colour: str, text: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._coloured and text else text

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or 80
        except OSError:
            return 80


def _visible(path: str) -> str:
    """*path* as ASCII: what would steer the terminal is written out."""
    if path.isascii() and path.isprintable():
        return path
    plain = path.encode("ascii", "backslashreplace").decode()
    return "".join(c if " " <= c <= "~" else f"\\x{ord(c):02x}" for c in plain)


def _fitted(path: str, problem: str, width: int) -> tuple[str, str]:
    """*path* and *problem*, cut so that both fit into *width*, with two spaces between them."""
    if not problem:
        return _cut(path, max(width, _LEAST)), ""
    path = _cut(path, max(width - 2 - len(problem), width // 2, _LEAST))
    return path, _cut(problem, width - 2 - len(path))


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: max(width - 3, 0)] + "..."
