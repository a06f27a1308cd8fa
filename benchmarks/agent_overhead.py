#!/usr/bin/env python3
"""What an agent costs a model turn beside a plain loop and other agents, all in one run.

    python -m venv PEERS
    PEERS/bin/pip install smolagents 'pydantic-ai-slim[openai]' openai-agents httpx
    python benchmarks/agent_overhead.py --peers-python PEERS/bin/python

The peers have an environment of their own, since their pins conflict with ours; without
``--peers-python`` they are left out. One server in its own process is the model (canned replies
that take no time) and the tool (``GET /items/{item_id}``, described by an OpenAPI document for
ours, a Python function for the others). The clients take turns, each in a fresh process, several
times over; what counts is the median.

Processor time is that of the client's process. Read the multiples, which are of a plain loop of the
same kind over the openai SDK: one that streams, and pays for each chunk; one that does not; and one
without asyncio. Ours speaks the protocol without the SDK, hence a multiple below 1.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CLIENTS = Path(__file__).resolve().with_name("agent_clients.py")
_OURS = ("plain", "plain-sync", "plain-stream", "toolalpaca-stream")
_PEERS = (
    "smolagents-sync",
    "openai-agents",
    "openai-agents-stream",
    "pydantic-ai",
    "pydantic-ai-stream",
)
_STARTS_WITHIN = 30.0
_COMMANDS = 5  # times that `toolalpaca --help` is run
_ANSWER = "All of it is in aisle seven."
_USAGE = {"prompt_tokens": 900, "completion_tokens": 30, "total_tokens": 930}


def main() -> None:
    """Measure, and print a table (or JSON)."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--peers-python", type=Path, help="the Python that has the peers")
    parser.add_argument("--turns", type=int, default=10, help="tool calls of a conversation")
    parser.add_argument("--runs", type=int, default=20, help="conversations of a measurement")
    parser.add_argument("--repetitions", type=int, default=5, help="measurements of a client")
    parser.add_argument("--only", action="append", choices=(*_OURS, *_PEERS))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--serve", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        _serve(options.serve, options.turns)
        return
    pythons = dict.fromkeys(_OURS, sys.executable)
    if options.peers_python:
        pythons |= dict.fromkeys(_PEERS, str(options.peers_python.absolute()))
    chosen = {c: p for c, p in pythons.items() if not options.only or c in options.only}
    numbers = _measure(chosen, options)
    numbers["toolalpaca --help"] = {"wall": _help_milliseconds()}
    if options.json:
        print(json.dumps(numbers, indent=2))
    else:
        _print_table(numbers)


def _measure(
    pythons: Mapping[str, str], options: argparse.Namespace
) -> dict[str, dict[str, float]]:
    """The medians of what each client measured, by client."""
    measured: dict[str, list[dict[str, float]]] = defaultdict(list)
    amounts = ["--turns", str(options.turns), "--runs", str(options.runs)]
    with _server(options.turns) as url:
        for repetition in range(options.repetitions):
            for client, python in pythons.items():
                print(f"{client}, {repetition + 1} of {options.repetitions}", file=sys.stderr)
                command = [python, str(_CLIENTS), client, url, *amounts]
                with tempfile.TemporaryDirectory(prefix="agent-overhead-") as folder:
                    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=folder)
                measured[client].append(json.loads(done.stdout))
    return {
        client: {key: statistics.median(row[key] for row in rows) for key in rows[0]}
        for client, rows in measured.items()
    }


def _help_milliseconds() -> float:
    times = []
    for _ in range(_COMMANDS):
        began = time.perf_counter()
        command = [sys.executable, "-m", "toolalpaca", "--help"]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


def _print_table(numbers: Mapping[str, Mapping[str, float]]) -> None:
    print("| client | CPU, ms a turn | of the plain loop | wall, ms a turn | memory, MB (peak) |")
    print("|---|---:|---:|---:|---:|")
    for client, row in numbers.items():
        if "cpu" not in row:
            continue
        reference = numbers.get(_plain_of(client), row)
        print(
            f"| {client} | {row['cpu']:.2f} | {row['cpu'] / reference['cpu']:.2f} "
            f"| {row['wall']:.2f} | {row['resident']:.0f} ({row['peak']:.0f}) |"
        )
    print(f"\n`toolalpaca --help`: {numbers['toolalpaca --help']['wall']:.0f} ms")


def _plain_of(client: str) -> str:
    """The plain loop of the same kind."""
    kind = client.rpartition("-")[2]
    return f"plain-{kind}" if kind in ("sync", "stream") else "plain"


@contextmanager
def _server(turns: int) -> Iterator[str]:
    """The model and the tool, in a process of their own; yields their URL."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, __file__, "--serve", str(port), "--turns", str(turns)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + _STARTS_WITHIN
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("the model's server did not start")
                time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _serve(port: int, turns: int) -> None:
    import uvicorn

    app = _Server(turns, f"http://127.0.0.1:{port}")
    uvicorn.run(app, port=port, log_level="error", access_log=False, lifespan="off")


class _Server:
    """The model and the tool as one ASGI application; all of its answers are made beforehand.

    Which turn of the conversation is due is counted by the key that a client sends: how clients
    tell the model what happened differs.
    """

    def __init__(self, turns: int, url: str) -> None:
        self._asked: Counter[str] = Counter()
        self._turns = turns
        self._document = json.dumps(_document(url)).encode()
        final = {"answer": _ANSWER}  # smolagents wants its answer as a call
        self._replies = {
            stream: {
                "call": [_reply(None, "get_item", {"item_id": n}, stream) for n in range(turns)],
                "answer": [_reply(_ANSWER, "", {}, stream)],
                "final": [_reply(None, "final_answer", final, stream)],
            }
            for stream in (False, True)
        }

    async def __call__(
        self,
        scope: dict[str, Any],
        receive: Callable[[], Awaitable[dict[str, Any]]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        """Serve one request."""
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        content_type = b"application/json"
        if scope["path"].endswith("/chat/completions"):
            stream = json.loads(body).get("stream", False)
            content_type = b"text/event-stream" if stream else content_type
            parts = self._reply(dict(scope["headers"])[b"authorization"].decode(), stream)
        elif scope["path"] == "/openapi.json":
            parts = [self._document]
        else:
            parts = [_item(int(scope["path"].rpartition("/")[2]))]
        headers = [(b"content-type", content_type)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for part in parts:
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _reply(self, client: str, stream: bool) -> list[bytes]:
        turn = self._asked[client] % (self._turns + 1)
        self._asked[client] += 1
        replies = self._replies[stream]
        if turn < self._turns:
            return replies["call"][turn]
        return replies["final" if "smolagents" in client else "answer"][0]


def _item(number: int) -> bytes:
    places = [
        {"aisle": 7, "shelf": "B", "count": 3 + number},
        {"aisle": 7, "shelf": "C", "count": 1},
    ]
    item = {"id": number, "name": "Brass hinge", "price": 4.2, "tags": ["door"], "places": places}
    return json.dumps(item).encode()


def _document(url: str) -> dict[str, Any]:
    """The tool as an API."""
    place = {
        "aisle": {"type": "integer"},
        "shelf": {"type": "string"},
        "count": {"type": "integer"},
    }
    item = {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "price": {"type": "number"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "places": {"type": "array", "items": {"type": "object", "properties": place}},
    }
    schema = {"type": "object", "properties": item, "required": ["id", "name"]}
    parameter = {
        "name": "item_id",
        "in": "path",
        "required": True,
        "description": "Which item.",
        "schema": {"type": "integer"},
    }
    content = {"application/json": {"schema": schema}}
    operation = {
        "operationId": "get_item",
        "summary": "One item.",
        "parameters": [parameter],
        "responses": {"200": {"description": "It.", "content": content}},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stock", "version": "1"},
        "servers": [{"url": url}],
        "paths": {"/items/{item_id}": {"get": operation}},
    }


def _reply(text: str | None, tool: str, arguments: Mapping[str, Any], stream: bool) -> list[bytes]:
    """A reply, whole or as the events of a stream, a word or a bit of the arguments each."""
    written = json.dumps(arguments)
    finish = "tool_calls" if tool else "stop"
    base: dict[str, Any] = {"id": "chatcmpl-1", "created": 1, "model": "canned"}
    identity = f"call_{arguments.get('item_id', 0)}"
    call = {"id": identity, "type": "function", "function": {"name": tool, "arguments": written}}
    if not stream:
        message: dict[str, Any] = {"role": "assistant", "content": text}
        message |= {"tool_calls": [call]} if tool else {}
        choice: dict[str, Any] = {"index": 0, "message": message, "finish_reason": finish}
        whole = {**base, "object": "chat.completion", "choices": [choice], "usage": _USAGE}
        return [json.dumps(whole).encode()]
    if tool:
        opening = {**call, "index": 0, "function": {"name": tool, "arguments": ""}}
        deltas: list[dict[str, Any]] = [{"tool_calls": [opening]}]
        deltas += [
            {"tool_calls": [{"index": 0, "function": {"arguments": written[at : at + 4]}}]}
            for at in range(0, len(written), 4)
        ]
    else:
        deltas = [{"content": f"{word} "} for word in str(text).split(" ")[:-1]]
        deltas.append({"content": str(text).split(" ")[-1]})
    deltas[0] |= {"role": "assistant"}
    choices: list[list[dict[str, Any]]] = [
        [{"index": 0, "delta": delta, "finish_reason": None}] for delta in deltas
    ]
    choices.append([{"index": 0, "delta": {}, "finish_reason": finish}])
    base |= {"object": "chat.completion.chunk"}
    chunks = [{**base, "choices": choice} for choice in choices]
    chunks.append({**base, "choices": [], "usage": _USAGE})
    events = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
    return [*events, b"data: [DONE]\n\n"]


if __name__ == "__main__":
    main()
