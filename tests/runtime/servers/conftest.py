"""Servers that others wrote, each a process on loopback; `scripts/servers` installs them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

FOLDER = Path(__file__).parents[3] / ".servers"

_HTTPBIN = """
import sys
from httpbin import app
from werkzeug.serving import make_server
tls = (sys.argv[1], sys.argv[1]) if sys.argv[1:] else None
server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=tls)
print(server.server_port, flush=True)
server.serve_forever()
"""
_JSON_SERVER = """
const jsonServer = require("json-server")
const server = jsonServer.create()
server.use(jsonServer.defaults({ logger: false }))
server.use(jsonServer.router({
  posts: [{ id: 1, title: "One", authorId: 7 }, { id: 2, title: "Two", authorId: 8 }],
  profile: { name: "Ada" },
}))
const listening = server.listen(0, "127.0.0.1", () => console.log(listening.address().port))
"""


@contextmanager
def running(command: Sequence[str], cwd: Path) -> Iterator[int]:
    """A server process, which prints its port when it is ready."""
    process = subprocess.Popen(
        command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.communicate()


def installed(name: str) -> Path:
    folder = FOLDER / name
    if not (folder / ".done").exists():
        pytest.skip(f"{name} is not installed: scripts/servers")
    return folder


@pytest.fixture(scope="session")
def httpbin() -> Iterator[str]:
    folder = installed("httpbin")
    with running([str(folder / "bin/python"), "-c", _HTTPBIN], folder) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def ca_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tls")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    return folder / "ca.pem"


@pytest.fixture(scope="session")
def httpbin_tls(ca_file: Path) -> Iterator[str]:
    folder = installed("httpbin")
    command = [str(folder / "bin/python"), "-c", _HTTPBIN, str(ca_file.parent / "server.pem")]
    with running(command, folder) as port:
        yield f"https://127.0.0.1:{port}"


@pytest.fixture
def json_server() -> Iterator[str]:
    folder = installed("json-server")
    with running(["node", "-e", _JSON_SERVER], folder) as port:
        yield f"http://127.0.0.1:{port}"
