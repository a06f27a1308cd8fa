"""Wordings, in text files beside this one.

A file holds sections, ``[name]`` and a phrase a line. Lines that begin with ``#`` are comments. A
phrase may have holes (``$task``), filled by :class:`string.Template`: a missing value raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def phrases(name: str) -> Mapping[str, tuple[str, ...]]:
    """The sections of ``name.txt``."""
    text = files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[] "), [])
        elif line.strip() and not line.startswith("#"):
            lines.append(line.strip())
    return {section: tuple(content) for section, content in sections.items()}
