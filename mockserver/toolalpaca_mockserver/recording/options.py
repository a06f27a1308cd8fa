"""The command-line options about real APIs and recordings of them."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolalpaca.arguments import http_url
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from toolalpaca.openapi.model import Document
    from toolalpaca_mockserver.app import Part
    from toolalpaca_mockserver.exchange import Listener
    from toolalpaca_mockserver.settings import AnswererFactory


def add_recording_options(parser: CommandParser) -> None:
    """Declare ``--proxy``."""
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
    """

    answerer: Callable[[Sequence[Document]], AnswererFactory]
    listeners: Sequence[Listener] = ()
    parts: Sequence[Part] = ()
    notes: Sequence[str] = ()


def recording_from_options(options: Namespace) -> Recording:
    """What *options* ask for.

    Raises:
        UsageError: They contradict each other.
    """
    from toolalpaca_mockserver.settings import simulated

    if not options.proxy:
        return Recording(lambda _: simulated)
    if options.engine != "schema":
        raise UsageError("the real API answers, and no model", where="--proxy", hint="choose one")
    from toolalpaca_mockserver.recording.proxy import Proxy, ProxyClient

    client = ProxyClient()

    def answerer(documents: Sequence[Document]) -> AnswererFactory:
        urls = _urls(options.proxy, [document.name for document in documents])
        return lambda document, _: Proxy(client.client, urls[document.name])

    notes = [f"  {name or 'the API'} is answered by {url}" for name, url in options.proxy]
    return Recording(answerer, parts=[client], notes=notes)


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
