"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest


def pytest_configure() -> None:
    """Hear SIGINT, which a shell has a command in its background ignore, and its children too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real documents and data sets, which is no part of the repository."""
    folder = os.environ.get("TOOLALPACA_SHARED")
    if not folder:
        pytest.skip("TOOLALPACA_SHARED names no folder")
    return Path(folder)


@pytest.fixture
def anyio_backend() -> str:
    """Run tests marked ``anyio`` on asyncio, which is what the commands run on."""
    return "asyncio"
