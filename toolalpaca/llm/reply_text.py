"""A reply's text while its tokens come: whole characters only, and never a part of a stop text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_UNFINISHED = "\N{REPLACEMENT CHARACTER}"
# A character takes four tokens at most (its bytes in UTF-8, RFC 3629), but bytes that are no text
# and special tokens may stand before them; only a long run of such is shown before it is over.
_MOST_HELD = 64


class TokenText:
    """Turns tokens into text, one at a time.

    A token may hold a part of a character, and what a token reads depends on the one before it
    (some vocabularies write a leading space only inside a text). So the tokens of the last piece
    are decoded again with each new one, and the difference is the new piece.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        self._shown: list[int] = []  # the tokens of the last piece: what comes next joins on them
        self._held: list[int] = []

    def push(self, token: int) -> str:
        """The text that *token* completes; ``""`` within a character, or for a special token."""
        self._held.append(token)
        text = self._decode(self._shown + self._held)
        if text.endswith(_UNFINISHED) and len(self._held) < _MOST_HELD:
            return ""
        return self._take(text)

    def flush(self) -> str:
        """What is held back at the end, broken characters included."""
        return self._take(self._decode(self._shown + self._held)) if self._held else ""

    def _take(self, text: str) -> str:
        piece = text[len(self._decode(self._shown)) :]
        if piece:
            self._shown, self._held = self._held, []
        return piece

    def _decode(self, tokens: list[int]) -> str:
        text = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        assert isinstance(text, str), "one list of tokens is one text"
        return text


class StopText:
    """Lets text through until a stop text begins, wherever its pieces are cut.

    Args:
        stop: Texts that end the reply.

    Attributes:
        stopped: Whether one came; what is pushed after that is not shown.
    """

    def __init__(self, stop: Sequence[str]) -> None:
        self._stop = [text for text in stop if text]
        self._held = ""
        self.stopped = False

    def push(self, text: str) -> str:
        """As much as certainly belongs to the reply."""
        if self.stopped:
            return ""
        self._held += text
        found = [
            (place + len(stop), place)
            for stop in self._stop
            if (place := self._held.find(stop)) >= 0
        ]
        if found:
            # The one that is complete first, because the pieces may be cut right after it.
            _, place = min(found)
            self.stopped = True
            shown, self._held = self._held[:place], ""
            return shown
        begun = max((_overlap(self._held, stop) for stop in self._stop), default=0)
        end = len(self._held) - begun
        shown, self._held = self._held[:end], self._held[end:]
        return shown

    def flush(self) -> str:
        """What was held back and turned out to begin no stop text."""
        shown, self._held = self._held, ""
        return shown


def _overlap(text: str, stop: str) -> int:
    """How many characters at the end of *text* begin *stop*."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
