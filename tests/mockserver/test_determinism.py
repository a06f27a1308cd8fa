"""The same seed, document and requests give the same bytes, in every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

ASK_EVERYTHING = """
import asyncio, hashlib, json, re, sys

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.settings import Settings
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

async def ask(app, method, path, body):
    sent = []
    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}
    async def send(message):
        sent.append(message)
    headers = [(b"host", b"mock.test"), (b"content-type", b"application/json")]
    await app({"type": "http", "method": method, "path": path, "raw_path": path.encode(),
               "query_string": b"", "headers": headers}, receive, send)
    return sent

async def main():
    seed, *sources = sys.argv[1:]
    for source in sources:
        document = load_document(source)
        app = create_app([document], Settings(seed=int(seed), authenticate=False))
        generator = ValueGenerator(document.root, 7, direction="request")
        digest = hashlib.sha256()
        for operation in [*document, *document]:
            path = re.sub(r"\\{[^}]*\\}", "1", operation.path)
            body = b""
            for media_type in (operation.body.content.values() if operation.body else ()):
                try:
                    body = json.dumps(generator.generate(media_type.schema)).encode()
                except NoInstance:
                    pass
                break
            digest.update(repr(await ask(app, operation.method.upper(), path, body)).encode())
        print(json.dumps([document.name, digest.hexdigest()]))

asyncio.run(main())
"""


def digests(hash_seed: str, seed: str, sources: Sequence[Path]) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", ASK_EVERYTHING, seed, *map(str, sources)],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def same_in_two_processes(sources: Sequence[Path]) -> None:
    first = digests("1", "0", sources)
    assert len(first) == len(sources)
    assert digests("2", "0", sources) == first


def test_two_processes_say_the_same() -> None:
    sources = sorted(EXAMPLES.glob("*.yaml"))
    same_in_two_processes(sources)
    assert digests("1", "1", sources) != digests("1", "0", sources)


@pytest.mark.parametrize(
    "pattern",
    [
        "torture/*petstore*",
        "torture/*schema*",
        pytest.param("vendor/*", marks=pytest.mark.slow),
        pytest.param("guru/*", marks=pytest.mark.slow),
    ],
)
def test_two_processes_say_the_same_of_real_documents(shared: Path, pattern: str) -> None:
    found = (shared / "specs").glob(pattern)
    same_in_two_processes(sorted(p for p in found if p.suffix in (".json", ".yaml", ".yml")))
