"""The command-line options about real APIs and recordings of them."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.arguments import existing_file, http_url
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from toolalpaca.openapi.model import Document
    from toolalpaca_mockserver.app import Part
    from toolalpaca_mockserver.catalog import Catalog
    from toolalpaca_mockserver.observation.exchange import Listener
    from toolalpaca_mockserver.settings import AnswererFactory
    from toolalpaca_mockserver.validators import Validation


def add_recording_options(parser: CommandParser) -> None:
    """Declare ``--proxy``, ``--record``, ``--replay`` and ``--replay-else``."""
    group = parser.add_argument_group("real APIs and recordings")
    group.add_argument(
        "--proxy",
        action="append",
        default=[],
        type=proxied,
        metavar="[NAME=]URL",
        help="let the real API there answer, and hold both directions to the document; NAME is the "
        "API's where several are served. What breaks the document is forwarded and named in the "
        "header toolalpaca-problem unless --validation is strict",
    )
    group.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help="append every exchange to this file, without secrets",
    )
    group.add_argument(
        "--replay",
        type=existing_file,
        metavar="FILE",
        help="answer as it was recorded; what breaks the document is not refused unless "
        "--validation is strict",
    )
    group.add_argument(
        "--replay-else",
        choices=("refuse", "simulate"),
        help="what becomes of requests that were not recorded; both is labelled (default: refuse)",
    )


def proxied(text: str) -> tuple[str, str]:
    """A URL and the name of the API that is there, ``""`` for the only one."""
    name, equals, url = text.partition("=")
    if not equals or "/" in name or ":" in name:
        return "", http_url(text)
    if not name:
        raise ArgumentTypeError(f"{text!r}: there is no name in front of the =")
    return name, http_url(url)


@dataclass(frozen=True, slots=True)
class Recording:
    """What the options make of real APIs and recordings.

    Attributes:
        answerer: Makes what answers each of some documents; raises UsageError when that is not
            said of each.
        listeners: Told of every exchange.
        parts: What lives as long as the application.
        notes: What a person should know of it at the start.
        simulates: Whether an engine answers anything.
    """

    answerer: Callable[[Sequence[Document]], AnswererFactory]
    listeners: Sequence[Listener] = ()
    parts: Sequence[Part] = ()
    notes: Sequence[str] = ()
    simulates: bool = True


def recording_from_options(options: Namespace, apis: Catalog) -> Recording:
    """What *options* ask for.

    Args:
        options: The command's.
        apis: What is served.

    Raises:
        UsageError: They contradict each other.
        DataError: A recording cannot be read or written.
    """
    _refuse_contradictions(options)
    recording = _replayed(options) if options.replay is not None else _proxied(options)
    if options.record is None:
        return recording
    from toolalpaca_mockserver.recording.recorder import Recorder

    recorder = Recorder(options.record, apis)
    return replace(
        recording,
        listeners=[recorder.hear],
        parts=[*recording.parts, recorder],
        notes=[*recording.notes, f"  exchanges are recorded in {options.record}"],
    )


def usual_validation(options: Namespace) -> Validation:
    """What faults of requests lead to when nobody has said it.

    What another answers is to be seen as it is: only a simulation refuses.
    """
    return "warn" if options.proxy or options.replay is not None else "strict"


def _refuse_contradictions(options: Namespace) -> None:
    where = "--proxy" if options.proxy else "--replay"
    if options.proxy and options.replay is not None:
        raise UsageError("the real API answers or a recording", where=where, hint="choose one")
    if options.engine != "schema" and options.proxy:
        raise UsageError("the real API answers, and no model", where=where, hint="choose one")
    if options.replay_else is not None and options.replay is None:
        what = "no recording is replayed"
        raise UsageError(what, where="--replay-else", hint="add --replay FILE")
    if options.replay is not None and options.replay == options.record:
        raise UsageError("it is replayed", where="--record", hint="choose another file")


def _proxied(options: Namespace) -> Recording:
    from toolalpaca_mockserver.settings import simulated

    if not options.proxy:
        return Recording(lambda _: simulated)
    from toolalpaca_mockserver.clients import Clients
    from toolalpaca_mockserver.recording.proxy import Proxy

    clients = Clients()

    def answerer(documents: Sequence[Document]) -> AnswererFactory:
        urls = _urls(options.proxy, [document.name for document in documents])
        return lambda document, _: Proxy(clients, urls[document.name])

    notes = [f"  {name or 'the API'} is answered by {url}" for name, url in options.proxy]
    return Recording(answerer, parts=[clients], notes=notes, simulates=False)


def _replayed(options: Namespace) -> Recording:
    from toolalpaca_mockserver.recording.replay import Recordings, Replay, read_recordings

    found = read_recordings(options.replay)
    simulate = options.replay_else == "simulate"

    def answerer(documents: Sequence[Document]) -> AnswererFactory:
        names = [document.name for document in documents]
        if not simulate and found.keys().isdisjoint(names):
            known = ", ".join(found) or "none"
            what = f"holds nothing of {', '.join(names)}"
            raise UsageError(what, where=str(options.replay), hint=f"it holds exchanges of {known}")
        return lambda document, responder: Replay(
            found.get(document.name, Recordings(())), document, responder if simulate else None
        )

    otherwise = "simulated" if simulate else "refused"
    notes = [f"  answers come from {options.replay}; what is not there is {otherwise}"]
    return Recording(answerer, notes=notes, simulates=simulate)


def _urls(said: Sequence[tuple[str, str]], names: Sequence[str]) -> dict[str, str]:
    """The URL of each API.

    Raises:
        UsageError: There is none, or one of an API that is not served.
    """
    known = f"there are {', '.join(names)}"
    if len(names) > 1 and any(not name for name, _ in said):
        raise UsageError("which API is there?", where="--proxy", hint=f"NAME=URL; {known}")
    urls = {name or names[0]: url for name, url in said}
    for name in urls.keys() - set(names):
        raise UsageError(f"there is no API {name!r}", where="--proxy", hint=known)
    for name in names:
        if name not in urls:
            hint = f"add --proxy {name}=URL"
            raise UsageError(f"where is the API {name!r}?", where="--proxy", hint=hint)
    return urls
