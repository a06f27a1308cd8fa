#!/usr/bin/env python3
"""An OpenAI-compatible server that answers with values of the schema it is given, well or badly.

    python benchmarks/fake_model.py --port 9000 --bad 0.3 --seconds 0.05
    toolalpaca mock spec.yaml --engine llm --model openai:fake --model-url http://127.0.0.1:9000/v1

It stands for a model where only the traffic counts: load, Schemathesis, a look by hand.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from typing import Any

import uvicorn

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.llm.bounding import Bounds, bounded
from toolalpaca_mockserver.values import ValueGenerator

_SMALL = Bounds(string=60, items=5, nodes=120)
_BAD = (
    "I cannot help with that.",
    "",
    "[[[[",
    '{"items": [1, null]}',
    "null",
    '"\\ud800"',
    "x" * 9999,
)


class FakeModel:
    """The server, as an ASGI application.

    Args:
        bad: The share of replies that are no answer.
        failing: The share of requests that are refused with 429 or 500.
        seconds: How long it takes to answer.
        seed: Another seed, other answers.
    """

    def __init__(self, bad: float, failing: float, seconds: float, seed: int) -> None:
        self.bad, self.failing, self.seconds = bad, failing, seconds
        self._chance = random.Random(seed)
        self._count = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one connection."""
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        body = json.loads(await _read(receive) or b"{}")
        if self.seconds:
            await asyncio.sleep(self.seconds)
        if self._chance.random() < self.failing:
            await _send(send, self._chance.choice([429, 500]), b"{}", b"application/json")
            return
        text = self._text(body)
        chunks = [
            {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]},
            {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            {"choices": [], "usage": {"prompt_tokens": 500, "completion_tokens": len(text) // 4}},
        ]
        raw = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
        await _send(send, 200, raw + b"data: [DONE]\n\n", b"text/event-stream")

    def _text(self, body: dict[str, Any]) -> str:
        self._count += 1
        if self._chance.random() < self.bad:
            return self._chance.choice(_BAD)
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
        if schema is None:
            return "ready"
        try:
            small = bounded(schema, _SMALL)
            return json.dumps(ValueGenerator(small, self._count % 200).generate(small))
        except ToolAlpacaError:
            return "{}"


async def _read(receive: Any) -> bytes:
    body: bytes = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


async def _send(send: Any, status: int, body: bytes, kind: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def main() -> int:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--bad", type=float, default=0.0, help="share of replies that are wrong")
    parser.add_argument("--failing", type=float, default=0.0, help="share of 429 and 500")
    parser.add_argument("--seconds", type=float, default=0.0, help="time that a reply takes")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    app = FakeModel(options.bad, options.failing, options.seconds, options.seed)
    uvicorn.run(app, port=options.port, log_level="error", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
