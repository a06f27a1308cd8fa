"""The command line: options from the environment, one line an error, and nothing heavy for help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import types
from argparse import Namespace
from pathlib import Path

import pytest

from toolalpaca import cli
from toolalpaca.arguments import PORT, http_url, integer, number
from toolalpaca.command import CommandParser
from toolalpaca.errors import DocumentError, MissingExtra, ToolAlpacaError, UsageError

# Whoever asks for help waits for none of these.
HEAVY = ("pydantic", "openai", "httpx2", "fastapi", "uvicorn", "jsonschema_rs", "yaml", "rich",
         "torch", "transformers", "xllamacpp", "orjson", "asyncio")  # fmt: skip


def parser() -> CommandParser:
    made = CommandParser(prog="toolalpaca mock", examples="  toolalpaca mock x.yaml   # serves x")
    made.add_argument("source", nargs="*")
    made.add_argument("--port", type=PORT, default=8000, help="where")
    made.add_argument("--dry-run", action="store_true")
    made.add_argument("--engine", choices=["schema", "llm"], default="schema")
    made.add_argument("--header", action="append", default=[])
    made.add_argument("--seed", "-s", type=int, required=True)
    return made


def test_options_come_from_the_environment_and_the_command_line_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, text in {
        "PORT": "9000", "DRY_RUN": "yes", "ENGINE": "llm", "HEADER": "a: b,c: d", "SEED": "7",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TOOLALPACA_MOCK_{name}", text)
    options = parser().parse_args([])
    assert options.__dict__ == {
        "source": [], "port": 9000, "dry_run": True, "engine": "llm", "header": ["a: b", "c: d"],
        "seed": 7,
    }  # fmt: skip
    options = parser().parse_args(["--port", "1", "--engine", "schema", "-s", "2"])
    assert (options.port, options.engine, options.seed) == (1, "schema", 2)


@pytest.mark.parametrize("text", ["0", "false", "No"])
def test_a_flag_is_switched_off_by_the_environment(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLALPACA_MOCK_DRY_RUN", text)
    assert parser().parse_args(["--seed", "1"]).dry_run is False


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("PORT", "99999", "99999 is not from 0 to 65535"),
        ("PORT", "x", "'x' is not a whole number"),
        ("ENGINE", "magic", "invalid choice: 'magic'"),
        ("DRY_RUN", "perhaps", "'perhaps' is neither true nor false"),
    ],
)
def test_a_variable_that_cannot_be_is_named(
    name: str, text: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"TOOLALPACA_MOCK_{name}", text)
    with pytest.raises(UsageError, match=f"environment variable TOOLALPACA_MOCK_{name}: .*") as e:
        parser().parse_args(["--seed", "1"])
    assert message in str(e.value)


def test_the_environment_is_not_read_before_a_command_line_is_parsed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = parser()
    monkeypatch.setenv("TOOLALPACA_MOCK_SEED", "3")
    assert made.parse_args([]).seed == 3


def test_subcommands_have_variables_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made = CommandParser(prog="toolalpaca corpus")
    build = made.add_subparsers().add_parser("build", examples="  toolalpaca corpus build x")
    build.add_argument("--tasks", type=integer(1), default=10)
    monkeypatch.setenv("TOOLALPACA_CORPUS_BUILD_TASKS", "5")
    assert made.parse_args(["build"]).tasks == 5
    assert "toolalpaca corpus build x" in build.format_help()


def test_help_shows_examples_and_defaults() -> None:
    text = parser().format_help()
    assert "examples:\n  toolalpaca mock x.yaml   # serves x" in text
    assert "where (default: 8000)" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "-1", "--seed", "1"], "-1 is not from 0 to 65535"),
        (["--por", "1", "--seed", "1"], "unrecognized arguments: --por"),
        ([], "the following arguments are required: --seed"),
    ],
)
def test_a_command_line_that_cannot_work_says_where_help_is(words: list[str], message: str) -> None:
    with pytest.raises(UsageError) as error:
        parser().parse_args(words)
    assert message in str(error.value)
    assert "see: toolalpaca mock --help" in str(error.value)


def test_types_of_arguments() -> None:
    assert number(0)("0.5") == 0.5
    assert http_url("https://a.example/v1/") == "https://a.example/v1"
    for parse, text in [
        (number(0), "0"), (number(0), "nan"), (number(0), "inf"), (number(0), "x"),
        (integer(1), "0"), (integer(1), "1.5"), (http_url, "ftp://a"), (http_url, "a.example"),
    ]:  # fmt: skip
        with pytest.raises(Exception, match="is not"):
            parse(text)


def test_errors_are_one_line_with_place_and_advice() -> None:
    error = DocumentError("is no\n  document", where="a.yaml", hint="try another")
    assert str(error) == "a.yaml: is no document (try another)"
    assert str(ToolAlpacaError("alone")) == "alone"
    assert "pip install 'toolalpaca[training]'" in str(MissingExtra("torch", "training"))


def command(monkeypatch: pytest.MonkeyPatch, run: object) -> None:
    """A command named ``try`` that does *run*."""
    module = types.ModuleType("try_command")
    vars(module).update(configure=lambda parser: parser.add_argument("--flag"), run=run)
    monkeypatch.setitem(sys.modules, "try_command", module)
    monkeypatch.setitem(cli.COMMANDS, "try", cli.Entry("try_command", "try something"))


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (DocumentError("is broken", where="x.yaml"), 1, "toolalpaca: error: x.yaml: is broken\n"),
        (UsageError("cannot work"), 2, "toolalpaca: error: cannot work\n"),
        (KeyboardInterrupt(), 130, "toolalpaca: interrupted\n"),
    ],
)
def test_an_error_is_one_line_and_a_status(
    error: BaseException,
    status: int,
    line: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def run(options: Namespace) -> int:
        raise error

    command(monkeypatch, run)
    assert cli.main(["try"]) == status
    assert capsys.readouterr() == ("", line)


def test_a_command_gets_its_options_and_gives_its_status(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Namespace] = []

    def run(options: Namespace) -> int:
        seen.append(options)
        return 3

    command(monkeypatch, run)
    assert cli.main(["try", "--flag", "x", "-vv"]) == 3
    assert (seen[0].flag, seen[0].verbose) == ("x", 2)


def test_help_and_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([], ["--help"], ["help"]):
        assert cli.main(words) == 0
        text = capsys.readouterr().out
        assert all(f"  {name} " in text for name in cli.COMMANDS)
    assert cli.main(["moc"]) == 2
    assert "there is no command 'moc' (the commands are mock, ask," in capsys.readouterr().err
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("toolalpaca ")


def loaded_after(arguments: list[str]) -> set[str]:
    """The modules that a process has loaded after a command line."""
    script = (
        "import sys, json, contextlib, io\n"
        "from toolalpaca import cli\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        f"    status = cli.main({arguments!r})\n"
        "assert status == 0, status\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout))


def test_help_loads_nothing_heavy() -> None:
    loaded = loaded_after(["--help"])
    assert "toolalpaca.cli" in loaded
    assert loaded.isdisjoint(HEAVY)
    assert not any(name.startswith("toolalpaca_") for name in loaded), "no layer is loaded"


def test_the_command_is_run_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "toolalpaca", "nonsense"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("toolalpaca: error: there is no command 'nonsense'")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_end_unwinds_the_stack(
    number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwound = []

    def run(options: Namespace) -> int:
        try:
            os.kill(os.getpid(), number)
            signal.pause()
        finally:
            unwound.append(options.flag)
        return 0

    command(monkeypatch, run)
    before = signal.getsignal(number)
    assert cli.main(["try", "--flag", "x"]) == 128 + number
    assert unwound == ["x"]
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: Namespace) -> int:
        os.kill(os.getpid(), signal.SIGHUP)
        return 0

    command(monkeypatch, run)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert cli.main(["try"]) == 0
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a full disk is a device of Linux")
def test_what_the_system_refuses_is_one_line() -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "toolalpaca", "models", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert (ended.returncode, ended.stderr) == (
        1,
        "toolalpaca: error: No space left on device\n",
    )
