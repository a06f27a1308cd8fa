"""Documents that change while they are served: ``toolalpaca mock --watch``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from toolalpaca.counting import counted
from toolalpaca.errors import StateError, ToolAlpacaError
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.state.fitting import forget_unknown
from toolalpaca_mockserver.state.store import Store

_log = logging.getLogger(__name__)

_EVERY: Final = 0.3
"""Seconds between two looks at the files. A look at ten of them takes 0.03 ms."""

Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is served, as it stands in files.

    Attributes:
        apis: What is served.
        files: What was read for it.
        folders: Folders in which a new file would be served, too.
    """

    apis: Sequence[Api]
    files: Iterable[Path]
    folders: Iterable[Path] = ()


@dataclass(frozen=True, slots=True)
class Reload:
    """What became of a change.

    Attributes:
        apis: The names of what is served now.
        items_gone: How many remembered items the new documents have no place for.
        problem: Why the old version goes on, or ``""``.
    """

    apis: tuple[str, ...]
    items_gone: int = 0
    problem: str = ""

    def as_json(self) -> dict[str, Any]:
        """The reload as a line of ``--json`` output."""
        return {"event": "reload", **asdict(self)}

    def as_line(self) -> str:
        """The reload as a line for a person."""
        if self.problem:
            return f"Not reloaded, the old version goes on: {self.problem}"
        gone = f"; {counted(self.items_gone, 'item')} did not fit" if self.items_gone else ""
        return f"Reloaded {', '.join(self.apis)}{gone}"


class Reloader:
    """Serves documents anew when their files change, for as long as it is entered.

    Args:
        load: Reads everything again, in another thread.
        first: What is served at the beginning.
        apis: What is served.
        store: Where sessions are.
        report: Told of every reload.
    """

    def __init__(
        self,
        load: Callable[[], Loaded],
        first: Loaded,
        apis: Catalog,
        store: Store,
        report: Callable[[Reload], None],
    ) -> None:
        self._load = load
        self._loaded = first
        self._apis = apis
        self._store = store
        self._report = report
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Reloader:
        self._seen = _stamps(self._loaded)
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *raised: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self) -> None:
        changing: Mapping[Path, Stamp] | None = None
        while True:
            await asyncio.sleep(_EVERY)
            now = _stamps(self._loaded)
            # An editor may still be writing: what has changed must be the same at two looks.
            if now != self._seen and now == changing:
                self._seen = now
                await self._reload()
            changing = now

    async def _reload(self) -> None:
        problem = ""
        try:
            loaded = await asyncio.to_thread(self._load)
            lost = _lost(self._loaded.apis, loaded.apis)
            problem = f"{', '.join(lost)} can no longer be read" if lost else ""
        except ToolAlpacaError as error:
            problem = str(error)
        except Exception as error:  # a fault of ours must not end the watch
            _log.exception("the documents could not be loaded again")
            problem = type(error).__name__
        if problem:
            self._report(Reload(tuple(self._apis.names), problem=problem))
            return
        self._loaded, self._seen = loaded, _stamps(loaded)
        self._apis.replace(loaded.apis)
        self._report(Reload(tuple(self._apis.names), await self._forget_unknown()))

    async def _forget_unknown(self) -> int:
        """Forget what the documents have no place for; how many items have gone."""
        try:
            documents = {api.document.name: api.document for api in self._apis}
            return await forget_unknown(self._store, documents)
        except StateError as error:
            _log.warning("what no document has a place for stays: %s", error)
            return 0


def _lost(old: Sequence[Api], new: Sequence[Api]) -> list[str]:
    """The files that are still there and were left out, as folders do with what is broken."""
    read = {api.document.source for api in new}
    sources = (api.document.source for api in old)
    return [source for source in sources if source not in read and Path(source).is_file()]


def _stamps(loaded: Loaded) -> dict[Path, Stamp]:
    """What changes when a file does, for each that is there; folders change with their entries."""
    return {
        path: stamp
        for path in (*loaded.files, *loaded.folders)
        if (stamp := _stamp(path)) is not None
    }


def _stamp(path: Path) -> Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)
