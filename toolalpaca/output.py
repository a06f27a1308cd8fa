"""Standard output, which nobody may read any more."""

from __future__ import annotations

import os
from typing import TextIO


def write_line(text: str, stream: TextIO) -> None:
    """Write *text* as a line at once, so that those of several processes do not mix.

    When the reader has gone (``| head``), this line and those after it are lost, and nothing else
    is: who serves goes on.
    """
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        give_up(stream)


def give_up(stream: TextIO) -> None:
    """Lead *stream*, a file, nowhere: neither writing nor the interpreter's end fails then."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
