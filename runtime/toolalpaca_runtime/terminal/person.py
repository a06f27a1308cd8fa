"""The person at the terminal, as the agent's user."""

from __future__ import annotations

import json
import sys
from typing import TypeAlias
from urllib.parse import urlsplit

from rich.console import Console
from rich.text import Text

from toolalpaca_runtime.event_text import printable
from toolalpaca_runtime.terminal.prompting import LineReader
from toolalpaca_runtime.terminal.view import TerminalView
from toolalpaca_runtime.user import PendingCall

_Kind: TypeAlias = tuple[str, str, str]

_CHOICES = "[y]es / [n]o / [a]ll of this tool for this conversation: "
_ANSWERS = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "a": "all", "all": "all"}


class Person:
    """Whoever sits at the terminal, for one conversation.

    Args:
        view: Shows the run; it makes room while the person is asked.
        reader: Reads what they type.
    """

    def __init__(self, view: TerminalView, reader: LineReader | None = None) -> None:
        self._view = view
        self._reader = reader or LineReader()
        self._console = view.console
        if not self._console.is_terminal:
            self._console = Console(stderr=True, highlight=False, markup=False, emoji=False)
        self._allowed: set[_Kind] = set()

    async def answer(self, question: str) -> str | None:
        """Their answer; None when they leave (Ctrl-D).

        Raises:
            KeyboardInterrupt: They stop the agent (Ctrl-C).
        """
        with self._view.paused():
            self._view.ask(question)
            try:
                while not (text := await self._reader.read("> ")):
                    pass
            except EOFError:
                return None
            return text

    async def approve(self, pending: PendingCall) -> bool:
        """Whether they let the call be made. Ctrl-C and Ctrl-D mean no."""
        kind = _kind(pending)
        if kind in self._allowed:
            return True
        with self._view.paused():
            self._show(pending)
            choice = await self._choice()
        if choice == "all":
            self._allowed.add(kind)
        return choice != "no"

    async def _choice(self) -> str:
        try:
            while True:
                text = (await self._reader.read(_CHOICES)).lower()
                if text in _ANSWERS:
                    return _ANSWERS[text]
        except (EOFError, KeyboardInterrupt):
            return "no"

    def _show(self, pending: PendingCall) -> None:
        """The whole call: what is not shown cannot be approved."""
        request = pending.request
        what = f"{request.method.upper()} {request.url}" if request else pending.tool
        arguments = json.dumps(dict(pending.arguments), indent=2, ensure_ascii=False)
        self._print(f"! {pending.tool} may change something:", "bold yellow")
        self._print(f"  {what}")
        for line in arguments.splitlines():
            self._print(f"  {line}")

    def _print(self, text: str, style: str = "") -> None:
        # Wrapped by the terminal: spaces that a wrap of ours took away may matter here.
        self._console.print(Text(printable(text), style=style), soft_wrap=True)


def somebody_is_there() -> bool:
    """Whether a person can be asked: standard input is a terminal, and so is some output."""
    return sys.stdin.isatty() and (sys.stdout.isatty() or sys.stderr.isatty())


def _kind(pending: PendingCall) -> _Kind:
    """What "all of this tool" covers: the same tool with the same method at the same host."""
    if pending.request is None:
        return pending.tool, "", ""
    return pending.tool, pending.request.method, urlsplit(pending.request.url).netloc
