"""A server as the options of ``toolalpaca mock`` describe it, put together."""

from __future__ import annotations

import gc
import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from toolalpaca.errors import UsageError
from toolalpaca.openapi.discovery import load_documents
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.sources import is_url, noting_files
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.app import MockServerApp, apis_of
from toolalpaca_mockserver.callbacks.options import sender_from_options
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.disturbance.options import rules_from_options
from toolalpaca_mockserver.engines.options import engine_from_options
from toolalpaca_mockserver.explanation import mistakes
from toolalpaca_mockserver.mcp.options import hosts_from_options, notes_on_mcp
from toolalpaca_mockserver.observation.exchange import Listener
from toolalpaca_mockserver.observation.observing import watch_from_options
from toolalpaca_mockserver.observation.request_log import RequestLog
from toolalpaca_mockserver.printing import print_json, print_line
from toolalpaca_mockserver.recording.options import recording_from_options, usual_validation
from toolalpaca_mockserver.reloading import Loaded, Reloader
from toolalpaca_mockserver.settings import Settings
from toolalpaca_mockserver.state.corrections import (
    CorrectionsFile,
    read_corrections_file,
    unmet,
)
from toolalpaca_mockserver.state.memory import MemoryStore
from toolalpaca_mockserver.state.options import check_workers, limits_from_options
from toolalpaca_mockserver.state.stores import store_at
from toolalpaca_mockserver.state.sweeping import sweeping
from toolalpaca_mockserver.validators import validator_factory

_SWEPT_EVERY: Final = 60.0
"""Seconds after which sessions that have expired are let go of at the latest."""


class Assembly:
    """Puts a server together.

    Args:
        options: The command's.

    Raises:
        ToolAlpacaError: The options contradict each other, or ask for what is not there.
    """

    def __init__(self, options: Namespace) -> None:
        self._options = options
        self._engine = engine_from_options(options)
        self._apis = Catalog(())
        self._recording = recording_from_options(options, self._apis)
        check_workers(options)
        self._limits = limits_from_options(options)
        self._store = store_at(options.state, self._limits)
        self._settings = Settings(
            seed=options.seed,
            engine=self._engine.engine,
            open_world=options.open_world,
            authenticate=not options.no_auth,
            credentials=frozenset(options.credential) or None,
            validator=validator_factory(options.validator),
            validation=options.validation or usual_validation(options),
        )

    async def prepare(self) -> None:
        """Find out, before anything is served, whether store and model can be used.

        Raises:
            ToolAlpacaError: One of them cannot.
        """
        await self._store.prepare()
        if self._engine.prepare is not None:
            await self._engine.prepare()

    def load(self) -> Loaded:
        """Read all files, and make of them what is served.

        Raises:
            ToolAlpacaError: One cannot be read, or does not fit the others.
        """
        options = self._options
        if gc.get_freeze_count():  # this is not the first time: what was served before goes
            gc.unfreeze()
            gc.collect()
        with noting_files() as files:
            documents = load_documents(options.source)
            gc.freeze()  # see server.py; the collector would look at them once more before that
            settings = replace(
                self._settings,
                answerer=self._recording.answerer(documents),
                corrections=corrections_from(options, documents),
                disturbances=rules_from_options(options, documents),
            )
        apis = apis_of(documents, settings, self._store)
        refuse([mistake for api in apis for mistake in mistakes(api.simulation.resources)])
        return Loaded(apis, tuple(files), tuple(_folders(options.source)))

    def app(self) -> MockServerApp:
        """The application.

        Raises:
            ToolAlpacaError: As :meth:`load`.
        """
        options = self._options
        report = print_json if options.json else print_line
        loaded = self.load()
        apis = self._apis
        apis.replace(loaded.apis)
        show: Listener = print_json if options.json else RequestLog()
        listeners = [show, *self._recording.listeners]
        parts = [*self._recording.parts]
        routes = []
        sender = sender_from_options(options, apis, report)
        if sender is not None:
            listeners.append(sender.hear)
            parts.append(sender)
            routes.append(sender.routes)
        if self._limits.idle:
            parts.append(sweeping(self._store, min(self._limits.idle, _SWEPT_EVERY)))
        if options.watch:
            _refuse_unwatchable(options.source)
            parts.append(Reloader(self.load, loaded, apis, self._store, report))
        watch = watch_from_options(options)
        return MockServerApp(
            apis,
            self._store,
            listeners=listeners,
            parts=parts,
            routes=routes,
            watch=watch,
            hosts=hosts_from_options(options),
        )

    def notes(self, url: str) -> list[str]:
        """What a person should know of how the APIs are served at *url*, a line each."""
        options, notes = self._options, [*self._recording.notes]
        notes += [self._engine.note] if self._engine.note else []
        notes += notes_on_mcp(url)
        engine = f" with the {options.engine} engine" if self._recording.simulates else ""
        return [*notes, f"Serving {url}{engine}; see {url}/_toolalpaca/. Stop with Ctrl-C."]


def described(options: Namespace) -> list[Api]:
    """The APIs of *options*, for who looks at them and does not serve."""
    documents = load_documents(options.source)
    settings = Settings(seed=options.seed, corrections=corrections_from(options, documents))
    return apis_of(documents, settings, MemoryStore())


def corrections_from(options: Namespace, documents: Sequence[Document]) -> CorrectionsFile | None:
    """The file of corrections.

    Raises:
        UsageError: It has no place in *documents*.
    """
    if options.corrections is None:
        return None
    file = read_corrections_file(options.corrections)
    refuse(unmet(file, documents))
    return file


def refuse(found: Sequence[UsageError]) -> None:
    """Say every mistake, a line each, and raise the last."""
    for mistake in found[:-1]:
        print(f"toolalpaca: error: {mistake}", file=sys.stderr)
    if found:
        raise found[-1]


def _folders(sources: Sequence[str]) -> Iterator[Path]:
    """The folders among *sources*, and those in them."""
    for path in (Path(source) for source in sources if source != "-" and not is_url(source)):
        if path.is_dir():
            yield path
            yield from (inner for inner in path.rglob("*") if inner.is_dir())


def _refuse_unwatchable(sources: Sequence[str]) -> None:
    for source in sources:
        if source == "-":
            raise UsageError("standard input cannot be read again", where="--watch")
