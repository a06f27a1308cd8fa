"""Arguments are refused before any work is done, by a line that names them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path

import pytest

from toolalpaca.arguments import existing_file, existing_folder, existing_path, output_folder

_SETPRIV = shutil.which("setpriv")
_AS_ROOT = os.name != "nt" and os.geteuid() == 0
_UNPRIVILEGED = (
    [str(_SETPRIV), "--bounding-set", "-dac_override,-dac_read_search"] if _AS_ROOT else []
)
"""Takes from root what lets it pass over the modes of files."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").write_text("mine")
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        (existing_file, "file"),
        (existing_folder, "folder"),
        (existing_path, "file"),
        (existing_path, "folder"),
        (output_folder, "folder"),
        (output_folder, "folder/deep/new"),
        (output_folder, "."),
    ],
)
def test_what_fits_is_a_path(kind: Callable[[str], Path], given: str, here: Path) -> None:
    assert kind(given) == Path(given)
    assert sorted(path.name for path in here.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (existing_file, "none", "there is no file 'none'"),
        (existing_file, "folder", "'folder' is a folder, not a file"),
        (existing_folder, "none", "there is no folder 'none'"),
        (existing_folder, "file/none", "there is no folder 'file/none'"),
        (existing_folder, "file", "'file' is a file, not a folder"),
        (existing_path, "none", "there is no file or folder 'none'"),
        (output_folder, "file", "'file' is a file, not a folder"),
        (output_folder, "file/deep/new", "'file' is a file, not a folder"),
    ],
)
def test_what_does_not_fit_is_named(
    kind: Callable[[str], Path], given: str, message: str, here: Path
) -> None:
    with pytest.raises(ArgumentTypeError, match=message):
        kind(given)


_COMMANDS = (
    ["corpus", "build", "file", "--out", "fixed/new"],
    ["corpus", "import", "file", "--out", "fixed"],
    ["corpus", "stats", "closed"],
    ["corpus", "stats", "closed/deep"],
    ["train", "closed", "--base", "tiny", "--out", "new"],
    ["train", "secret", "--base", "tiny", "--out", "new"],
    ["evaluate", "closed"],
    ["evaluate", "folder", "--out", "fixed/new"],
)


@pytest.mark.skipif(os.name == "nt", reason="modes are those of POSIX")
@pytest.mark.skipif(_AS_ROOT and _SETPRIV is None, reason="root may read and write everything")
def test_without_permission_each_command_says_so_in_one_line(here: Path) -> None:
    Path("fixed").mkdir(mode=0o555)
    Path("closed").mkdir(mode=0o000)
    Path("secret").touch(mode=0o000)
    code = f"from toolalpaca.cli import main\nfor words in {_COMMANDS}: print(main(words))"
    done = subprocess.run(
        [*_UNPRIVILEGED, sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["2"] * len(_COMMANDS)
    lines = done.stderr.splitlines()
    for words, line in zip(_COMMANDS, lines, strict=True):
        place = next(word for word in words if word.startswith(("fixed", "closed", "secret")))
        assert line.startswith(f"toolalpaca: error: toolalpaca {words[0]}")
        assert f"'{place.removesuffix('/new')}'" in line
        assert "ermission" in line
