"""What may happen to answers, as a text: ``latency=100ms..2s, status=503@10%, drop@1%``.

The same words stand on the command line, in the file of disturbances and in the request header
``toolalpaca-disturb``. Terms are separated by commas, and one with ``@`` happens to that share of
all requests:

==================== ==============================================================
``latency=200ms``    the answer takes that long; see :mod:`.durations` for others
``status=503``       an error of that status instead of the answer
``rate=10/60s``      429 with ``Retry-After`` beyond so many requests in that time
``drop``             the connection is closed without an answer
``truncate``         the connection is closed in the middle of the body
``malformed``        the body is cut, and its length is said to be what is left
``hang``             no answer comes
==================== ==============================================================
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from toolalpaca_mockserver.disturbance.durations import Latency, read_duration, read_latency

Fate = Literal["drop", "truncate", "malformed", "hang"]
FATES: Final[tuple[Fate, ...]] = ("drop", "truncate", "malformed", "hang")
_WORDS: Final = ("latency", "status", "rate", *FATES)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Terms:
    """What may happen to the answers of an operation.

    Attributes:
        latency: How long they take, and which share of them.
        statuses: Errors in their place, each with its share of all requests.
        fates: How their delivery fails, each with its share.
        rate: How many there are.
    """

    latency: tuple[Latency, float] | None = None
    statuses: tuple[tuple[int, float], ...] = ()
    fates: tuple[tuple[Fate, float], ...] = ()
    rate: Rate | None = None


NO_TERMS: Final = Terms()


def read_terms(text: str) -> Terms:
    """The terms that *text* lists.

    Raises:
        ValueError: It is no list of terms; the message says which and what would be one.
    """
    terms = NO_TERMS
    for term in filter(None, map(str.strip, text.split(","))):
        said, at, share = term.partition("@")
        word, equals, value = said.strip().partition("=")
        word, value = word.strip(), value.strip()
        if word not in _WORDS or bool(equals) == (word in FATES):
            raise ValueError(f"{term!r} is no disturbance; there are {', '.join(_WORDS)}")
        if at and word == "rate":
            raise ValueError(f"{term!r}: a rate has no share; write rate=10/60s")
        terms = _with(terms, word, value, _share(share, term) if at else 1.0)
    if sum(share for _, share in (*terms.statuses, *terms.fates)) > 1 + 1e-9:
        raise ValueError(f"{text!r}: errors and failures happen to more than all requests")
    return terms


def _with(terms: Terms, word: str, value: str, share: float) -> Terms:
    if word == "latency":
        return replace(terms, latency=(read_latency(value), share))
    if word == "rate":
        return replace(terms, rate=_rate(value))
    if word == "status":
        return replace(terms, statuses=(*terms.statuses, (_status(value), share)))
    fate = FATES[FATES.index(word)]
    return replace(terms, fates=(*terms.fates, (fate, share)))


def _share(text: str, term: str) -> float:
    number, percent, rest = text.strip().partition("%")
    try:
        share = float(number) / (100 if percent else 1)
    except ValueError:
        share = -1.0
    if rest or not 0 <= share <= 1:
        raise ValueError(f"{term!r}: a share is 0% to 100%, or 0 to 1")
    return share


def _status(text: str) -> int:
    if not (text.isdecimal() and 400 <= int(text) <= 599):
        raise ValueError(f"{text!r} is no status of an error; there are 400 to 599")
    return int(text)


def _rate(text: str) -> Rate:
    number, _, span = text.partition("/")
    if not (span and number.isdecimal() and int(number) > 0):
        raise ValueError(f"{text!r} is no rate; write 10/60s")
    seconds = read_duration(span if span[:1].isdecimal() else f"1{span}")
    if seconds == 0:
        raise ValueError(f"{text!r} is no rate: no time has passed")
    return Rate(int(number), seconds)
