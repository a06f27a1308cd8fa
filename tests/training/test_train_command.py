from __future__ import annotations

import asyncio
import builtins
import importlib.util
from pathlib import Path
from typing import Any

import orjson
import pytest

from toolalpaca.cli import main
from toolalpaca.llm.protocol import Request, complete
from toolalpaca.llm.registry import open_model
from toolalpaca.trace import read_traces
from toolalpaca_runtime.formats import get_format


def train(corpus: Path, out: Path, *more: str) -> int:
    base = () if "--base" in more else ("--base", "tiny")
    return main(["train", str(corpus), "--out", str(out), "--threads", "1", *base, *more])


def test_what_train_saves_is_a_model_that_answers(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "checkpoint"
    assert train(corpus, out, "--epochs", "20", "--batch-size", "3") == 0
    printed = capsys.readouterr().out
    assert "6 examples of 6 traces" in printed
    assert "step  1/40" in printed
    assert f"--model transformers:{out}" in printed

    trace = next(read_traces(corpus / "traces.jsonl"))
    system, question = get_format("react").messages(trace)[:2]

    async def ask() -> str:
        model = open_model(f"transformers:{out}")
        try:
            request = Request(messages=(system, question), max_tokens=24)
            return (await complete(model, request)).text
        finally:
            await model.aclose()

    # It has learned to begin as every step that it saw began.
    assert asyncio.run(ask()).startswith("Thought:")


def test_json_lines_tell_how_it_goes(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "checkpoint"
    assert train(corpus, out, "--json", "--max-steps", "2", "--validation", "0.3") == 0
    lines = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["event"] for line in lines] == [
        "prepared", "validation", "step", "validation", "saved", "step", "validation", "saved",
    ]  # fmt: skip
    assert lines[0]["steps"] == 2
    assert lines[0]["counts"]["validation"]["examples"] == 2
    assert lines[2].keys() >= {"step", "loss", "learning_rate", "tokens_per_second"}
    assert lines[-1] == {"event": "saved", "path": str(out), "step": 2, "interrupted": False}


@pytest.mark.parametrize(
    ("more", "status", "message"),
    [
        (("--base", "nope"), 1, "nope: is neither a base by name nor the folder of a checkpoint"),
        (("--format", "prose"), 2, "there is no prompt format 'prose'"),
        (("--epochs", "0"), 2, "0 is not from 1 upwards"),
        (("--validation", "1"), 2, "'1' is not a number from 0 to below 1"),
        (("--max-length", "9"), 1, "6 traces dropped as too long"),
    ],
)
def test_a_mistake_is_told_in_one_line(
    more: tuple[str, ...],
    status: int,
    message: str,
    corpus: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert train(corpus, tmp_path / "checkpoint", *more) == status
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("toolalpaca: error: ")
    assert message in error
    assert not (tmp_path / "checkpoint").exists()


def test_without_torch_it_says_what_to_install(
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    find = importlib.util.find_spec

    def without_torch(name: str, package: str | None = None) -> Any:
        return None if name == "torch" else find(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", without_torch)
    assert train(corpus, tmp_path / "checkpoint") == 1
    assert "pip install 'toolalpaca[training]'" in capsys.readouterr().err


def test_help_loads_neither_torch_nor_the_recipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = builtins.__import__

    def refusing(name: str, *arguments: Any, **options: Any) -> Any:
        assert name.split(".")[0] not in ("torch", "transformers", "pydantic"), name
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", refusing)
    for command in ("train", "evaluate"):
        assert main([command, "--help"]) == 0
        assert "examples:" in capsys.readouterr().out
