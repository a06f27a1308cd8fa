from __future__ import annotations

import argparse
import importlib
import importlib.util
import tomllib
from pathlib import Path

import pytest

from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError
from toolalpaca.llm.options import (
    Secret,
    add_model_options,
    model_from_options,
    settings_from_options,
)
from toolalpaca.llm.pricing import Price
from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.llm.registry import BACKENDS, check_model_name, open_model
from toolalpaca.llm.settings import ModelSettings

ROOT = Path(__file__).parents[3]
KEY = "sk-secret"


def options(*words: str, several: bool = False) -> argparse.Namespace:
    parser = CommandParser(prog="toolalpaca try")
    parser.add_argument("-v", "--verbose", action="count", default=0)
    add_model_options(parser, several=several)
    return parser.parse_args(list(words))


@pytest.mark.parametrize("prefix", BACKENDS)
def test_every_line_of_the_table_names_a_factory(prefix: str) -> None:
    backend = BACKENDS[prefix]
    module, _, function = backend.factory.partition(":")
    assert callable(getattr(importlib.import_module(module), function))
    assert bool(backend.packages) == bool(backend.extra)
    assert backend.usage(prefix).startswith(prefix)


def test_the_extras_bring_what_the_backends_need() -> None:
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = configuration["project"]["optional-dependencies"]
    for backend in filter(lambda backend: backend.extra, BACKENDS.values()):
        brought = {requirement.split(">")[0] for requirement in extras[backend.extra]}
        assert set(backend.packages) <= brought


@pytest.mark.parametrize("name", ["baseline", "openai:a:b/c", "gguf:/x y.gguf", "scripted:s"])
def test_a_name_that_can_be_is_let_through(name: str) -> None:
    assert check_model_name(name) == name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "there is no model ''"),
        ("gpt-5", r"there is no model 'gpt-5' \(models are named baseline, smollm2, openai:NAME,"),
        ("openai", r"the model 'openai' lacks its NAME \(write openai:NAME\)"),
        ("gguf:", "lacks its PATH"),
        ("baseline:", "nothing follows the name of the model 'baseline'"),
        ("smollm2:big", "nothing follows the name of the model 'smollm2'"),
    ],
)
def test_a_name_that_cannot_be_is_told(name: str, message: str) -> None:
    for check in (check_model_name, open_model):
        with pytest.raises(UsageError, match=message):
            check(name)


def test_a_model_is_opened_by_name(tmp_path: Path) -> None:
    script = tmp_path / "script.jsonl"
    script.write_text('{"text": "Hi"}\n')
    model: LanguageModel = open_model(f"scripted:{script}")
    assert model.name == f"scripted:{script}"
    assert open_model("baseline").name == "baseline"


def test_the_command_line_chooses_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_from_options(options()) == ModelSettings()
    chosen = options(
        "--model-url", "http://127.0.0.1:1/v1", "--model-key", KEY, "--threads", "2", "-vv"
    )
    expected = ModelSettings(base_url="http://127.0.0.1:1/v1", api_key=KEY, threads=2, verbose=True)
    assert settings_from_options(chosen) == expected
    monkeypatch.setenv("TOOLALPACA_TRY_MODEL_KEY", KEY)
    assert settings_from_options(options()).api_key == KEY


def test_the_command_line_bounds_and_prices_a_remote_model() -> None:
    chosen = options(
        *("--model-grammar", "vllm", "--model-timeout", "5", "--model-retries", "0"),
        *("--model-concurrency", "4", "--model-rate", "60", "--model-price", "2.5,10,0.25"),
    )
    assert settings_from_options(chosen) == ModelSettings(
        server_grammar="vllm",
        timeout=5.0,
        retries=0,
        concurrency=4,
        rate=60,
        price=Price(2.5, 10.0, 0.25),
    )
    assert settings_from_options(options("--model-price", "1,2")).price == Price(1.0, 2.0)


def test_the_command_line_says_how_a_local_model_runs(tmp_path: Path) -> None:
    chosen = options(
        *("--adapter", str(tmp_path), "--adapter", str(tmp_path), "--chat-template", "none"),
        *("--device", "cpu", "--dtype", "bfloat16"),
    )
    assert settings_from_options(chosen) == ModelSettings(
        adapters=(tmp_path, tmp_path), chat_template="none", device="cpu", dtype="bfloat16"
    )


def test_a_key_is_shown_nowhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = Secret(KEY)
    assert KEY not in f"{secret} {secret!r} {[secret]}"
    assert secret.reveal() == KEY
    assert KEY not in repr(options("--model-key", KEY))
    assert KEY not in repr(ModelSettings(api_key=KEY))
    monkeypatch.setenv("TOOLALPACA_TRY_MODEL_KEY", KEY)
    with pytest.raises(SystemExit):
        options("--help")
    assert KEY not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "gpt-5"), "there is no model 'gpt-5'"),
        (("--model-url", "ftp://x"), "ftp://x"),
        (("--threads", "0"), "0 is not from 1 to 256"),
        (("--model-price", "3"), "'3' is not IN,OUT or IN,OUT,CACHED"),
        (("--model-price", "1,-2"), "is not IN,OUT"),
        (("--model-price", "1,nan"), "is not IN,OUT"),
        (("--model-rate", "0"), "0 is not from 1"),
        (("--adapter", "/nowhere/at/all"), "/nowhere/at/all"),
    ],
)
def test_an_option_that_cannot_be_is_told(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        options(*words)


def test_models_may_be_several_where_a_command_wants_them() -> None:
    assert options("--model", "baseline", "--model", "smollm2", several=True).model == [
        "baseline", "smollm2",
    ]  # fmt: skip
    assert options(several=True).model is None


def test_without_a_choice_the_baseline_is_used_and_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert model_from_options(options()).name == "baseline"
    assert "no --model given: using 'baseline'" in capsys.readouterr().err
    assert model_from_options(options("--model", "baseline")).name == "baseline"
    assert capsys.readouterr().err == ""
