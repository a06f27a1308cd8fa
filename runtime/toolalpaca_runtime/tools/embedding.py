"""Tools ranked by meaning: how near their descriptions are to a text as vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import mul

from toolalpaca.llm.embeddings import Embedder, Vector
from toolalpaca.llm.protocol import ToolSpec

_LONGEST = 1000  # characters of a tool that are embedded; models have a limit on tokens


class EmbeddingIndexes:
    """Makes indexes that share their vectors: the tools of many agents are embedded once.

    Args:
        embedder: Embeds tools, when they are first searched, and texts.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[str, Vector] = {}

    def __call__(self, specs: Sequence[ToolSpec]) -> EmbeddingIndex:
        """The index of some tools."""
        return EmbeddingIndex(specs, self)

    async def vectors(self, texts: Sequence[str]) -> list[Vector]:
        """The vectors of *texts*, of length 1 each.

        Raises:
            ModelError: The embedding model cannot be used.
        """
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            found = await self._embedder.embed(new)
            self._known.update(zip(new, map(_normalised, found), strict=True))
        return [self._known[text] for text in texts]


class EmbeddingIndex:
    """Ranks tools by the cosine of their vectors with that of a text; see :class:`ToolIndex`."""

    def __init__(self, specs: Sequence[ToolSpec], indexes: EmbeddingIndexes) -> None:
        self._specs = tuple(specs)
        self._texts = [f"{spec.name}: {spec.description}"[:_LONGEST] for spec in specs]
        self._indexes = indexes

    async def find(self, text: str, most: int) -> tuple[ToolSpec, ...]:
        """At most *most* tools, the nearest first.

        Raises:
            ModelError: The embedding model cannot be used.
        """
        *tools, wanted = await self._indexes.vectors([*self._texts, text[:_LONGEST] or " "])
        scores = [sum(map(mul, vector, wanted)) for vector in tools]
        best = sorted(range(len(tools)), key=lambda number: (-scores[number], number))[:most]
        return tuple(self._specs[number] for number in best)


def _normalised(vector: Vector) -> Vector:
    length = math.hypot(*vector) or 1.0
    return tuple(number / length for number in vector)
