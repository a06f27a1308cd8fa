"""The log of requests, as a terminal shows it."""

from __future__ import annotations

import io
import os
import pty
import re
import struct
import termios
from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import ioctl
from typing import TextIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.engines import Source
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.request_log import RequestLog
from toolalpaca_mockserver.reading.requests import Request

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MISSING = "the query parameter date is missing"


def exchange(
    path: str,
    status: int = 200,
    source: Source = "state",
    *,
    problem: str = "",
    session: str = "default",
) -> Exchange:
    headers = {"toolalpaca-problem": problem} if problem else {}
    answer = Answer(status, headers=headers, source=source)
    return Exchange(Request("GET", path), answer, session, 0.0, 1.25)


@contextmanager
def terminal(columns: int) -> Iterator[TextIO]:
    """A terminal of that width."""
    ours, theirs = pty.openpty()
    ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with os.fdopen(theirs, "w") as stream:
        yield stream
    os.close(ours)


def test_columns_stand_below_each_other() -> None:
    log = RequestLog(io.StringIO())
    lines = [
        log.line(exchange("/a")),
        log.line(exchange("/b", 400, "validator", problem=MISSING)),
        log.line(exchange("/c", session="alice")),
        log.line(exchange("/d", 503, "disturbance")),
    ]
    assert [text[8:] for text in lines] == [
        "  GET      200  state            1.2 ms  /a",
        f"  GET      400  validator        1.2 ms  /b  {MISSING}",
        "  GET      200  state            1.2 ms  /c  [alice]",
        "  GET      503  disturbance      1.2 ms  /d",
    ]
    assert re.fullmatch(r"\d\d:\d\d:\d\d", lines[0][:8])


def test_each_exchange_is_a_line() -> None:
    stream = io.StringIO()
    log = RequestLog(stream)
    for path in ("/a", "/b\n/c", "/\x9b31mred"):
        log(exchange(path))
    assert [text.rpartition("  ")[2] for text in stream.getvalue().splitlines()] == [
        "/a",
        "/b\\x0a/c",
        "/\\x9b31mred",
    ]


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_a_terminal_gets_colours_if_it_wants_them(
    environment: dict[str, str], coloured: bool
) -> None:
    with terminal(200) as stream:
        line = RequestLog(stream, environment).line(exchange("/a", 404, problem=MISSING))
    assert ("\x1b[33m404\x1b[0m" in line) == coloured
    assert (f"\x1b[33m{MISSING}\x1b[0m" in line) == coloured
    assert COLOUR.sub("", line).endswith(f"/a  {MISSING}")


@given(
    st.integers(80, 200),
    st.integers(0, 300),
    st.integers(0, 300),
    st.sampled_from(["default", "alice"]),
)
def test_a_line_is_no_longer_than_the_terminal_is_wide(
    width: int, length: int, wrong: int, session: str
) -> None:
    told = exchange("/" + "a" * length, problem="x" * wrong, session=session)
    with terminal(width) as stream:
        line = COLOUR.sub("", RequestLog(stream).line(told))
    assert len(line) <= width
    whole = RequestLog(io.StringIO()).line(told)
    assert line == whole if len(whole) <= width else "..." in line
