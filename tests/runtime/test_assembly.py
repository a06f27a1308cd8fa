from __future__ import annotations

from pathlib import Path

import pytest

from toolalpaca_runtime.assembly import new_trace_path


@pytest.mark.parametrize("name", ["../../pets", "/tmp/pets", "pets\0", ".."])
def test_a_trace_is_in_its_folder_whatever_an_api_calls_itself(name: str) -> None:
    path = new_trace_path(name)
    assert path.parent == Path("traces")
    assert path.suffix == ".jsonl"
    assert "\0" not in path.name
