#!/usr/bin/env python3
"""CPU and memory of the mock server, side by side with Prism and a bare uvicorn, in one run.

    npm install --prefix PEERS @stoplight/prism-cli @octokit/openapi @readme/oas-examples
    python benchmarks/mock_server.py --peers PEERS

What is measured is processor time (user and system, of the server's process and its children), not
wall time, so that a busy machine changes less; still, neighbours take caches away, and one that is
very busy doubles the figures. Read the ratios, which come from one run.
Every request is checked: an answer with another status than the expected one ends the run.
"""

from __future__ import annotations

import argparse
import ctypes
import http.client
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_STARTS_WITHIN = 120.0
_JSON = {"Content-Type": "application/json", "Accept": "application/json"}


@dataclass(frozen=True)
class Call:
    """A request, and the status that a right answer has."""

    method: str
    path: str
    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, connection: http.client.HTTPConnection) -> None:
        """Send it, and read the answer.

        Raises:
            SystemExit: The answer has another status.
        """
        body = None if self.body is None else json.dumps(self.body)
        connection.request(self.method, self.path, body, {**_JSON, **self.headers})
        response = connection.getresponse()
        content = response.read()
        if response.status != self.status:
            sys.exit(f"{self.method} {self.path}: {response.status} {content[:300]!r}")


@dataclass(frozen=True)
class Case:
    """A document and two requests."""

    name: str
    document: Path
    get: Call
    post: Call


@dataclass(frozen=True)
class Numbers:
    """What one server took; times in milliseconds of processor time."""

    server: str
    case: str
    start: float
    get: float
    post: float
    megabytes: float


def main() -> None:
    """Measure, and print a table (or JSON)."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--peers", type=Path, required=True, help="where npm installed the peers")
    parser.add_argument("--requests", type=int, default=2000, help="of each kind, for each server")
    parser.add_argument("--only", choices=("toolalpaca", "uvicorn", "prism"), action="append")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = [
        _measure(name, case, command, options.requests)
        for case in _cases(options.peers)
        for name, command in _servers(options.peers, case)
        if not options.only or name in options.only
    ]
    if options.json:
        print(json.dumps([vars(row) for row in rows], indent=2))
    else:
        _print_table(rows)


def _cases(peers: Path) -> list[Case]:
    modules = peers / "node_modules"
    order = {"petId": 1, "quantity": 2, "shipDate": "2026-01-05T09:00:00Z", "status": "placed"}
    return [
        Case(
            "Petstore",
            modules / "@readme/oas-examples/3.0/json/petstore.json",
            Call("GET", "/pet/1", 200, headers={"api_key": "k"}),
            Call("POST", "/store/order", 200, order),
        ),
        Case(
            "GitHub",
            modules / "@octokit/openapi/generated/api.github.com.json",
            Call("GET", "/repos/octocat/hello-world/issues/1", 200),
            Call("POST", "/repos/octocat/hello-world/issues", 201, {"title": "A fault"}),
        ),
    ]


def _servers(peers: Path, case: Case) -> Iterator[tuple[str, list[str]]]:
    port = ["--port", "{port}"]
    yield (
        "toolalpaca",
        [sys.executable, "-m", "toolalpaca", "mock", "--open-world", *port, str(case.document)],
    )
    yield "uvicorn", [sys.executable, __file__, "--bare", "{port}"]
    prism = peers / "node_modules/.bin/prism"
    if prism.exists():
        # -d generates answers, as ours does; one process, because CPU is what is compared.
        yield "prism", [str(prism), "mock", "-d", "-m", "false", *port, str(case.document)]


def _measure(server: str, case: Case, command: Sequence[str], requests: int) -> Numbers:
    print(f"{server} on {case.name} ...", file=sys.stderr)
    get, post = case.get, case.post
    if server == "uvicorn":
        get, post = Call("GET", "/", 200), Call("POST", "/", 200, post.body)
    with _running(command) as (process, port):
        start = _cpu(process)
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        costs = []
        for call in (get, post):
            for _ in range(20):  # the first touches compile things; they are not the steady cost
                call.send(connection)
            before = _cpu(process)
            for _ in range(requests):
                call.send(connection)
            costs.append((_cpu(process) - before) / requests)
        return Numbers(server, case.name, start, costs[0], costs[1], _megabytes(process))


@contextmanager
def _running(command: Sequence[str]) -> Iterator[tuple[int, int]]:
    """A server on a free port, once it takes connections; its process and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [word.replace("{port}", str(port)) for word in command]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"did not start: {' '.join(words)}")
                time.sleep(0.05)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(20)


def _cpu(pid: int) -> float:
    """Milliseconds of processor time of a process and its children so far.

    By the clock of the process (clock_getcpuclockid(3)), which is exact: proc(5) counts in ticks
    of 10 ms.
    """
    total = 0.0
    for process in _family(pid):
        clock = ctypes.c_int()
        if ctypes.CDLL(None).clock_getcpuclockid(process, ctypes.byref(clock)) == 0:
            total += time.clock_gettime_ns(clock.value) / 1e6
    return total


def _megabytes(pid: int) -> float:
    """Resident memory of a process and its children."""
    total = 0
    for process in _family(pid):
        status = Path(f"/proc/{process}/status").read_text()
        total += int(status.split("VmRSS:")[1].split()[0])
    return total / 1000


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(member for child in children for member in _family(int(child)))]


def _print_table(rows: Sequence[Numbers]) -> None:
    print("| document | server | start, ms | GET, ms | POST, ms | memory, MB | GET, times ours |")
    print("|---|---|---:|---:|---:|---:|---:|")
    ours = {row.case: row.get for row in rows if row.server == "toolalpaca"}
    for row in rows:
        ratio = f"{row.get / ours[row.case]:.1f}" if row.case in ours else "-"
        print(
            f"| {row.case} | {row.server} | {row.start:,.0f} | {row.get:.3f} | {row.post:.3f} "
            f"| {row.megabytes:.0f} | {ratio} |"
        )


def _serve_bare(port: int) -> None:
    """The least that uvicorn can do: read the request, answer with a fixed body."""
    import uvicorn

    async def app(scope: dict[str, object], receive: object, send: object) -> None:
        if scope["type"] != "http":
            return
        while (await receive()).get("more_body"):  # type: ignore[operator]
            pass
        headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"{}"})  # type: ignore[operator]

    uvicorn.run(app, port=port, log_level="error", access_log=False, lifespan="off")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        _serve_bare(int(sys.argv[2]))
    else:
        main()
