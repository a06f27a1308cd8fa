"""Fixtures that several packages' tests share."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

COLLIDES = "properties of the exploded sort_by are other parameters' names"
EMPTY = "nothing satisfies its schema, or nothing is found that does"
UNTAKABLE = {
    "021-guru-urlbox.io renderSync": "of alternatives that only require, the tool knows nothing",
    "226-sw2-hotelbooking_v1_swagger_specification createBooking": EMPTY,
    "360-multi-lob_api_bundled booklets_list": COLLIDES,
    "360-multi-lob_api_bundled checks_list": COLLIDES,
    "360-multi-lob_api_bundled letters_list": COLLIDES,
    "360-multi-lob_api_bundled postcards_list": COLLIDES,
    "360-multi-lob_api_bundled self_mailers_list": COLLIDES,
    "360-multi-lob_api_bundled snap_packs_list": COLLIDES,
    "393-torture-schema_types quirks_entirelyIncompatibleAllOf": EMPTY,
    "393-torture-schema_types quirks_partiallyUsableIncompatibleAllOf": EMPTY,
}
"""Operations of real documents that do not take arguments made of their schemas, and why."""


def pytest_configure() -> None:
    """Hear SIGINT, which a shell has a command in its background ignore, and its children too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what a command that a test runs in this process does to logging."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real documents and data sets, which is no part of the repository."""
    folder = os.environ.get("TOOLALPACA_SHARED")
    if not folder:
        pytest.skip("TOOLALPACA_SHARED names no folder")
    return Path(folder)


@pytest.fixture(scope="session")
def untakable() -> Mapping[str, str]:
    """Why some operations of real documents do not take what their schemas say, by their names."""
    return UNTAKABLE


@pytest.fixture
def anyio_backend() -> str:
    """Run tests marked ``anyio`` on asyncio, which is what the commands run on."""
    return "asyncio"
