"""``toolalpaca models`` through the command line."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.cli import main
from toolalpaca.errors import ModelUnavailable
from toolalpaca.llm import fetch as fetching
from toolalpaca.llm.catalog import FETCHABLE
from toolalpaca.llm.registry import BACKENDS


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOOLALPACA_CACHE", str(tmp_path))
    return tmp_path / "models"


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    assert main(["models", "list", "--json"]) == 0
    return {row["model"]: row for row in json.loads(capsys.readouterr().out)}


def test_the_list_says_what_is_ready(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = listed(capsys)
    assert set(rows) == {backend.usage(prefix) for prefix, backend in BACKENDS.items()}
    assert rows["baseline"]["ready"] is True
    assert rows["smollm2"]["ready"] is False
    assert "toolalpaca models fetch smollm2" in rows["smollm2"]["state"]

    monkeypatch.setitem(FETCHABLE, "smollm2", replace(FETCHABLE["smollm2"], size=4))
    cache.mkdir()
    FETCHABLE["smollm2"].path.write_bytes(b"GGUF")
    assert listed(capsys)["smollm2"]["state"] == "ready"

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    rows = listed(capsys)
    assert rows["smollm2"]["state"] == "not installed: pip install 'toolalpaca[local]'"
    assert rows["transformers:PATH"]["ready"] is False


def test_the_list_says_what_a_remote_model_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in BACKENDS["openai"].environment:
        monkeypatch.delenv(name, raising=False)
    assert "needs OPENAI_API_KEY or OPENAI_BASE_URL" in listed(capsys)["openai:NAME"]["state"]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    assert listed(capsys)["openai:NAME"]["ready"] is True


def test_the_list_is_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["model", "what", "it", "is", "state"]
    assert any(line.startswith("baseline") and line.rstrip().endswith("ready") for line in lines)


def test_fetching_prints_the_path_and_keeps_progress_off_the_output(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fetch(name: str, progress: fetching.Progress) -> Path:
        progress(1, 2)
        return cache / name

    monkeypatch.setattr(fetching, "fetch", fetch)
    assert main(["models", "fetch", "smollm2"]) == 0
    assert capsys.readouterr().out == f"{cache / 'smollm2'}\n"


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (("fetch", "gpt-5"), 2, "there is no model 'gpt-5' to fetch"),
        (("path", "gpt-5"), 2, "there is no model 'gpt-5' to fetch"),
        (("path", "smollm2"), 1, "the model 'smollm2' has not been fetched (run: toolalpaca"),
        (("fetch", "smollm2"), 1, "could not be downloaded: no route"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    words: tuple[str, ...],
    status: int,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fetch(*_: object) -> Path:
        raise ModelUnavailable("could not be downloaded: no route")

    monkeypatch.setattr(fetching, "fetch", fetch)
    assert main(["models", *words]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines()[-1].startswith("toolalpaca: error: ")
    assert message in captured.err.splitlines()[-1]


def test_the_path_of_a_fetched_model_is_printed(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(FETCHABLE, "smollm2", replace(FETCHABLE["smollm2"], size=4))
    cache.mkdir()
    FETCHABLE["smollm2"].path.write_bytes(b"GGUF")
    assert main(["models", "path", "smollm2"]) == 0
    assert capsys.readouterr().out == f"{FETCHABLE['smollm2'].path}\n"
