"""Reading what a person types: editing, history and completion, on a terminal.

prompt_toolkit does the work. It is loaded when the first line is read, so that nobody waits for it
who only runs a command. A dumb terminal is left to edit its lines itself.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import Completer
    from prompt_toolkit.history import History
    from prompt_toolkit.key_binding import KeyBindings


class LineReader:
    """Reads lines, each of which may hold several: Alt-Enter begins a new one.

    Args:
        history: The file that remembers lines from one run to the next; None remembers nothing.
        commands: Words that begin with ``/`` and are completed, with what each takes: ``"FILE"`` is
            completed, too.
    """

    def __init__(
        self, *, history: Path | None = None, commands: Mapping[str, str] | None = None
    ) -> None:
        self._history = history
        self._commands = commands or {}
        self._session: PromptSession[str] | None = None

    async def read(self, prompt: str) -> str:
        """What the person types, without white space around it.

        Raises:
            EOFError: Ctrl-D on an empty line: there is nobody any more.
            KeyboardInterrupt: Ctrl-C.
        """
        if os.environ.get("TERM", "").lower() in ("dumb", "unknown"):
            return (await _plain_line(prompt)).strip()
        if self._session is None:
            self._session = self._open()
        # The signal is the loop's: prompt_toolkit would leave nobody to hear it afterwards.
        return (await self._session.prompt_async(prompt, handle_sigint=False)).strip()

    def _open(self) -> PromptSession[str]:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import DummyHistory
        from prompt_toolkit.output import create_output
        from prompt_toolkit.shortcuts import CompleteStyle

        history: History = DummyHistory()
        if self._history is not None:
            from toolalpaca_runtime.terminal.history import open_history

            history = open_history(self._history)
        return PromptSession(
            history=history,
            completer=self._completer(),
            complete_style=CompleteStyle.READLINE_LIKE,  # needs no room below, nor colours
            key_bindings=_keys(),
            multiline=True,
            prompt_continuation="  ",
            output=create_output(always_prefer_tty=True),  # standard output may be a file
        )

    def _completer(self) -> Completer | None:
        if not self._commands:
            return None
        from toolalpaca_runtime.terminal.completion import CommandCompleter

        return CommandCompleter(self._commands)


async def _plain_line(prompt: str) -> str:
    """A line as the terminal gives it; while it is awaited, Ctrl-C cancels as everywhere else.

    Raises:
        EOFError: The input has ended.
    """
    print(prompt, end="", flush=True)
    loop, typed = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, typed.set)
    try:
        await typed.wait()
    except asyncio.CancelledError:
        print()  # the terminal has shown ^C
        raise
    finally:
        loop.remove_reader(sys.stdin)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line


def _keys() -> KeyBindings:
    """Enter sends, Alt-Enter begins a new line."""
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

    keys = KeyBindings()

    @keys.add("enter")
    def send(event: KeyPressEvent) -> None:
        event.current_buffer.validate_and_handle()

    @keys.add("escape", "enter")
    def new_line(event: KeyPressEvent) -> None:
        event.current_buffer.insert_text("\n")

    return keys
