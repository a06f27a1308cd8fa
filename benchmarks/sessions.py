#!/usr/bin/env python3
"""Many sessions at once: no errors, and memory that stays flat.

    python benchmarks/sessions.py examples/railway.yaml
    python benchmarks/sessions.py --engine llm examples/railway.yaml

Each of --sessions clients has a session of its own and, again and again, lists, creates, reads,
changes and deletes in it, as long as --seconds. With --engine llm a fake model on loopback
(benchmarks/fake_model.py) answers, one reply in five wrongly. It prints requests by status and
source, and the server's resident memory over time; it fails when an answer is no 2xx or 404, or
when memory grows by more than a tenth between 20 seconds and the end. Sessions are begun anew after
--lifetime requests, so that their own growth is not what is measured.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document, Operation
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_WARM = 20.0
_ROOM = 1.10


class Client:
    """One client with a session of its own.

    Args:
        http: Shared by all.
        number: Tells it apart from others.
        document: What it calls.
        lifetime: Requests after which its session begins anew.
        tally: Counts statuses and sources.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        number: int,
        document: Document,
        lifetime: int,
        tally: Counter[str],
    ) -> None:
        self.http, self.number, self.tally, self.lifetime = http, number, tally, lifetime
        self.values = ValueGenerator(document.root, number, direction="request")
        self.operations = list(document)
        self.headers = {"toolalpaca-session": f"load-{number}"}
        self.known: dict[str, list[str]] = {}
        self.done = 0

    async def run(self, until: float) -> None:
        """Call one operation after another."""
        while time.monotonic() < until:
            for operation in self.operations:
                if time.monotonic() >= until:
                    break
                await self._call(operation)
                self.done += 1
                if self.done % self.lifetime == 0:
                    self.known.clear()
                    path = f"/_toolalpaca/sessions/{self.headers['toolalpaca-session']}"
                    await self.http.delete(path)

    async def _call(self, operation: Operation) -> None:
        path = operation.path
        for parameter in operation.parameters:
            if parameter.location == "path":
                ids = self.known.get(path.partition("/{")[0], ["none"])
                path = path.replace(f"{{{parameter.name}}}", ids[self.done % len(ids)])
        body: Any = None
        media_type = next(iter(operation.body.content.values())) if operation.body else None
        if media_type is not None:
            try:
                body = self.values.generate(media_type.schema, key=str(self.done % 50))
            except NoInstance:
                return
        query = {
            p.name: str(self.values.generate(p.schema, name=p.name))
            for p in operation.parameters
            if p.location == "query" and p.required
        }
        response = await self.http.request(
            operation.method.upper(), path, json=body, params=query, headers=self.headers
        )
        source = response.headers["toolalpaca-source"]
        self.tally[f"{response.status_code} {source}"] += 1
        if operation.method == "get" and response.status_code == 200 and "{" not in operation.path:
            found = response.json()
            lists = [found] if isinstance(found, list) else list(found.values())
            items = next((v for v in lists if isinstance(v, list)), [])
            ids = [str(item["id"]) for item in items if isinstance(item, dict) and "id" in item]
            if ids:
                self.known[operation.path] = ids


def main() -> int:
    """Run it; 1 when there are errors or memory grows."""
    options = _options()
    document = load_document(options.document)
    with ExitStack() as stack:
        command = [sys.executable, "-m", "toolalpaca", "mock", "--no-auth"]
        command += [str(options.document)]
        if options.engine == "llm":
            model = stack.enter_context(_running([sys.executable, str(_FAKE), "--bad", "0.2"]))
            url = f"http://127.0.0.1:{model[1]}/v1"
            command += ["--engine", "llm", "--model", "openai:fake", "--model-url", url]
        process, port = stack.enter_context(_running(command))
        return asyncio.run(_load(document, process, f"http://127.0.0.1:{port}", options))


async def _load(document: Document, process: int, url: str, options: argparse.Namespace) -> int:
    tally: Counter[str] = Counter()
    began = time.monotonic()
    limits = httpx2.Limits(max_connections=options.sessions)
    async with httpx2.AsyncClient(base_url=url, limits=limits, timeout=120) as http:
        clients = [
            Client(http, number, document, options.lifetime, tally)
            for number in range(options.sessions)
        ]
        tasks = [asyncio.create_task(one.run(began + options.seconds)) for one in clients]
        memory = await _watched(process, tasks, began)
        await asyncio.gather(*tasks)
        counted = (await http.get("/_toolalpaca/engine")).json()
    count = sum(tally.values())
    print(f"{options.sessions} sessions, {count} requests in {options.seconds:.0f} s")
    print("\n".join(f"{n:8} {what}" for what, n in tally.most_common()))
    print("memory, MB: " + ", ".join(f"{at:.0f} s {mb:.0f}" for at, mb in memory))
    print(json.dumps(counted))
    # What nothing has been found for is asked for as "none", which may be no id at all.
    bad = sum(n for what, n in tally.items() if what[0] != "2" and what[:3] not in ("404", "422"))
    warm = next((mb for at, mb in memory if at >= min(_WARM, options.seconds / 2)), memory[-1][1])
    grows = memory[-1][1] > warm * _ROOM
    print(
        f"{bad} errors; memory {'grows' if grows else 'is flat'}: {warm:.0f} to {memory[-1][1]:.0f}"
    )
    return 1 if bad or grows else 0


async def _watched(
    process: int, tasks: list[asyncio.Task[None]], began: float
) -> list[tuple[float, float]]:
    """Seconds since the beginning, and megabytes, every five seconds until all *tasks* end."""
    found = []
    while not all(task.done() for task in tasks):
        await asyncio.wait(tasks, timeout=5)
        status = Path(f"/proc/{process}/status").read_text()
        megabytes = int(status.split("VmRSS:")[1].split()[0]) / 1000
        found.append((time.monotonic() - began, megabytes))
    return found


@contextmanager
def _running(command: list[str]) -> Iterator[tuple[int, int]]:
    """A server on a free port, once it takes connections; its process and port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL)
    try:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None:
                    sys.exit(f"did not start: {' '.join(command)}")
                time.sleep(0.1)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(20)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("document", type=Path)
    parser.add_argument("--engine", choices=("schema", "llm"), default="schema")
    parser.add_argument("--sessions", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--lifetime", type=int, default=60, help="requests of a session")
    return parser.parse_args()


_FAKE = Path(__file__).with_name("fake_model.py")

if __name__ == "__main__":
    sys.exit(main())
