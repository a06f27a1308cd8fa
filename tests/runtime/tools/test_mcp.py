from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import ApiError
from toolalpaca.logs import configure_logging
from toolalpaca.trace import Call
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.tools.mcp import open_mcp
from toolalpaca_runtime.user import PendingCall

from ..conftest import serving

pytest.importorskip("mcp")

# A server that is the SDK's own, with nothing of ours in it.
SERVER = '''
import base64
from mcp.server.mcpserver import MCPServer, Image
from mcp_types import ToolAnnotations

server = MCPServer("harbour", title="The harbour")

@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def tide(port: str, hours: int = 1) -> str:
    """Tell the tide of a port."""
    return f"{port}: high in {hours} h"

@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def ships() -> dict[str, list[str]]:
    """List the ships."""
    return {"ships": ["Argo", "Nina"]}

@server.tool()
def sink(ship: str) -> str:
    """Sink a ship."""
    return f"{ship} is gone"

@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def broken() -> str:
    raise RuntimeError("no tide today")

@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def chart() -> Image:
    return Image(data=b"\\x89PNG....", format="png")
'''


@pytest.fixture(params=["stdio", "http"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    file = tmp_path / "harbour.py"
    if request.param == "stdio":
        file.write_text(SERVER + "\nserver.run('stdio')\n")
        yield f"'{sys.executable}' '{file}'"
        return
    with _http_server() as url:
        yield url


@contextmanager
def _http_server(code: str = SERVER) -> Iterator[str]:
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    with serving(namespace["server"].streamable_http_app(), lifespan="on") as url:
        yield f"{url}/mcp"


def play(target: str, *calls: Call, approval: bool | None = None) -> tuple[Any, list[Observation]]:
    async def approve(_pending: PendingCall) -> bool | None:
        return approval

    async def make() -> tuple[Any, list[Observation]]:
        async with await open_mcp(target) as tools:
            return tools, [await tools.call(call, approve) for call in calls]

    return asyncio.run(make())


def call(tool: str, **arguments: Any) -> Call:
    return Call(id="1", tool=tool, arguments=arguments)


def test_the_tools_of_a_server_are_tools_here(target: str) -> None:
    tools, seen = play(
        target,
        call("tide", port="Bergen", hours="2"),
        call("ships"),
        call("broken"),
        call("tide"),
        call("chart"),
    )
    assert (tools.name, tools.title) == ("harbour", "The harbour")
    assert [spec.name for spec in tools.specs] == ["tide", "ships", "sink", "broken", "chart"]
    assert tools.specs[0].description == "Tell the tide of a port."
    texts = [item.text for item in seen]
    assert texts[0] == "Bergen: high in 2 h"
    assert "Argo" in texts[1]
    assert texts[2].startswith("The tool failed: ")
    assert "port" in texts[3]
    assert seen[3].source == "validator"
    assert seen[4].payload is not None
    assert (seen[4].payload.content_type, seen[4].payload.data[:4]) == ("image/png", b"\x89PNG")


@pytest.mark.parametrize(("approval", "words"), [(True, "Argo is gone"), (None, "Refused")])
def test_what_is_not_called_read_only_is_asked_about(
    target: str, approval: bool | None, words: str
) -> None:
    _, (seen,) = play(target, call("sink", ship="Argo"), approval=approval)
    assert words in seen.text
    assert seen.approved is approval


@pytest.mark.parametrize(
    "target",
    ["no-such-program-anywhere --flag", f"'{sys.executable}' -c pass", "http://127.0.0.1:9/mcp"],
)
def test_a_server_that_is_none_is_a_clear_error(target: str) -> None:
    with pytest.raises(ApiError, match="the MCP server cannot be used") as caught:
        asyncio.run(_open(target))
    assert caught.value.where == target


def test_an_empty_target_is_a_clear_error() -> None:
    with pytest.raises(ApiError, match="there is neither a URL nor a command"):
        asyncio.run(_open(" "))


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    file = tmp_path / "broken.py"
    file.write_text("import no_such_module_anywhere")
    with pytest.raises(ApiError, match="it said: ModuleNotFoundError"):
        asyncio.run(_open(f"'{sys.executable}' '{file}'"))


def test_a_server_that_prints_is_passed_over_without_a_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "prints.py"
    file.write_text(SERVER + "\nprint('starting', flush=True)\nserver.run('stdio')\n")
    configure_logging(0)
    _, (seen,) = play(f"'{sys.executable}' '{file}'", call("ships"))
    assert "Argo" in seen.text
    assert capfd.readouterr().err == ""


async def _open(target: str) -> None:
    async with await open_mcp(target):
        pass


def test_a_server_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("toolalpaca_runtime.tools.mcp._CONNECTS_WITHIN", 0.05)
    with pytest.raises(ApiError, match=r"it was not ready within 0\.05 s"):
        asyncio.run(_open(f"'{sys.executable}' -c 'import sys; sys.stdin.read()'"))


ECHO = """
from mcp_types import CallToolResult

@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def echo() -> CallToolResult:
    return CallToolResult(content=[], structured_content={"said": "Bearer Argo-canary"})
"""


def test_a_token_does_not_show_in_results() -> None:
    async def make(url: str) -> Observation:
        async with await open_mcp(url, token="Argo-canary") as tools:
            return await tools.call(call("echo"))

    with _http_server(SERVER + ECHO) as url:
        text = asyncio.run(make(url)).text
    assert text == '{"said":"Bearer ***"}'


def test_a_server_that_dies_is_an_observation(tmp_path: Path) -> None:
    file = tmp_path / "dies.py"
    file.write_text(SERVER.replace("return f\"{port}", "import os; os._exit(3); return f\"{port}")
                    + "\nserver.run('stdio')\n")  # fmt: skip
    _, seen = play(f"'{sys.executable}' '{file}'", call("tide", port="x"), call("ships"))
    assert all(item.text.startswith("No response: ") for item in seen)
