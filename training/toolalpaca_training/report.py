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


def rich_table(summaries: Mapping[str, Summary]) -> Table:
    """The table for a terminal; it folds headings where space is short, and never a number."""
    from rich.table import Table

    table = Table()
    table.add_column("model", overflow="fold")
    for column in COLUMNS:
        table.add_column(column.heading, justify="right", min_width=_width(column, summaries))
    for model, summary in summaries.items():
        table.add_row(model, *(column.cell(summary) for column in COLUMNS))
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


def _width(column: Column, summaries: Mapping[str, Summary]) -> int:
    return max((len(column.cell(summary)) for summary in summaries.values()), default=1)
