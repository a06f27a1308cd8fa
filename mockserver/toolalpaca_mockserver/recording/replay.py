"""Answers as they were recorded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote

from toolalpaca.jsonl import parse_record, read_records
from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.answering import Answerer
from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.json_text import canonical, load
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.masking import Secrets
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.reading.preferences import Preferences
from toolalpaca_mockserver.reading.requests import Request, decode_query, split_pairs
from toolalpaca_mockserver.recording.record import Body, RecordedExchange
from toolalpaca_mockserver.recording.recorder import recorded

_MOST_SESSIONS: Final = 1000
_SHOWN: Final = 5
_NO_ANSWERS: Final = frozenset({"disturbance", "router"})
"""Sources of what no API answered: what went wrong on purpose, or on the way to the real API."""
NOT_RECORDED: Final = "not-recorded"


@dataclass(frozen=True, slots=True)
class Key:
    """What makes two requests the same: credentials and other headers do not count.

    Attributes:
        operation: What is called.
        path: Decoded.
        query: Names and values, decoded and sorted.
        body: JSON in one form, whatever its spacing and order.
    """

    operation: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: str

    @property
    def shown(self) -> str:
        """The key for a person, without the body."""
        query = "&".join(f"{name}={value}" for name, value in self.query)
        return self.path + (f"?{query}" if query else "")


class Recordings:
    """The exchanges of one API.

    Args:
        exchanges: In their order.
    """

    def __init__(self, exchanges: Iterable[RecordedExchange]) -> None:
        self._by_key: dict[Key, list[RecordedExchange]] = {}
        for exchange in exchanges:
            self._by_key.setdefault(key_of(exchange), []).append(exchange)

    def matching(self, key: Key) -> list[RecordedExchange]:
        """What was answered to such requests, in its order."""
        return self._by_key.get(key, [])

    def near(self, key: Key) -> list[str]:
        """Some other requests to the same operation, for a person."""
        known = (other.shown for other in self._by_key if other.operation == key.operation)
        return list(dict.fromkeys(known))[:_SHOWN]


def key_of(exchange: RecordedExchange) -> Key:
    """What makes *exchange* the same as another."""
    request = exchange.request
    pairs = ((name, decode_query(value)) for name, value in split_pairs(request.query))
    return Key(
        exchange.operation, unquote(request.path), tuple(sorted(pairs)), _one_form(request.body)
    )


def _one_form(body: Body | None) -> str:
    if body is None:
        return ""
    try:
        return canonical(load(body.raw))
    except ValueError:
        return body.text if body.text is not None else f"base64 {body.base64}"


class Replay:
    """Answers the requests of one API as they were answered when they were recorded.

    The same request gets the recorded answers one after another, in each session from the first
    on, and the last one from then on.

    Args:
        recordings: The API's.
        document: The API's: it says what is secret, and was therefore not recorded.
        otherwise: Answers what was not recorded, labelled; None refuses it.
    """

    def __init__(
        self, recordings: Recordings, document: Document, otherwise: Answerer | None = None
    ) -> None:
        self._recordings = recordings
        self._secrets = Secrets([document])
        self._otherwise = otherwise
        self._told: OrderedDict[str, dict[Key, int]] = OrderedDict()

    async def answer(
        self,
        plan: OperationPlan,
        request: Request,
        arguments: Arguments,
        preferences: Preferences,
        session: str,
    ) -> Answer:
        """The recorded answer, or what there is in its place."""
        asked = Exchange(request, Answer(200, operation=plan.operation), session, 0.0, 0.0)
        key = key_of(recorded(asked, self._secrets))
        found = self._recordings.matching(key)
        if found:
            return _told(found[min(self._count(session, key), len(found) - 1)])
        if self._otherwise is not None:
            made = await self._otherwise.answer(plan, request, arguments, preferences, session)
        else:
            known = ", ".join(self._recordings.near(key)) or "none"
            body = " with this body" if key.body else ""
            made = problem_answer(
                404,
                f"the recording has no {request.method} {key.shown}{body}; "
                f"of {plan.operation.name} it has {known}",
            )
            made.source = "replay"
        made.reason = NOT_RECORDED
        return made

    def _count(self, session: str, key: Key) -> int:
        """How often such a request has been answered in *session* before."""
        told = self._told.setdefault(session, {})
        self._told.move_to_end(session)
        if len(self._told) > _MOST_SESSIONS:
            self._told.popitem(last=False)
        told[key] = told.get(key, -1) + 1
        return told[key]


def _told(exchange: RecordedExchange) -> Answer:
    response = exchange.response
    return Answer(
        response.status,
        response.body.raw if response.body is not None else b"",
        response.content_type,
        dict(response.headers),
        "replay",
        conforming=exchange.conforming,
    )


def read_recordings(path: Path) -> Mapping[str, Recordings]:
    """The recordings in the file at *path*, by the name of the API.

    What the server itself put in the place of an answer, such as a disturbance, is left out.

    Raises:
        DataError: It cannot be read, or a line is no exchange.
    """
    by_api: dict[str, list[RecordedExchange]] = {}
    for number, record in read_records(path, cut_off=True):
        exchange = parse_record(record, RecordedExchange, f"{path}:{number}")
        if exchange.source not in _NO_ANSWERS:
            by_api.setdefault(exchange.api, []).append(exchange)
    return {api: Recordings(exchanges) for api, exchanges in by_api.items()}
