"""The laws of collections hold for every resource that is inferred in every document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document


def test_the_examples(hold: Callable[..., Any], example_paths: list[Path]) -> None:
    tally = hold(*map(load_document, example_paths))
    assert tally.broken == []
    assert tally.held["what is created can be read"] >= 3


@pytest.mark.slow
def test_the_pool(
    hold: Callable[..., Any], pool_paths: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    tally = hold(*map(load_document, pool_paths))
    with capsys.disabled():
        print("\n" + tally.summary())
    assert tally.broken == [], "\n".join(tally.broken)
