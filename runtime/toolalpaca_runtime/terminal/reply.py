"""A model's reply while it comes: which of its text a person reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, Literal, TypeAlias

Part: TypeAlias = Literal["thought", "answer", "hidden", "open"]

_PLAIN: Final = ("native",)
_LABELLED: Final = ("react", "toolalpaca")

_PARTS: Final[Mapping[str, Part]] = {
    "thought": "thought",
    "action": "hidden",
    "action input": "hidden",
    "observation": "hidden",
    "answer": "answer",
    "response": "answer",
    "final answer": "answer",
    "final response": "answer",
}
_LABELS: Final = {
    f"{speaker}{label}": part for label, part in _PARTS.items() for speaker in ("", "assistant ")
}
"""What stands after each label, in lower case, of formats that have labels."""

_NUMBER: Final = re.compile(r"(?<=action|.input) ?\d{1,3}", re.IGNORECASE)  # of an action
_MARKS: Final = " \t>*#-"  # what models put around a label
_AFTER_LABEL: Final = " \t\n*"


class ReplyText:
    """Takes a reply apart at the labels of its prompt format, as it comes.

    What stands before the first label is a thought. The first action or answer decides: nothing
    after an action is shown, and all of an answer is. Of a format without labels it stays open what
    the text is until the reply is whole. The text of a format that is not known here is not shown.

    Args:
        prompt_format: The format's name.
    """

    def __init__(self, prompt_format: str) -> None:
        self._known = prompt_format in (*_PLAIN, *_LABELLED)
        self._labels = _LABELS if prompt_format in _LABELLED else {}
        self._part: Part
        self._held: str | None  # a line's beginning that may become a label; None after that
        self._fresh: bool  # whether nothing has been said since the label
        self._begin()

    def feed(self, piece: str) -> Iterator[tuple[Part, str]]:
        """The parts of *piece* that can be shown, each with what it is."""
        if not self._known:
            return
        shown = ""
        for character in piece:
            if self._fresh and character in _AFTER_LABEL:
                continue
            self._fresh = False
            if self._decided or self._held is None:
                shown += character
            else:
                self._held += character
                if (part := self._label()) is not None:
                    if shown:
                        yield self._part, shown
                    shown, self._part, self._held, self._fresh = "", part, None, True
                elif character == "\n" or not self._may_become_label():
                    shown += self._held
                    self._held = None
            if character == "\n" and not self._decided:
                self._held = ""
        if shown and self._part != "hidden":
            yield self._part, shown

    def finish(self) -> Iterator[tuple[Part, str]]:
        """What was held back and became no label; the next piece begins another reply."""
        if self._held and not self._decided:
            yield self._part, self._held
        self._begin()

    def _begin(self) -> None:
        self._part = "thought" if self._labels else "open"
        self._held = ""
        self._fresh = True

    @property
    def _decided(self) -> bool:
        return self._part != "thought"

    def _label(self) -> Part | None:
        assert self._held is not None
        if not self._held.endswith(":"):
            return None
        return self._labels.get(self._core(self._held[:-1]))

    def _may_become_label(self) -> bool:
        core = self._core(self._held or "")
        return any(label.startswith(core) for label in self._labels)

    @staticmethod
    def _core(text: str) -> str:
        return _NUMBER.sub("", text).replace("_", " ").strip(_MARKS).lower()
