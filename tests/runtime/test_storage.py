from __future__ import annotations

from pathlib import Path

import pytest

from toolalpaca.errors import UsageError
from toolalpaca_runtime.observation import Payload
from toolalpaca_runtime.storage import Storage


def payload(content_type: str, data: bytes = b"x") -> Payload:
    return Payload(content_type, data, binary=False)


@pytest.mark.parametrize(
    ("content_type", "name"),
    [
        ("application/json; charset=utf-8", "response_1.json"),
        ("application/problem+json", "response_1.json"),
        ("image/png", "image_1.png"),
        ("IMAGE/JPEG", "image_1.jpg"),
        ("text/plain", "response_1.txt"),
        ("application/x-nobody-knows", "response_1.bin"),
        ("", "response_1.bin"),
        ("../../etc/passwd", "response_1.bin"),
        ("image/../../x", "image_1.bin"),
    ],
)
def test_names_come_from_the_kind_and_nothing_else(
    content_type: str, name: str, tmp_path: Path
) -> None:
    storage = Storage(tmp_path / "files")
    assert storage.keep(payload(content_type)).name == name
    assert [path.name for path in (tmp_path / "files").iterdir()] == [name]


@pytest.mark.parametrize("on_disk", [True, False])
def test_what_is_kept_can_be_read_again(on_disk: bool, tmp_path: Path) -> None:
    storage = Storage(tmp_path if on_disk else None)
    first = storage.keep(payload("application/json", b"[1]"))
    second = storage.keep(payload("image/png", b"\x89PNG"))
    assert (first.size, second.size) == (3, 4)
    assert storage.names == ("response_1.json", "image_2.png")
    assert storage.read(first.name) == b"[1]"
    assert storage.read(second.name) == b"\x89PNG"


@pytest.mark.parametrize(
    "name", ["../secret", "secret", "/etc/passwd", "response_1.json/../secret"]
)
def test_nothing_but_what_was_kept_is_read(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("no")
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "secret").write_text("no")
    storage = Storage(tmp_path / "files")
    storage.keep(payload("application/json"))
    assert storage.read(name) is None


def test_a_file_that_somebody_took_away_is_not_there(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    file = storage.keep(payload("application/json"))
    (tmp_path / file.name).unlink()
    assert storage.read(file.name) is None


def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("in the way")
    with pytest.raises(UsageError, match="cannot be kept"):
        Storage(tmp_path / "files" / "1").keep(payload("text/plain"))
