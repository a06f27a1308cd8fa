"""The table of an evaluation: for a terminal, for Markdown, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from toolalpaca_training.metrics import Summary

if TYPE_CHECKING:
    from rich.table import Table


class Column(NamedTuple):
    """A column: its heading, and what a summary shows in it."""

    heading: str
    cell: Callable[[Summary], str]


def _percent(name: str) -> Callable[[Summary], str]:
    def cell(summary: Summary) -> str:
        share: float | None = getattr(summary, name)
        return "-" if share is None else f"{100 * share:.1f}%"

    return cell


def _amount(name: str, digits: int) -> Callable[[Summary], str]:
    def cell(summary: Summary) -> str:
        amount: float | None = getattr(summary, name)
        return "-" if amount is None else f"{amount:,.{digits}f}"

    return cell


COLUMNS = (
    Column("tasks", _amount("tasks", 0)),
    Column("failed", _amount("failed", 0)),
    Column("success", _percent("success")),
    Column("tool precision", _percent("tool_precision")),
    Column("tool recall", _percent("tool_recall")),
    Column("arguments", _percent("arguments")),
    Column("valid calls", _percent("valid_calls")),
    Column("asks", _percent("asks")),
    Column("finished", _percent("finished")),
    Column("steps", _amount("steps", 1)),
    Column("tokens", _amount("tokens", 0)),
    Column("seconds", _amount("seconds", 2)),
)


_LONGEST_NAME = 32
_NARROWEST = 11  # of a model's column, in characters


def terminal_tables(summaries: Mapping[str, Summary], width: int) -> list[Table]:
    """The table for a terminal of *width* characters.

    It has a line a model where that fits. Else it has a line a metric, with as many models beside
    each other as fit, and there may be several.
    """
    from rich.console import Console

    wide = _wide_table(summaries)
    if Console(width=1_000).measure(wide).maximum <= width:
        return [wide]
    models = list(summaries)
    labels = max(len(column.heading) for column in COLUMNS)
    beside = max(1, (width - labels) // (_NARROWEST + 1))
    parts = [models[start : start + beside] for start in range(0, len(models), beside)]
    return [_tall_table({model: summaries[model] for model in part}) for part in parts]


def _wide_table(summaries: Mapping[str, Summary]) -> Table:
    from rich.table import Table

    table = Table()
    table.add_column("model", overflow="fold", max_width=_LONGEST_NAME)
    for column in COLUMNS:
        table.add_column(column.heading.replace(" ", "\n"), justify="right")
    for model, summary in summaries.items():
        table.add_row(model, *(column.cell(summary) for column in COLUMNS))
    return table


def _tall_table(summaries: Mapping[str, Summary]) -> Table:
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True)
    for model in summaries:
        table.add_column(model, justify="right", overflow="fold", max_width=_LONGEST_NAME)
    for column in COLUMNS:
        table.add_row(column.heading, *(column.cell(item) for item in summaries.values()))
    return table


def markdown_table(summaries: Mapping[str, Summary]) -> str:
    """The table in Markdown."""
    heading = ["model", *(column.heading for column in COLUMNS)]
    rows = [
        [model.replace("|", "\\|"), *(column.cell(summary) for column in COLUMNS)]
        for model, summary in summaries.items()
    ]
    rule = ["---", *("---:" for _ in COLUMNS)]
    return "".join(_markdown_row(row) for row in (heading, rule, *rows))


def _markdown_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
