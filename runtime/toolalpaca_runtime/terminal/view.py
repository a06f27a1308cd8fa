"""A run as a person watches it: each event as it happens, in lines that fit the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.cells import cell_len
from rich.console import Console
from rich.live import Live
from rich.status import Status
from rich.text import Text

from toolalpaca.task import ASK_TOOL
from toolalpaca.trace import AssistantEvent, Call, Event, ObservationEvent, Trace, UserEvent
from toolalpaca_runtime.agent import TextDelta
from toolalpaca_runtime.event_text import (
    call_line,
    folded_observation,
    observation_line,
    printable,
    went_well,
)
from toolalpaca_runtime.http_text import request_text
from toolalpaca_runtime.terminal.calls import counted_calls
from toolalpaca_runtime.terminal.flow import NARROWEST, Flow
from toolalpaca_runtime.terminal.reply import Part, ReplyText

_REFRESHED = 12  # times a second
_STYLES = {"thought": "dim", "answer": "", "open": ""}
_INDENTS = {"thought": "  ", "answer": "", "open": ""}


class View(Protocol):
    """Shows a run."""

    def begin(self, trace: Trace, /) -> None:
        """A turn begins; *trace* is what happened so far."""
        ...

    def show(self, item: Event | TextDelta, /) -> None:
        """Something happened."""
        ...

    def end(self, trace: Trace, /) -> None:
        """The turn is over; the outcome says how."""
        ...


class TerminalView:
    """Lines for a person: thoughts dim, calls with an arrow, answers as they are.

    On a terminal, text is shown while the model writes it. Where it is not known yet whether it is
    a thought or the answer, it is replaced by what it was; a dumb terminal shows it as it came.

    Args:
        console: Where to print; colours and motion only where it is a terminal.
        echo: Whether the user's own words are shown.
        folded: Whether a call and what came of it are one line, with the number under which the
            rest can be seen; otherwise the call stands whole, and a line of the body below it.
    """

    def __init__(
        self, console: Console | None = None, *, echo: bool = False, folded: bool = False
    ) -> None:
        self.console = console or Console(highlight=False, markup=False, emoji=False)
        self._echo = echo
        self._folded = folded
        self._trace: Trace | None = None
        self._moving: Status | Live | None = None
        self._draft = ""
        self._reply = ReplyText("")
        self._flow: Flow | None = None
        self._streamed: list[Part] = []  # what is on the screen of the reply that comes
        self._running: list[Call] = []
        self._problem: str | None = None  # that the last step has told

    def begin(self, trace: Trace) -> None:
        """Show that the model thinks, until something is there to be shown."""
        self._trace = trace
        self._reply = ReplyText(trace.prompt_format)
        self._streamed, self._running = [], []
        self._wait()

    def show(self, item: Event | TextDelta) -> None:
        """Print what happened; of text that has been shown as it came, nothing is repeated."""
        if isinstance(item, TextDelta):
            if item.restart:
                self._void()
            if self.console.is_terminal:
                self._stream(self._reply.feed(item.text))
            return
        self._stop_waiting()
        self._draft = ""
        match item:
            case UserEvent():
                if self._echo:
                    self._print("You: ", item.text, "bold")
            case AssistantEvent():
                self._end_stream()
                self._show_step(item)
            case ObservationEvent():
                self._show_observation(item)
        self._wait()

    def end(self, trace: Trace) -> None:
        """Print how the turn ended, where no event has said it."""
        self._stop_waiting()
        self._end_stream()
        if self._draft:
            self._print("", self._draft.strip(), _STYLES["open"])
            self._draft = ""
        outcome = trace.outcome
        for call in self._running:
            self._print_folded(call, outcome.status, "yellow")
        self._running = []
        if outcome.status == "stopped":
            self._print("! ", outcome.answer, "yellow")
        elif outcome.status == "asked":
            self.ask(outcome.answer)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Leave the terminal to the person for as long as the block lasts."""
        self._stop_waiting()
        try:
            yield
        finally:
            self._wait()

    def ask(self, question: str) -> None:
        """Print a question of the agent's."""
        self._print("? ", question, "bold cyan")

    def _stream(self, parts: Iterator[tuple[Part, str]]) -> None:
        for part, text in parts:
            if part == "open" and not self.console.is_dumb_terminal:
                self._show_draft(text)
                continue
            if not self._streamed or self._streamed[-1] != part or self._flow is None:
                if not text.strip():
                    continue
                self._stop_waiting()
                self._close_flow()
                self._flow = Flow(self.console, indent=_INDENTS[part], style=_STYLES[part])
                self._streamed.append(part)
            self._flow.write(text)

    def _show_draft(self, text: str) -> None:
        """Show what has come, to be replaced when it is known what it is."""
        self._draft += text
        if not isinstance(self._moving, Live):
            self._stop_waiting()
            # Asked for its text when it draws, which is rarer than pieces come.
            self._moving = Live(
                console=self.console,
                get_renderable=self._draft_end,
                transient=True,
                refresh_per_second=_REFRESHED,
            )
            self._moving.start()

    def _draft_end(self) -> Text:
        """As much of the end of the draft as the terminal can show."""
        width, height = max(self.console.width, NARROWEST), max(self.console.height - 2, 1)
        draft = Text(printable(self._draft.strip()[-width * height :]))
        return Text("\n").join(draft.wrap(self.console, width)[-height:])

    def _void(self) -> None:
        """What has come of the reply is void: it begins again."""
        self._draft = ""
        self._reply = ReplyText(self._trace.prompt_format if self._trace else "")
        if self._flow is not None:
            self._flow.write("…")
            self._close_flow()
            self._print("! ", "The model broke off, and begins again.", "yellow")
        self._streamed = []

    def _end_stream(self) -> None:
        if self.console.is_terminal:
            self._stream(self._reply.finish())
        self._close_flow()

    def _close_flow(self) -> None:
        if self._flow is not None:
            self._flow.close()
            self._flow = None

    def _show_step(self, step: AssistantEvent) -> None:
        streamed, self._streamed = self._streamed, []
        if step.thought and not streamed:
            self._print("  ", step.thought, "dim")
        calls = [call for call in step.calls if call.tool != ASK_TOOL]
        if self._folded:
            self._running = calls
        else:
            for call in calls:
                self._print("→ ", call_line(call), "cyan")
        self._problem = step.problem
        if step.problem:
            self._print("! ", step.problem, "yellow")
        if step.answer is not None and not {"answer", "open"} & set(streamed):
            self._print("", step.answer, _STYLES["answer"])

    def _show_observation(self, event: ObservationEvent) -> None:
        if event.source == "user":
            return
        style = "green" if went_well(event) else "red"
        call = next((call for call in self._running if call.id == event.call), None)
        if call is not None:
            self._running.remove(call)
            self._print_folded(call, folded_observation(event), style)
        elif event.call is not None or event.text != self._problem:  # else the step has said it
            line = Text("  ").append(observation_line(event), style=style)
            line.truncate(self.console.width, overflow="ellipsis")
            self.console.print(line, soft_wrap=True)
        if event.source == "runtime" and event.request is not None:  # a dry run
            self._print("  ", request_text(event.request), "dim")

    def _print_folded(self, call: Call, result: str, style: str) -> None:
        """``→ getPet(id=3)  200 in 0.1 s  [1]`` on one line; what is too long is cut."""
        assert self._trace is not None
        numbers = [known.id for known in counted_calls(self._trace)]
        number = f"  [{numbers.index(call.id) + 1}]"
        room = max(self.console.width, NARROWEST) - cell_len(number)
        after = Text("  ").append(result, style=style)
        after.truncate(max(room // 2, room - self._cells(call) - 2), overflow="ellipsis")
        line = Text("→ " + printable(call_line(call), keep_lines=False), style="cyan")
        line.truncate(room - after.cell_len, overflow="ellipsis")
        self.console.print(Text.assemble(line, after, (number, "dim")), soft_wrap=True)

    @staticmethod
    def _cells(call: Call) -> int:
        return cell_len(printable(call_line(call), keep_lines=False))

    def _wait(self) -> None:
        """Show that something is going on, where a line can be taken back."""
        if not self.console.is_terminal or self._trace is None:
            return
        doing = f"→ {call_line(self._running[0])}" if self._running else "…"
        text = Text(printable(doing, keep_lines=False), style="dim")
        text.truncate(max(self.console.width - 2, NARROWEST), overflow="ellipsis")
        self._moving = self.console.status(text, spinner_style="dim")
        self._moving.start()

    def _stop_waiting(self) -> None:
        if self._moving is not None:
            self._moving.stop()
            self._moving = None

    def _print(self, mark: str, text: str, style: str) -> None:
        """Print *text*, wrapped and indented to stand beside its mark."""
        lines = Text(printable(text), style=style)
        width = max(self.console.width - len(mark), NARROWEST)
        for place, line in enumerate(lines.wrap(self.console, width)):
            line.rstrip()
            start = Text(mark if place == 0 else " " * len(mark), style=style)
            self.console.print(start + line, soft_wrap=True)
