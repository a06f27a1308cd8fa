"""Several processes that serve as one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import httpx2

from ..test_command import RAILWAY, line, running

WAITS = 60.0


def ready(process: subprocess.Popen[str]) -> str:
    said = json.loads(line(process))
    assert said["event"] == "ready"
    return str(said["url"])


def workers_of(process: subprocess.Popen[str]) -> set[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return set(map(int, children.split()))


def is_there(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def until(reached: object) -> None:
    deadline = time.monotonic() + WAITS
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_that_dies_is_replaced_and_the_end_is_clean(tmp_path: Path) -> None:
    with running(
        "--json", RAILWAY, "--workers", "2", "--state", f"sqlite:///{tmp_path}/w.db"
    ) as process:
        url = ready(process)
        first = workers_of(process)
        assert len(first) == 2
        assert httpx2.get(f"{url}/stations").status_code == 200
        victim = min(first)
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(workers_of(process) - {victim}) == 2)
        for _ in range(5):
            assert httpx2.get(f"{url}/stations").status_code == 200
        last = workers_of(process)
        process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=WAITS)
        assert process.returncode == 0
    events = [json.loads(told)["event"] for told in output.splitlines()]
    assert events == ["request"] * 6
    assert f"worker {victim} ended and is replaced: SIGKILL" in errors
    assert not any(map(is_there, last))


def test_no_worker_outlives_the_one_that_looks_after_them(tmp_path: Path) -> None:
    with running(
        "--json", RAILWAY, "--workers", "2", "--state", f"sqlite:///{tmp_path}/w.db"
    ) as process:
        ready(process)
        workers = workers_of(process)
        assert len(workers) == 2
        process.kill()
        until(lambda: not any(map(is_there, workers)))


def test_what_cannot_work_is_said_once(tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:1/worlds"
    tape = tmp_path / "tape.jsonl"
    tape.write_text("")
    for arguments, told in (
        (("--workers", "2", "--replay", str(tape)), "each tell a recording from its beginning"),
        (("--workers", "2"), "2 processes cannot share sessions in memory"),
        (("--workers", "2", "--state", url), "me:***@127.0.0.1:1/worlds: the database"),
        (("--state", url), "me:***@127.0.0.1:1/worlds: the database"),
        (("--state", "redis://:secret@127.0.0.1:1/0"), "redis://:***@127.0.0.1:1/0: the Redis"),
        (("--state", f"sqlite:///{tmp_path}/no/w.db"), "unable to open database file"),
        (("--state", "mysql://h/secret"), "there is no such store; there are memory, sqlite"),
        (("--state", "sqlite:///"), "no file is named"),
    ):
        with running("--json", RAILWAY, *arguments) as process:
            output, errors = process.communicate(timeout=WAITS)
        assert (output, errors.count("\n")) == ("", 1)
        assert errors.startswith("toolalpaca: error: ")
        assert told in errors
        assert "secret" not in errors
