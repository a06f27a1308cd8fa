"""Fixtures that several packages' tests share."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


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
