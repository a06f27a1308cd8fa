"""Types of command-line arguments: each turns a text into a value or says what would be right."""

from __future__ import annotations

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
    path = Path(text)
    if not path.exists():
        raise ArgumentTypeError(f"there is no file {text!r}")
    if path.is_dir():
        raise ArgumentTypeError(f"{text!r} is a folder, not a file")
    return path


def existing_folder(text: str) -> Path:
    """A folder that is there."""
    path = Path(text)
    if not path.is_dir():
        raise ArgumentTypeError(f"there is no folder {text!r}")
    return path


def http_url(text: str) -> str:
    """An absolute http or https URL, without its trailing slash."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ArgumentTypeError(f"{text!r} is not an http:// or https:// URL")
    return text.rstrip("/")


PORT = integer(0, 65535)
"""A TCP port; 0 lets the system choose."""
