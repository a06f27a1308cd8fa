"""Completion of commands that begin with a slash."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prompt_toolkit.completion import CompleteEvent, Completer, Completion, PathCompleter
from prompt_toolkit.document import Document


class CommandCompleter(Completer):
    """Completes commands, and the files that some take; nothing in what is said to the agent.

    Args:
        commands: The commands with what each takes.
    """

    def __init__(self, commands: Mapping[str, str]) -> None:
        self._commands = dict(commands)
        self._paths = PathCompleter(expanduser=True)

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:
        """What may stand at the cursor."""
        command, space, argument = document.text_before_cursor.partition(" ")
        if space and self._commands.get(command) == "FILE":
            yield from self._paths.get_completions(Document(argument), event)
        elif not space and command.startswith("/"):
            for name in self._commands:
                if name.startswith(command):
                    yield Completion(name, start_position=-len(command))
