"""A canary for a secret, an API that repeats whatever it is sent, and all places where it may show.

What is shown is searched as it is, and after undoing percent-encoding, JSON escapes and base64.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, unquote_plus

import pytest
from fastapi import FastAPI, Form, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse, RedirectResponse

from toolalpaca.cli import main
from toolalpaca.llm.options import Secret
from toolalpaca.llm.protocol import Completion, ToolCall
from toolalpaca.llm.scripted import Scripted
from toolalpaca.openapi.loading import load_document
from toolalpaca.trace import Call, TraceWriter
from toolalpaca_runtime.agent import Agent
from toolalpaca_runtime.auth import Credentials
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.limits import Limits
from toolalpaca_runtime.network.settings import Bounds, NetworkSettings
from toolalpaca_runtime.storage import Storage
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools.api import ApiTools

from .conftest import Serve

CANARY = "c4n4ry/7f3a+s3cret"
TOKEN = "t0k3n.c4n4ry-7f3a_at-run-time"

SCHEMES: dict[str, tuple[dict[str, Any], str]] = {
    "header": ({"type": "apiKey", "in": "header", "name": "X-Key"}, CANARY),
    "query": ({"type": "apiKey", "in": "query", "name": "key"}, CANARY),
    "cookie": ({"type": "apiKey", "in": "cookie", "name": "sid"}, CANARY),
    "bearer": ({"type": "http", "scheme": "bearer"}, CANARY),
    "basic": ({"type": "http", "scheme": "basic"}, f"me:{CANARY}"),
    "oauth2": (
        {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "token", "scopes": {}}}},
        f"me:{CANARY}",
    ),
}
OPERATIONS = (
    "echo", "unauthorized", "page", "escaped", "encoded", "binary", "elsewhere", "moved", "cut",
    "long", "broken", "refused",
)  # fmt: skip


def parrot() -> FastAPI:  # noqa: C901 - it has many ways
    """An API that repeats what it was sent, in every way that it can think of."""
    app = FastAPI(title="Parrot")

    def received(request: Request) -> str:
        headers = [f"{name}: {value}" for name, value in request.headers.items()]
        texts = [str(request.url), *headers]
        for kind, _, value in (line.partition(" ") for line in headers):
            if kind:
                texts.append(unquote(value))
            try:
                texts.append(base64.b64decode(value.rpartition(" ")[2], validate=True).decode())
            except ValueError:
                continue
        return "\n".join(texts)

    @app.post("/token", include_in_schema=False)
    def token(grant_type: str = Form()) -> dict[str, Any]:
        return {"access_token": TOKEN, "expires_in": 3600}

    @app.get("/echo", operation_id="echo")
    def echo(request: Request) -> Any:
        said = received(request)
        return JSONResponse({"said": said, said[:4000]: 1}, headers={"x-echo": quote(said)})

    @app.get("/unauthorized", operation_id="unauthorized")
    def unauthorized(request: Request) -> Any:
        return JSONResponse({"detail": f"not with {received(request)}"}, 401)

    @app.get("/page", operation_id="page")
    def page(request: Request) -> Any:
        return Response(f"<p>{html.escape(received(request))}</p>", media_type="text/html")

    @app.get("/escaped", operation_id="escaped")
    def escaped(request: Request) -> Any:
        units = received(request).encode("utf-16-be").hex()
        text = "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
        return Response(f'{{"said": "{text}"}}', media_type="application/json")

    @app.get("/encoded", operation_id="encoded")
    def encoded(request: Request) -> Any:
        said = received(request)
        return {
            "percent": quote(said, safe=""),
            "lower": re.sub("%..", lambda match: match[0].lower(), quote(said, safe="")),
            "base64": [base64.b64encode(b"x" * n + said.encode()).decode() for n in range(3)],
            "url": base64.urlsafe_b64encode(said.encode()).decode().rstrip("="),
        }

    @app.get("/binary", operation_id="binary")
    def binary(request: Request) -> Any:
        return Response(b"\0" + received(request).encode(), media_type="application/octet-stream")

    @app.get("/elsewhere", operation_id="elsewhere")
    def elsewhere(request: Request) -> Any:
        return RedirectResponse("http://elsewhere.invalid/?said=" + quote(received(request)))

    @app.get("/moved", operation_id="moved")
    def moved(request: Request) -> Any:
        return RedirectResponse("/echo?said=" + quote(received(request)))

    @app.get("/cut", operation_id="cut")
    def cut(request: Request) -> Any:
        said = received(request)
        place = max(said.rfind("7f3a") + 4, 12)
        return PlainTextResponse("x" * (5000 - place) + said)

    @app.get("/long", operation_id="long")
    def long(request: Request) -> Any:
        return JSONResponse([received(request)] * 2)

    @app.get("/broken", operation_id="broken")
    def broken(request: Request) -> Any:
        return Response(received(request), headers={"content-encoding": "gzip"})

    @app.get("/refused", operation_id="refused")
    def refused(request: Request) -> Any:
        said = quote(received(request), safe="")
        return Response(headers={"location": f"http://[{said}", "x-a": said}, status_code=302)

    return app


def described(kind: str, url: str) -> dict[str, Any]:
    document = parrot().openapi()
    document["servers"] = [{"url": url}]
    document["components"] = {"securitySchemes": {kind: SCHEMES[kind][0]}}
    document["security"] = [{kind: []}]
    return document


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def undone(text: str) -> Iterator[str]:
    """*text*, and what it says when its encodings are undone."""
    yield text
    yield unquote(text)
    yield unquote_plus(text)
    yield html.unescape(text)
    yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text)
    yield text.replace("\\/", "/")
    for run in re.findall(r"[A-Za-z0-9+/_-]{8,}", text):
        for start in range(4):
            part = run[start:].replace("-", "+").replace("_", "/")
            part = part[: len(part) // 4 * 4]
            yield base64.b64decode(part).decode("latin-1")


def leaks(text: str) -> list[str]:
    """Where the canary shows in *text*."""
    return [
        said[max(place - 40, 0) : place + 40]
        for said in undone(text)
        for word in ("c4n4ry", "7f3a", "s3cret")
        for place in [said.find(word)]
        if place >= 0
    ]


def test_the_search_finds_what_leaks() -> None:
    secret = CANARY
    for text in (secret, quote(secret, safe=""), base64.b64encode(b"x" + secret.encode()).decode()):
        assert leaks(f"before {text} after")


@pytest.mark.parametrize("kind", SCHEMES)
def test_neither_prompts_nor_traces_show_a_secret(serve: Serve, tmp_path: Path, kind: str) -> None:
    url = serve(parrot())
    calls = [
        Completion("", (ToolCall(id=str(n), name=name, arguments="{}"),), finish="tool_calls")
        for n, name in enumerate(OPERATIONS)
    ]
    model = Scripted([*calls, "done"])
    path = tmp_path / "trace.jsonl"

    async def run() -> str:
        credentials = Credentials({kind: Secret(SCHEMES[kind][1])})
        document = load_document(described(kind, url))
        async with ApiTools(
            document, url, credentials=credentials, bounds=Bounds(bytes=5000)
        ) as api:
            with TraceWriter(path) as writer:
                toolbox = Toolbox([api], storage=Storage(tmp_path / "kept"))
                agent = Agent(model, toolbox, recorder=writer, limits=Limits(steps=30))
                events = [event async for event in agent.run("go")]
                agent.finish()
            return f"{events!r} {api!r} {credentials!r}"

    said = asyncio.run(run())
    prompts = "\n".join(repr(request) for request in model.requests)
    kept = [file.read_bytes().decode("latin-1") for file in (tmp_path / "kept").rglob("*.*")]
    assert len(model.requests) == len(OPERATIONS) + 1
    assert "***" in prompts
    assert kept
    for shown in (prompts, path.read_text(), said, *kept):
        assert leaks(shown) == []


@pytest.mark.parametrize("kind", SCHEMES)
@pytest.mark.parametrize("more", [["-vv"], ["-vv", "--json"], ["-vv", "--dry-run", "--json"]])
def test_no_command_shows_a_secret(
    serve: Serve,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
    more: list[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    url = serve(parrot())
    Path("parrot.json").write_text(json.dumps(described(kind, url)))
    lines = [{"tool_calls": [{"name": name}]} for name in OPERATIONS]
    replies = [*lines, {"text": "done"}]
    Path("script.jsonl").write_text("".join(json.dumps(line) + "\n" for line in replies))
    secret = SCHEMES[kind][1]
    words = ["ask", "parrot.json", "go", "--model", "scripted:script.jsonl", "--trace", "t.jsonl"]
    words += ["--auth", f"{kind}={secret}", "--max-steps", "30", *more]
    assert main(words) == 0
    out, err = capsys.readouterr()
    trace = Path("t.jsonl").read_text()
    assert trace.count("***") >= len(OPERATIONS)
    for shown in (out, err, trace):
        assert leaks(shown) == []


@pytest.mark.parametrize("kind", SCHEMES)
def test_no_error_shows_a_secret(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("parrot.json").write_text(json.dumps(described(kind, "http://127.0.0.1:9")))
    Path("script.jsonl").write_text('{"tool_calls": [{"name": "echo"}]}\n')
    words = ["ask", "parrot.json", "go", "--model", "scripted:script.jsonl", "-vv"]
    assert main([*words, "--auth", f"{kind}={SCHEMES[kind][1]}"]) == 1
    assert main([*words, "--auth", f"other={SCHEMES[kind][1]}"]) == 2
    assert main([*words, "--auth", f"{kind}=me:{CANARY}\n"]) == 2
    monkeypatch.setenv(f"TOOLALPACA_AUTH_{kind.upper()}", f"me:{CANARY}\x01")
    assert main(words) == 2
    shown = "".join(capsys.readouterr())
    assert "cannot be reached" in shown
    assert leaks(shown) == []


def test_no_proxy_shows_its_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("http_proxy", f"http://me:{quote(CANARY, safe='')}@127.0.0.1:9")
    Path("parrot.json").write_text(json.dumps(described("header", "http://api.acme.dev")))
    Path("script.jsonl").write_text('{"tool_calls": [{"name": "echo"}]}\n')
    words = ["ask", "parrot.json", "go", "--model", "scripted:script.jsonl", "-vv"]
    assert main([*words, "--auth", f"header={CANARY}"]) == 1
    shown = "".join(capsys.readouterr())
    assert "api.acme.dev:80: cannot be reached" in shown
    assert leaks(shown) == []


def test_a_secret_that_only_a_file_holds_does_not_show_either(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "credentials.toml"
    path.write_text(f'["127.0.0.1"]\nheader = "{CANARY}"\n')
    path.chmod(0o600)
    url = serve(parrot())
    (tmp_path / "parrot.json").write_text(json.dumps(described("header", url)))

    async def run() -> str:
        opened = open_api(
            str(tmp_path / "parrot.json"),
            auth_file=path,
            environment={},
            network=NetworkSettings(bounds=Bounds(seconds=20)),
        )
        async with await opened as api:
            return repr(await api.call(Call(id="1", tool="echo")))

    said = asyncio.run(run())
    assert "***" in said
    assert leaks(said) == []
