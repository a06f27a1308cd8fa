"""Every store, with the database behind it started for real: PostgreSQL and Redis on loopback."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import pytest

from toolalpaca_mockserver.state.limits import Limits
from toolalpaca_mockserver.state.store import Store
from toolalpaca_mockserver.state.stores import StateUrl, store_at

STARTS_WITHIN = 60.0
_ROOM = 300 * 1024 * 1024
Open = Callable[..., Store]


class Database(Protocol):
    """A database's server, which can be killed and started again on the same port."""

    url: str

    def start(self) -> None: ...

    def kill(self) -> None: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run these tests: each would start the databases for itself."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("databases"))


def free_port() -> int:
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _until(answers: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start: {log.read_text()[-2000:]}")
        time.sleep(0.02)


def _connects(port: int) -> bool:
    with closing(socket.socket()) as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def _folder(user: str | None) -> Iterator[Path]:
    """A folder that the user of a database can reach, which pytest's own are not.

    In memory where there is room: what is written outlives killed processes there, too, and the
    tests do not wait for a disk.
    """
    in_memory = Path("/dev/shm")
    roomy = in_memory.is_dir() and shutil.disk_usage(in_memory).free > _ROOM
    place = in_memory if roomy else None
    folder = Path(tempfile.mkdtemp(prefix="toolalpaca-test-", dir=place))
    try:
        folder.chmod(0o755)
        if user is not None:
            shutil.chown(folder, user, user)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Postgres:
    """PostgreSQL, with its usual settings for durability."""

    def __init__(self, folder: Path, user: str | None, binaries: Path) -> None:
        self.folder, self.binaries = folder, binaries
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._as = ["runuser", "-u", user, "--"] if user is not None else []
        self._process: subprocess.Popen[bytes] | None = None
        self._data = folder / "data"
        self._log = folder / "log"
        make = ["initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "--no-sync"]
        subprocess.run(self._command(*make), check=True, capture_output=True, cwd=folder)

    def _command(self, name: str, *arguments: str) -> list[str]:
        return [*self._as, str(self.binaries / name), *arguments]

    def start(self) -> None:
        settings = ["-c", "unix_socket_directories=", "-c", "shared_buffers=16MB"]
        command = self._command("postgres", "-D", str(self._data), "-p", str(self.port), *settings)
        deadline = time.monotonic() + STARTS_WITHIN
        while True:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)
            try:
                _until(self._answers, self._process, self._log)
                return
            except RuntimeError:  # what is left of the one before has its memory for a moment
                if time.monotonic() > deadline:
                    raise

    def _answers(self) -> bool:
        check = self._command("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port))
        return subprocess.run(check, check=False).returncode == 0

    def kill(self) -> None:
        """Kill all of its processes at once."""
        pid = int((self._data / "postmaster.pid").read_text().split()[0])
        for own in (pid, *_children(pid)):
            os.kill(own, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(STARTS_WITHIN)

    def clear(self) -> None:
        """Drop the tables."""
        names = ("removed", "item", "collection", "session", "schema")
        asyncio.run(self._run("DROP TABLE IF EXISTS " + ",".join(f"toolalpaca_{n}" for n in names)))

    async def _run(self, statement: str) -> None:
        import asyncpg

        connection = await asyncpg.connect(self.url)
        await connection.execute(statement)
        await connection.close()


class Redis:
    """Redis, set to lose nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        kept = ["--appendonly", "yes", "--appendfsync", "always", "--save", ""]
        place = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        log = self.folder / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["redis-server", *place, *kept], stdout=output, stderr=output
            )
        _until(self._answers, self._process, log)

    def _answers(self) -> bool:
        if not _connects(self.port):
            return False
        with socket.create_connection(("127.0.0.1", self.port)) as asking:
            asking.sendall(b"PING\r\n")
            return asking.recv(7) == b"+PONG\r\n"

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait(STARTS_WITHIN)

    def clear(self) -> None:
        """Delete everything."""
        with socket.create_connection(("127.0.0.1", self.port)) as asking:
            asking.sendall(b"FLUSHALL\r\n")
            assert asking.recv(5) == b"+OK\r\n"


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return list(map(int, found))


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """PostgreSQL, running."""
    pytest.importorskip("asyncpg", reason="asyncpg is not installed")
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL's server is not installed (Debian: postgresql)")
    user = None
    if os.getuid() == 0:
        if "postgres" not in {entry.pw_name for entry in pwd.getpwall()}:
            pytest.skip("there is no user postgres to run PostgreSQL as")
        user = "postgres"
    with _folder(user) as folder:
        server = Postgres(folder, user, found[-1].parent)
        server.start()
        yield server
        server.kill()


@pytest.fixture(scope="session")
def redis() -> Iterator[Redis]:
    """Redis, running."""
    pytest.importorskip("redis", reason="redis is not installed")
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed (Debian: redis-server)")
    with _folder(None) as folder:
        server = Redis(folder)
        server.start()
        yield server
        server.kill()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Any:
    """The server of the database, empty; tests choose it by indirect parameters."""
    server = request.getfixturevalue(request.param)
    server.clear()
    return server


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind."""
    if request.param == "memory":
        return "memory"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'worlds.db'}"
    server = request.getfixturevalue(request.param)
    server.clear()
    return str(server.url)


@pytest.fixture(params=["sqlite", "postgres", "redis"])
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty store of each kind that outlives the process."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'worlds.db'}"
    server = request.getfixturevalue(request.param)
    server.clear()
    return str(server.url)


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still."""
    return Clock()


@pytest.fixture
async def open_store(state: str, clock: Clock) -> Any:
    """Opens the store, prepared; again for another server's view of it."""
    opened: list[Store] = []

    async def open_it(limits: Limits | None = None) -> Store:
        if state == "memory" and opened:
            return opened[0]
        store: Any = store_at(StateUrl(state), limits or Limits())
        store.clock = clock
        await store.prepare()
        opened.append(store)
        return store  # type: ignore[no-any-return]

    yield open_it
    for store in opened:
        await store.aclose()
