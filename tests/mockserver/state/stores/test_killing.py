"""Processes that write at the same time, and processes that are killed while they do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from toolalpaca_mockserver.state.limits import Limits
from toolalpaca_mockserver.state.store import Snapshot
from toolalpaca_mockserver.state.stores import StateUrl, store_at

WRITER = Path(__file__).with_name("writer.py")
FOR_EVER = 10**9


@contextmanager
def writing(url: str, session: str, count: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(WRITER), url, session, str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def acknowledged(process: subprocess.Popen[str], least: int) -> list[int]:
    """The numbers that the process has printed, when there are as many as *least*."""
    assert process.stdout is not None
    return [int(process.stdout.readline()) for _ in range(least)]


def rest(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout is not None
    return [int(line) for line in process.stdout if line.strip().isdigit() and line.endswith("\n")]


def held(url: str, session: str) -> Snapshot:
    async def look() -> Snapshot:
        store = store_at(StateUrl(url), Limits(items=None))
        await store.prepare()
        try:
            return await store.snapshot(session)
        finally:
            await store.aclose()

    return asyncio.run(look())


def whole(snapshot: Snapshot) -> int:
    """How many transactions a session holds; none of them is there by half."""
    found: Any = {name: kept["items"] for name, kept in snapshot["collections"].items()}
    number: int = found["x:/first"]["c"]["n"]
    assert found["x:/second"] == {"c": {"n": number}}
    assert found["x:/log"] == {str(n): {"n": n} for n in range(1, number + 1)}
    return number


def test_processes_lose_no_update_of_each_other(lasting: str) -> None:
    each, writers = 40, 3
    with ExitStack() as stack:
        started = [stack.enter_context(writing(lasting, "s", each)) for _ in range(writers)]
        numbers = [number for process in started for number in rest(process)]
    assert sorted(numbers) == list(range(1, writers * each + 1))
    assert whole(held(lasting, "s")) == writers * each


def _killed_in_turn(url: str, rounds: int, least: int) -> None:
    for _ in range(rounds):
        with writing(url, "s", FOR_EVER) as process:
            numbers = acknowledged(process, least)
            process.kill()
            numbers += rest(process)
        assert numbers[-1] <= whole(held(url, "s")) <= numbers[-1] + 1


def test_a_writer_that_is_killed_leaves_what_was_acknowledged_and_nothing_by_half(
    lasting: str,
) -> None:
    _killed_in_turn(lasting, rounds=1, least=20)


@pytest.mark.slow
def test_writers_that_are_killed_again_and_again(lasting: str) -> None:
    _killed_in_turn(lasting, rounds=15, least=7)


@pytest.mark.parametrize("database", ["postgres", "redis"], indirect=True)
def test_a_database_that_is_killed_keeps_what_it_acknowledged(database: Any) -> None:
    """PostgreSQL as it is installed, Redis with ``appendfsync always``."""
    _database_killed(database, ["s"], least=20)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["postgres", "redis"], indirect=True)
def test_a_database_that_is_killed_again_and_again(database: Any) -> None:
    for number in range(6):
        _database_killed(database, [f"a{number}", f"b{number}"], least=10 + 7 * number)


def _database_killed(database: Any, sessions: Sequence[str], least: int) -> None:
    with ExitStack() as stack:
        started = {s: stack.enter_context(writing(database.url, s, FOR_EVER)) for s in sessions}
        last = {session: acknowledged(process, least) for session, process in started.items()}
        database.kill()
        for session, process in started.items():
            last[session] += rest(process)
    database.start()
    for session, numbers in last.items():
        assert numbers[-1] <= whole(held(database.url, session)) <= numbers[-1] + 1
