from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from toolalpaca.command import CommandParser
from toolalpaca_runtime.commands.options import add_agent_options
from toolalpaca_runtime.commands.sources import open_sources
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.api import ApiTools

OPERATION = {
    "operationId": "ping",
    "security": [{"key": []}],
    "responses": {"200": {"description": "ok"}},
}


def document(folder: Path, name: str) -> str:
    path = folder / f"{name}.json"
    scheme = {"type": "apiKey", "in": "header", "name": "X-Key"}
    described = {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1"},
        "servers": [{"url": f"https://{name}.dev"}],
        "paths": {"/ping": {"get": OPERATION}},
        "components": {"securitySchemes": {"key": scheme}},
    }
    path.write_text(json.dumps(described))
    return str(path)


def test_a_credential_of_the_environment_goes_to_the_first_api_that_has_its_scheme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOOLALPACA_AUTH_KEY", "canary")
    monkeypatch.setenv("HOME", str(tmp_path))
    parser = CommandParser(prog="toolalpaca ask")
    add_agent_options(parser)
    one, other = document(tmp_path, "acme"), document(tmp_path, "stranger")
    options = parser.parse_args([one, "--also", other])

    async def lacking() -> list[dict[str, tuple[str, ...]]]:
        async with AsyncExitStack() as stack:
            sources = await open_sources(options, Policy(), stack)
            return [source.lacking() for source in sources if isinstance(source, ApiTools)]

    assert asyncio.run(lacking()) == [{}, {"ping": ("key",)}]
    assert "--auth-file" in capsys.readouterr().err
