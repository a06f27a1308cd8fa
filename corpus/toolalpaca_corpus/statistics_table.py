"""The numbers of a corpus as a table for people."""

from __future__ import annotations

from rich.table import Table

from toolalpaca.counting import counted
from toolalpaca_corpus.statistics import Spread, Statistics, Variety


def table(numbers: Statistics, title: str) -> Table:
    """*numbers* as a table called *title*."""
    made = sum(numbers.tasks.values())
    kept = sum(numbers.kept.values())
    view = Table(title=title, title_justify="left", show_header=False, box=None, pad_edge=False)
    view.add_column(style="bold")
    view.add_column()
    view.add_row("toolsets", f"{numbers.toolsets}, with {counted(numbers.functions, 'function')}")
    view.add_row("tasks", f"{made} ({_parts(numbers.tasks)})")
    view.add_row("kept", f"{kept} ({_parts(numbers.kept)})" if kept else "0")
    view.add_row("by API", _parts(numbers.kept_by_toolset) or "-")
    several = sum(numbers.drop_reasons.values()) > numbers.dropped
    view.add_row("dropped", f"{numbers.dropped}{', some for several reasons' if several else ''}")
    for reason, times in numbers.drop_reasons.items():
        view.add_row("", f"{times} {reason}")
    if numbers.not_run:
        view.add_row("not run", str(numbers.not_run))
    if kept:
        view.add_row("functions called", f"{numbers.functions_called} of {numbers.functions}")
        view.add_row("steps a trace", _spread(numbers.steps))
        view.add_row("calls a trace", _spread(numbers.calls))
        view.add_row("words a trace", _spread(numbers.words))
    view.add_row("instructions", _variety(numbers.variety))
    if kept:
        view.add_row("kept ones", _variety(numbers.kept_variety))
    return view


def _parts(counts: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _spread(spread: Spread) -> str:
    return f"mean {spread.mean:g}, median {spread.median:g}, highest {spread.highest}"


def _variety(variety: Variety) -> str:
    text = (
        f"words: {_spread(variety.words)}; distinct-1 {variety.distinct_words:.2f}, "
        f"distinct-2 {variety.distinct_pairs:.2f}"
    )
    return f"{text}; {counted(variety.templates, 'template')}" if variety.templates else text
