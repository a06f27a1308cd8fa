"""The table of an evaluation is readable in a terminal of any width."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from toolalpaca_training.metrics import Summary
from toolalpaca_training.report import COLUMNS, terminal_tables

NAMES = ("transformers:/somewhere/far/away/checkpoint", "smollm2", "baseline")
SUMMARIES = {
    name: Summary(
        80 + number, 0, 0.5, 0.25, 0.75, 1.0, 0.125, 0.3, None, 3.2, 123_456.0 + number, 1.25
    )
    for number, name in enumerate(NAMES)
}


def shown(width: int) -> str:
    text = io.StringIO()
    console = Console(file=text, width=width)
    for table in terminal_tables(SUMMARIES, width):
        console.print(table)
    return text.getvalue()


@pytest.mark.parametrize("width", [26, 30, 40, 79, 80, 120, 139, 150, 200])
def test_nothing_is_cut_off(width: int) -> None:
    text = shown(width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for summary in SUMMARIES.values():
        for column in COLUMNS:
            assert re.search(rf"(?<!\S){re.escape(column.cell(summary))}(?!\S)", text)


def test_a_line_is_a_model_where_that_fits_and_a_metric_elsewhere() -> None:
    assert re.search(r"smollm2 .*81 .* 50.0% .* 123,457", shown(160))
    assert re.search(r"^tokens +123,456 +123,457 +123,458$", shown(80), re.MULTILINE)
    assert re.findall(r"^tokens +(\S+)$", shown(30), re.MULTILINE) == [
        "123,456", "123,457", "123,458",
    ]  # fmt: skip
