"""Prompt texts: files beside this one, with ``$holes`` (:class:`string.Template`)."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template


def render_prompt(name: str, **holes: str) -> str:
    """The prompt file ``name.txt`` with its holes filled.

    A prompt never ends in white space: tokenizers join a trailing space to the next word, so
    training and inference would see different tokens.

    Raises:
        KeyError: A hole was not filled.
    """
    return _template(name).substitute(holes).strip()


@cache
def _template(name: str) -> Template:
    return Template(files(__package__).joinpath(f"{name}.txt").read_text(encoding="utf-8"))
