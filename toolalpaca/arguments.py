"""Types of command-line arguments: each turns a text into a value or says what would be right."""

from __future__ import annotations

import os
import stat
from argparse import ArgumentTypeError
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit


def integer(minimum: int, maximum: int | None = None) -> Callable[[str], int]:
    """A whole number between *minimum* and *maximum*, both included."""
    bounds = f"from {minimum}" + (f" to {maximum}" if maximum is not None else " upwards")

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is not a whole number {bounds}") from None
        if value < minimum or (maximum is not None and value > maximum):
            raise ArgumentTypeError(f"{value} is not {bounds}")
        return value

    return parse


def number(above: float) -> Callable[[str], float]:
    """A number greater than *above*."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise ArgumentTypeError(f"{text!r} is not a number") from None
        if not value > above or value == float("inf"):
            raise ArgumentTypeError(f"{text} is not a number above {above:g}")
        return value

    return parse


def existing_file(text: str) -> Path:
    """A file that is there."""
    if _is_folder(text, "file"):
        raise ArgumentTypeError(f"{text!r} is a folder, not a file")
    return _readable(text)


def existing_folder(text: str) -> Path:
    """A folder that is there."""
    if not _is_folder(text, "folder"):
        raise ArgumentTypeError(f"{text!r} is a file, not a folder")
    return _readable(text)


def existing_path(text: str) -> Path:
    """A file or a folder that is there."""
    _is_folder(text, "file or folder")
    return _readable(text)


def output_folder(text: str) -> Path:
    """A folder to write to, which is there or can be made."""
    path = Path(text)
    for place in (path, *path.parents):
        try:
            mode = place.stat().st_mode
        except OSError:
            continue  # What is in the way, if anything is, is found at a parent.
        if not stat.S_ISDIR(mode):
            raise ArgumentTypeError(f"'{place}' is a file, not a folder; choose another folder")
        if not os.access(place, os.W_OK | os.X_OK):
            raise ArgumentTypeError(
                f"there is no permission to write to '{place}'; choose another folder"
            )
        break
    return path


def _is_folder(text: str, what: str) -> bool:
    """Whether *text*, which must be there, is a folder."""
    try:
        return stat.S_ISDIR(Path(text).stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        raise ArgumentTypeError(f"there is no {what} {text!r}") from None
    except OSError as error:
        raise ArgumentTypeError(f"{text!r} cannot be read: {error.strerror}") from None


def _readable(text: str) -> Path:
    path = Path(text)
    if not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
        raise ArgumentTypeError(f"there is no permission to read {text!r}; change its mode")
    return path


def http_url(text: str) -> str:
    """An absolute http or https URL, without its trailing slash."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ArgumentTypeError(f"{text!r} is not an http:// or https:// URL")
    return text.rstrip("/")


PORT = integer(0, 65535)
"""A TCP port; 0 lets the system choose."""
