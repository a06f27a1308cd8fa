"""Media types: which one is meant, and which one a client would rather have."""

from __future__ import annotations

from collections.abc import Iterable

from toolalpaca.openapi.media_types import essence, is_json
from toolalpaca.openapi.model import Response


def best_match(media_type: str, known: Iterable[str]) -> str | None:
    """The key of *known*, media types and ranges, that fits *media_type* most exactly.

    >>> best_match("image/png", ["*/*", "image/*"])
    'image/*'
    """
    best: tuple[int, str] | None = None
    for key in known:
        rank = _fit(media_type, essence(key))
        if rank and (best is None or rank > best[0]):
            best = (rank, key)
    return best[1] if best else None


def preferred(accept: str, offered: Iterable[str]) -> str | None:
    """The media type of *offered* that an ``Accept`` header wants most, or None for none.

    Among equals JSON comes first, then the order of *offered*. (RFC 9110, section 12.5.1.)
    """
    offers = list(offered)
    if not offers:
        return None
    ranges = _ranges(accept)
    ranked = []
    for place, offer in enumerate(offers):
        media_type = essence(offer)
        quality = _quality(media_type, ranges) if ranges else 1.0
        if quality > 0:
            ranked.append((-quality, not is_json(media_type), place, offer))
    return min(ranked)[3] if ranked else None


def acceptable(response: Response | None, accept: str, example: str | None = None) -> str | None:
    """The key of the content of *response* to answer with, or None when none is acceptable.

    Of what is acceptable, what has an example of that name comes first.

    Args:
        response: What is answered; ``""`` where it, or its content, is nothing.
        accept: The ``Accept`` header.
        example: The name of an example that is wanted.
    """
    if response is None or not response.content:
        return ""
    if example is not None:
        having = [
            key
            for key, media in response.content.items()
            if any(shown.name == example for shown in media.examples)
        ]
        found = preferred(accept, having)
        if found is not None:
            return found
    return preferred(accept, response.content)


def _ranges(accept: str) -> list[tuple[str, float]]:
    ranges = []
    for item in accept.split(","):
        media_range, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 1.0
        if "/" in media_range:
            ranges.append((media_range, quality))
    return ranges


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The quality that the most exact range gives *media_type*; 0 when none fits."""
    best = (0, 0.0)
    for media_range, quality in ranges:
        rank = max(_fit(media_type, media_range), _fit(media_range, media_type))
        best = max(best, (rank, quality)) if rank else best
    return best[1]


def _fit(media_type: str, media_range: str) -> int:
    """How exactly *media_range* means *media_type*: 3 itself, 2 ``type/*``, 1 ``*/*``, 0 not.

    >>> _fit("application/json", "application/*+json")
    2
    """
    if media_range == media_type:
        return 3
    if media_range == "*/*":
        return 1
    kind, _, subtype = media_range.partition("/")
    if subtype == "*" and media_type.startswith(kind + "/"):
        return 2
    if subtype.startswith("*+") and media_type.startswith(kind + "/"):
        # Whoever asks for application/*+json can read application/json as well.
        return 2 if media_type.endswith((subtype[1:], f"/{subtype[2:]}")) else 0
    return 0
