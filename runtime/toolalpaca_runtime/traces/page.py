"""Traces as one HTML file that stands alone: to be kept, sent, printed, and read without a network.

The page needs no JavaScript to be read; the script only filters and folds. Its Content Security
Policy (https://www.w3.org/TR/CSP3/) allows the style and the script of this file by their hashes
and nothing else, so that a text that would slip through as markup could neither run nor send.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from toolalpaca import __version__
from toolalpaca.counting import counted
from toolalpaca.errors import DataError
from toolalpaca.trace import Trace
from toolalpaca_runtime.traces.article import headline, outcome_badge, trace_article


def trace_page(traces: Sequence[Trace]) -> str:
    """One page of *traces*, in their order, with a list of them when there are several."""
    style, script = _file("page.css"), _file("page.js")
    anchors = [f"trace-{number}" for number in range(1, len(traces) + 1)]
    alone = len(traces) == 1
    return Template(_file("page.html")).substitute(
        policy=(
            f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
            "img-src data:; base-uri 'none'; form-action 'none'"
        ),
        title=headline(traces[0]) if alone else counted(len(traces), "trace"),
        style=style,
        script=script,
        kind="alone" if alone else "several",
        list="" if alone else _list(traces, anchors),
        count=counted(len(traces), "trace"),
        articles="".join(
            trace_article(trace, anchor, opened=alone)
            for trace, anchor in zip(traces, anchors, strict=True)
        ),
        version=__version__,
    )


def write_page(path: Path, traces: Sequence[Trace]) -> None:
    """Write the page of *traces* to *path*.

    Raises:
        DataError: It cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(trace_page(traces), encoding="utf-8")
    except OSError as error:
        raise DataError(f"cannot be written: {error.strerror}", where=str(path)) from error


def _list(traces: Sequence[Trace], anchors: Sequence[str]) -> str:
    items = "".join(
        f'<li data-outcome="{trace.outcome.status}"><a href="#{anchor}">{headline(trace)}</a> '
        f"{outcome_badge(trace)}</li>"
        for trace, anchor in zip(traces, anchors, strict=True)
    )
    return f'<nav class="list" aria-label="Traces"><ol>{items}</ol></nav>'


def _file(name: str) -> str:
    return (files("toolalpaca_runtime.traces") / "page_files" / name).read_text("utf-8")


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
