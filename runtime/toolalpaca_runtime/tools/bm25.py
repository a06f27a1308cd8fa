"""BM25: tools ranked by the words that their names and descriptions share with a text."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from toolalpaca.llm.protocol import ToolSpec

# The usual parameters of Okapi BM25 (Robertson and Zaragoza, "The Probabilistic Relevance
# Framework: BM25 and Beyond", 2009).
_K1 = 1.2
_B = 0.75
_NAME_WEIGHT = 3  # a word of a tool's name says more than one of its description

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_FILLERS = frozenset(
    (
        *("a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "for", "from", "how", "i"),
        *("in", "is", "it", "me", "my", "of", "on", "or", "please", "show", "that", "the", "this"),
        *("to", "want", "what", "which", "with", "you", "your"),
    )
)


class Bm25Index:
    """Ranks tools by how well they fit a text.

    The same tools and text always give the same order; ties keep the order of the document.

    Args:
        specs: The tools.
    """

    def __init__(self, specs: Sequence[ToolSpec]) -> None:
        self.specs = tuple(specs)
        self._counts = [Counter(_terms(spec)) for spec in self.specs]
        lengths = [counts.total() for counts in self._counts]
        average = sum(lengths) / max(len(lengths), 1) or 1.0
        self._norms = [_K1 * (1 - _B + _B * length / average) for length in lengths]
        self._holders: dict[str, list[int]] = {}
        for number, counts in enumerate(self._counts):
            for term in counts:
                self._holders.setdefault(term, []).append(number)

    async def find(self, text: str, most: int) -> tuple[ToolSpec, ...]:
        """At most *most* tools, the best first; none that shares no word with *text*."""
        scores: defaultdict[int, float] = defaultdict(float)
        for term in dict.fromkeys(_words(text)):
            holders = self._holders.get(term, ())
            weight = math.log(1 + (len(self.specs) - len(holders) + 0.5) / (len(holders) + 0.5))
            for number in holders:
                count = self._counts[number][term]
                scores[number] += weight * count * (_K1 + 1) / (count + self._norms[number])
        best = sorted(scores, key=lambda number: (-scores[number], number))[:most]
        return tuple(self.specs[number] for number in best)


def _terms(spec: ToolSpec) -> list[str]:
    """The words of a tool, those of its name several times."""
    named = _words(spec.name) * _NAME_WEIGHT
    parameters = [word for name in spec.parameters.get("properties", ()) for word in _words(name)]
    return named + _words(spec.description) + parameters


def _words(text: str) -> list[str]:
    """The words of *text*, lower case and singular, ``getUserById`` taken apart."""
    words = (word.lower() for word in _WORDS.findall(text))
    return [_stem(word) for word in words if word not in _FILLERS]


def _stem(word: str) -> str:
    """*word* without the endings that English inflects with, crudely and the same for everybody."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return word[: -len(ending)].removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word
