"""What a newcomer sees first: the demonstration, as a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from toolalpaca_runtime.commands import demo

EXAMPLES = Path(__file__).parents[3] / "examples"


def run_demo(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    settings = {k: v for k, v in os.environ.items() if not k.startswith("TOOLALPACA_")}
    return subprocess.run(
        [Path(sys.executable).with_name("toolalpaca"), "demo", *words],
        cwd=folder,
        env={**settings, "COLUMNS": "5000", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def shown(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """The demonstration without the language model, and the folder where it ran."""
    folder = tmp_path_factory.mktemp("clone")
    (folder / "examples").mkdir()
    for path in EXAMPLES.glob("*.yaml"):
        shutil.copy(path, folder / "examples")
    return run_demo(folder, "--fast"), folder


def test_it_works_and_says_nothing_of_errors(
    shown: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    process, _ = shown
    assert process.returncode == 0, process.stderr
    assert "error" not in process.stderr.lower()
    assert "Traceback" not in process.stdout + process.stderr


def test_it_shows_the_apis_each_instruction_what_is_done_and_what_came_of_it(
    shown: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    text = shown[0].stdout
    for name in ("library", "railway", "weather"):
        assert re.search(rf"^{name}\s+http://127\.0\.0\.1:\d+/{name}$", text, re.MULTILINE)
    turns = re.split("^You: ", text.split("─ Next")[0], flags=re.MULTILINE)[1:]
    for turn, instruction in zip(turns, demo.INSTRUCTIONS, strict=True):
        said, *rest = turn.splitlines()
        assert said == instruction
        lines = "\n".join(rest)
        step = r"^  The instruction says .*\n→ \w+\(.*\)\n +20\d .*\n"
        assert re.search(rf"{step}\S.{{10,}}$", lines, re.MULTILINE)  # and the answer
    assert "createBooking" in turns[1]


def test_what_it_says_to_try_next_names_what_is_there(
    shown: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    process, folder = shown
    following = process.stdout.split("Next")[-1]
    commands = [line.split() for line in following.splitlines() if "─" not in line]
    programs = [words[0] for words in commands if words and words[0] != "#"]
    assert len(programs) >= 3
    assert all((folder / program).is_file() or shutil.which(program) for program in programs)
    for word in re.findall(r"examples/\S+", following):
        assert list(folder.glob(word)), word
    traces = re.findall(r"traces are in (\S+)\.$", process.stdout, re.MULTILINE)
    assert traces
    assert all((folder / path).is_file() for path in traces)


def test_without_the_examples_it_says_so_in_one_line(tmp_path: Path) -> None:
    process = run_demo(tmp_path, "--fast")
    assert process.returncode == 2
    assert process.stdout == ""
    (line,) = process.stderr.splitlines()
    assert line.startswith("toolalpaca: error: there is no examples/railway.yaml here")
