"""The cache routes of ToolAlpaca's own simulator (``instance_generation/simulator.py``).

There an API's conversation was carried from call to call. Here it is the state of a session:
``clear`` forgets what the session holds of an API, ``close`` lets every call find a new world that
is forgotten after it, and ``open`` goes on with the worlds that there were.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import unquote

from toolalpaca_mockserver.answers import Answer, problem_answer
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.json_text import dump
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.state.store import Store

SIMULATOR_CACHE: Final = "/__simulator_cache__/"
_ALL: Final = "__ALL__"
_METHODS: Final = ("GET", "HEAD", "POST")


class SimulatorCache:
    """Whether state is carried from call to call, and the routes that say so.

    Args:
        apis: What is served.
        store: Where the sessions are.

    Attributes:
        carries: Whether what a call leaves behind is there in the next.
    """

    def __init__(self, apis: Catalog, store: Store) -> None:
        self.apis = apis
        self.store = store
        self.carries = True
        self._used: set[int] = set()

    def answers(self, api: Api | None, path: str) -> bool:
        """Whether a request is for these routes: a document that has such paths itself wins."""
        if not path.startswith(SIMULATOR_CACHE):
            return False
        operations = api.document if api is not None else ()
        return not any(one.path.startswith(SIMULATOR_CACHE) for one in operations)

    async def answer(self, request: Request, session: str) -> Answer:
        """The answer to a request for these routes."""
        if request.method not in _METHODS:
            answer = problem_answer(405, f"{request.method} is not among the methods of this path")
            answer.headers["Allow"] = ", ".join(_METHODS)
            return answer
        deed, _, name = request.path.removeprefix(SIMULATOR_CACHE).partition("/")
        name = unquote(name)
        if deed in ("open", "close") and not name:
            self.carries = deed == "open"
            return _told(f"{deed} cache")
        if deed == "clear" and name:
            await self._clear(name, session)
            return _told(f"clear {name} cache")
        return problem_answer(404, f"there are open, close and clear/NAME below {SIMULATOR_CACHE}")

    async def _clear(self, name: str, session: str) -> None:
        """Forget what *session* holds of an API; of one that is not there, it holds nothing."""
        if name == _ALL:
            await self.store.forget(session)
            return
        snapshot = await self.store.snapshot(session)
        held = snapshot["collections"]
        snapshot["collections"] = {
            place: kept for place, kept in held.items() if not place.startswith(f"{name}:")
        }
        if len(snapshot["collections"]) < len(held):
            await self.store.restore(session, snapshot)

    @asynccontextmanager
    async def passing_world(self) -> AsyncIterator[str]:
        """A session for one call, while nothing is carried."""
        number = next(n for n in range(len(self._used) + 1) if n not in self._used)
        self._used.add(number)
        session = f"~passing.{number}"
        try:
            yield session
        finally:
            await self.store.forget(session)
            self._used.discard(number)


def _told(message: str) -> Answer:
    return Answer(200, dump({"message": message}), "application/json", source="router")
