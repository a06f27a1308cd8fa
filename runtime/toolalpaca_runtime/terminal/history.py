"""What a person has typed, remembered from one conversation to the next."""

from __future__ import annotations

import os
from pathlib import Path

from prompt_toolkit.history import FileHistory, History, InMemoryHistory

from toolalpaca.logs import redact


class DiscreetHistory(FileHistory):
    """A history that only its owner can read, without lines that hold a secret.

    A line that begins with a space is not remembered either, as in a shell.
    """

    def store_string(self, string: str) -> None:
        """Append *string* to the file, unless it should not be remembered."""
        if not string.startswith(" ") and redact(string) == string:
            super().store_string(string)


def open_history(path: Path) -> History:
    """The history that *path* keeps; where it cannot be written, one that ends with the process."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.open("r+b").close()
    except OSError:
        return InMemoryHistory()
    return DiscreetHistory(path)


def state_folder() -> Path:
    """Where what a program remembers is kept, by the XDG Base Directory Specification."""
    folder = os.environ.get("XDG_STATE_HOME")
    return (Path(folder) if folder else Path.home() / ".local" / "state") / "toolalpaca"
