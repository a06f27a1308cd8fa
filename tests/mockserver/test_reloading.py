"""Documents that change while they are served, by the real command."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.reloading import Loaded, Reload, Reloader
from toolalpaca_mockserver.state.memory import MemoryStore
from toolalpaca_mockserver.state.store import StoreUnavailable


class Served:
    """A running ``toolalpaca mock --watch``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        ready = self.event("ready")
        self.client = httpx2.Client(base_url=ready["url"])

    def event(self, kind: str) -> dict[str, Any]:
        """The next event of that kind."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event: dict[str, Any] = json.loads(line)
            if event["event"] == kind:
                return event
        raise AssertionError(f"the server ended without {kind}")


@contextmanager
def serving(*arguments: str) -> Iterator[Served]:
    command = [sys.executable, "-m", "toolalpaca", "mock", "--port", "0", "--json", "--watch"]
    process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        served = Served(process)
        with served.client:
            yield served
    finally:
        process.terminate()
        assert process.wait(20) == 0
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def file(tmp_path: Path, pets: dict[str, Any]) -> Path:
    path = tmp_path / "pets.json"
    path.write_text(json.dumps(pets))
    return path


def test_a_change_is_served_with_the_state_that_still_fits(
    file: Path, pets: dict[str, Any]
) -> None:
    with serving(str(file)) as served:
        made = served.client.post("/pets", json={"name": "Rex", "kind": "dog"}).json()
        served.client.get("/pets/1/visits")
        pets["components"]["schemas"]["Pet"]["properties"]["age"] = {"type": "integer"}
        pets["components"]["schemas"]["Pet"]["required"] = ["id", "name", "age"]
        pets["paths"] = {p: item for p, item in pets["paths"].items() if "{petId}/" not in p}
        file.write_text(json.dumps(pets))
        event = served.event("reload")
        assert (event["apis"], event["problem"]) == (["pets"], "")
        known = served.client.get(f"/pets/{made['id']}").json()
        assert {**known, "age": None} == {**made, "age": None}
        assert isinstance(known["age"], int)
        assert served.client.get("/pets/1/visits").status_code == 404


def test_a_broken_version_is_told_and_the_old_one_goes_on(file: Path) -> None:
    sound = file.read_text()
    with serving(str(file)) as served:
        file.write_text(sound[: len(sound) // 2])
        assert "pets.json" in served.event("reload")["problem"]
        assert served.client.get("/pets").status_code == 200
        file.write_text(sound.replace('"/pets"', '"/animals"'))
        assert served.event("reload")["problem"] == ""
        assert served.client.get("/animals").status_code == 200
        assert served.client.get("/pets").status_code == 404


def test_neighbours_and_corrections_are_watched(
    tmp_path: Path, make_document: Callable[..., Any]
) -> None:
    neighbour, corrections = tmp_path / "thing.json", tmp_path / "corrections.yaml"
    content = {"application/json": {"schema": {"$ref": "thing.json"}}}
    paths = {"/thing": {"get": {"responses": {"200": {"description": "A", "content": content}}}}}
    main = tmp_path / "main.json"
    main.write_text(json.dumps(make_document(paths)))
    neighbour.write_text('{"const": 1}')
    corrections.write_text("{}")
    with serving(str(main), "--corrections", str(corrections)) as served:
        assert served.client.get("/thing").json() == 1
        neighbour.write_text('{"const": 2}')
        served.event("reload")
        assert served.client.get("/thing").json() == 2
        corrections.write_text("resources: {/nowhere: {id: x}}")
        assert "no document has the path /nowhere" in served.event("reload")["problem"]


def test_a_folder_takes_in_new_files(file: Path, tmp_path: Path, pets: dict[str, Any]) -> None:
    with serving(str(tmp_path)) as served:
        assert served.client.get("/pets").status_code == 200
        (tmp_path / "second.json").write_text(json.dumps(pets))
        assert served.event("reload")["apis"] == ["pets", "second"]
        assert served.client.get("/second/pets").status_code == 200
        file.write_text("{")
        assert "pets.json can no longer be read" in served.event("reload")["problem"]
        file.unlink()
        assert served.event("reload")["apis"] == ["second"]


class _Away(MemoryStore):
    """A store that cannot be asked."""

    async def names(self) -> list[str]:
        raise StoreUnavailable("the database is away")


@pytest.mark.anyio
async def test_a_store_that_is_away_ends_no_watch(file: Path) -> None:
    store = _Away()

    def load() -> Loaded:
        return Loaded([Api(load_document(file), "", store)], [file])

    reports: asyncio.Queue[Reload] = asyncio.Queue()
    first = load()
    text = file.read_text()
    async with Reloader(load, first, Catalog(first.apis), store, reports.put_nowait):
        for spaces in (1, 2):
            file.write_text(text + " " * spaces)
            reload = await asyncio.wait_for(reports.get(), 20)
            assert (reload.apis, reload.items_gone, reload.problem) == (("pets",), 0, "")


def test_standard_input_cannot_be_watched() -> None:
    command = [sys.executable, "-m", "toolalpaca", "mock", "-", "--watch"]
    ended = subprocess.run(command, input='{"openapi": "3.1.0"}', capture_output=True, text=True)
    assert ended.returncode == 2
    assert "standard input cannot be read again" in ended.stderr
