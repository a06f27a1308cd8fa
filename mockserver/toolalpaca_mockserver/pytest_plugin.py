"""Simulated APIs in tests: the fixture ``mock_api``, which pytest finds by itself.

It is loaded with every test run of whoever has installed ToolAlpaca, so it imports nothing but
pytest before somebody asks for the fixture, and does nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from toolalpaca.serving import MockServer
    from toolalpaca_mockserver.testing import MockApi

_JOURNAL = ("--journal", "10000")


class _Servers:
    """The servers of a test run: one for the same documents and options."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._running: dict[tuple[object, ...], MockServer] = {}

    def of(self, sources: Sequence[Any], seed: int, arguments: Sequence[str]) -> MockServer:
        from toolalpaca.errors import ToolAlpacaError
        from toolalpaca.serving import mock_server

        named = [self._named(source) for source in sources]
        # A document that has been written anew is another one.
        changed = [Path(n).stat().st_mtime_ns if Path(n).is_file() else 0 for n in named]
        key = (tuple(named), tuple(changed), seed, tuple(arguments))
        if key not in self._running:
            options = (*_JOURNAL, *arguments)
            try:
                server = mock_server(named, seed=seed, arguments=options)
                self._running[key] = self._stack.enter_context(server)
            except ToolAlpacaError as error:
                pytest.fail(f"mock_api: {error}", pytrace=False)
        return self._running[key]

    def _named(self, source: Any) -> str:
        """A source that a command line can name: a document that is an object becomes a file."""
        if not isinstance(source, Mapping):
            return str(source)
        import hashlib
        import json

        text = json.dumps(source)
        digest = hashlib.sha256(text.encode()).hexdigest()[:16]
        path = self._folder / digest / "api.json"
        if not path.exists():
            path.parent.mkdir()
            path.write_text(text, encoding="utf-8")
        return str(path)


@pytest.fixture(scope="session")
def _toolalpaca_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Servers]:
    with ExitStack() as stack:
        yield _Servers(tmp_path_factory.mktemp("toolalpaca"), stack)


@pytest.fixture
def mock_api(_toolalpaca_servers: _Servers) -> Iterator[Callable[..., MockApi]]:
    """Serves OpenAPI documents: ``mock_api("openapi.yaml")`` is a live API for this test.

    Documents are files, folders, URLs or objects. Options are ``seed`` and ``arguments`` (further
    options of ``toolalpaca mock``). The server is shared with other tests that want the same; the
    session is the test's own and is forgotten at its end. See
    :class:`toolalpaca_mockserver.testing.MockApi`.
    """
    from toolalpaca_mockserver.testing import MockApi

    session = f"test-{uuid4().hex[:12]}"
    given: dict[str, MockApi] = {}

    def serve(*sources: Any, seed: int = 0, arguments: Sequence[str] = ()) -> MockApi:
        server = _toolalpaca_servers.of(sources, seed, arguments)
        return given.setdefault(server.url, MockApi(server.url, session, list(server.apis)))

    yield serve
    for api in given.values():
        api.reset()
