"""Whoever listens to agents, besides the trace and the view."""

from __future__ import annotations

from typing import Protocol

from toolalpaca.trace import Event, Trace


class Listener(Protocol):
    """Hears what happens to agents, in the order in which it does; it must not fail."""

    def event(self, trace: Trace, event: Event, /) -> None:
        """Something happened; *event* is the last one of *trace*."""
        ...

    def turn_ended(self, trace: Trace, /) -> None:
        """The turn is over; the outcome of *trace* says how."""
        ...
