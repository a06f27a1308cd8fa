"""What a program reads of a run."""

from __future__ import annotations

import sys
from typing import IO

from toolalpaca.jsonl import json_line
from toolalpaca.trace import EndRecord, Event, EventRecord, StartRecord, Trace, TraceStart
from toolalpaca_runtime.agent import TextDelta


class JsonView:
    """The records of the trace on standard output, one a line, as in a trace file."""

    def __init__(self, file: IO[str] | None = None) -> None:
        self._file = file or sys.stdout
        self._trace: Trace | None = None
        self._started = ""

    def begin(self, trace: Trace) -> None:
        """The trace whose events follow."""
        self._trace = trace

    def show(self, item: Event | TextDelta) -> None:
        """Print an event's record, and the start record before the first."""
        if isinstance(item, TextDelta) or self._trace is None:
            return
        if self._trace.id != self._started:
            self._started = self._trace.id
            start = {name: getattr(self._trace, name) for name in TraceStart.model_fields}
            self._print(StartRecord(**start))
        self._print(EventRecord(trace=self._trace.id, event=item))

    def end(self, trace: Trace) -> None:
        """Print the outcome of the turn."""
        self._print(EndRecord(trace=trace.id, outcome=trace.outcome))

    def _print(self, record: StartRecord | EventRecord | EndRecord) -> None:
        print(json_line(record).decode(), end="", file=self._file, flush=True)
