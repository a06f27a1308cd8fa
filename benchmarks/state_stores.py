#!/usr/bin/env python3
"""What an operation costs on each store, side by side with the memory's, in one run.

    python benchmarks/state_stores.py --state sqlite:////tmp/worlds.db redis://127.0.0.1 ...

Wall time of one process that waits for each answer, in microseconds: ``get``, ``put``, ``list``
(of 20 items) and ``has`` are one transaction each; ``GET``, ``POST`` and ``LIST`` are whole
requests to the application, without HTTP. Read the ratios, which come from one run; the machine may
be shared, so each number is the median of several rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import MockServerApp, create_app
from toolalpaca_mockserver.state.limits import Limits
from toolalpaca_mockserver.state.store import Store
from toolalpaca_mockserver.state.stores import StateUrl, store_at

EXAMPLES = Path(__file__).parents[1] / "examples"
_ROUNDS = 7
_LISTED = 20
_UNLIMITED = Limits(None, None, None, None)
_ITEM = {"id": 1, "name": "Rex", "kind": "dog", "tags": ["a", "b"], "owner": {"name": "Ada"}}
_ALERT = {"train_id": "AL164-20270514", "email": "jonas.weber@mail.example"}

Do = Callable[[int], Awaitable[object]]


async def measured(do: Do, count: int) -> float:
    """Microseconds of one call, the median of several rounds."""
    found = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        for number in range(count):
            await do(number)
        found.append((time.perf_counter() - began) / count * 1e6)
    return statistics.median(found)


def transactions(store: Store) -> dict[str, Do]:
    """What is done in one transaction."""

    async def get(number: int) -> object:
        async with store.open("bench", reads=True) as world:
            return await world.get("x:/pets", str(number % _LISTED))

    async def has(number: int) -> object:
        async with store.open("bench", reads=True) as world:
            return await (await world.ids("x:/pets")).has(str(number))

    async def listed(number: int) -> object:
        del number
        async with store.open("bench", reads=True) as world:
            return await world.items("x:/pets")

    async def put(number: int) -> None:
        async with store.open("bench") as world:
            await world.put("x:/pets", str(number % _LISTED), _ITEM)

    return {"get": get, "has": has, "list": listed, "put": put}


def requests(app: MockServerApp) -> dict[str, Do]:
    """Whole requests, as an ASGI server hands them over."""

    async def ask(method: str, path: str, body: bytes = b"") -> bytes:
        answer: list[Any] = []
        headers = [(b"x-api-key", b"key"), (b"content-type", b"application/json")]
        scope = {"type": "http", "method": method, "path": path, "raw_path": path.encode(),
                 "query_string": b"", "headers": headers, "scheme": "http"}  # fmt: skip

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: Any) -> None:
            answer.append(message)

        await app(scope, receive, send)
        if answer[0]["status"] >= 300:
            raise SystemExit(f"{method} {path}: {answer[0]['status']} {answer[1]['body']!r}")
        content: bytes = answer[1]["body"]
        return content

    async def post(number: int) -> object:
        del number
        return await ask("POST", "/alerts", json.dumps(_ALERT).encode())

    async def read(number: int) -> object:
        del number
        return await ask("GET", "/stations/VIE")

    async def listed(number: int) -> object:
        del number
        return await ask("GET", "/stations")

    return {"GET": read, "LIST": listed, "POST": post}


async def measure(url: str, count: int) -> dict[str, float]:
    """What each operation takes on the store at *url*, in microseconds."""
    store = store_at(StateUrl(url), _UNLIMITED)
    await store.prepare()
    app = create_app([load_document(EXAMPLES / "railway.yaml")], store=store)
    for session in ("bench", "default"):
        await store.forget(session)
    async with store.open("bench") as world:
        await world.begin("x:/pets", {str(n): _ITEM for n in range(_LISTED)}, "")
    found = {}
    for name, do in {**transactions(store), **requests(app)}.items():
        await do(0)
        found[name] = await measured(do, count)
    await store.aclose()
    return found


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--state", nargs="*", default=[], metavar="URL", help="stores to measure")
    parser.add_argument("--count", type=int, default=200, help="operations in a round")
    options = parser.parse_args()
    found = {
        str(StateUrl(url)): asyncio.run(measure(url, options.count))
        for url in ("memory", *options.state)
    }
    names = list(found["memory"])
    print(f"{'microseconds':<44}" + "".join(f"{name:>16}" for name in names))
    for url, numbers in found.items():
        cells = (f"{v:9.0f} x{v / found['memory'][n]:5.1f}" for n, v in numbers.items())
        print(f"{url:<44}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main()
