"""Numbers of things, as they are said."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """*number* and the *noun*, which takes an s unless there is just one.

    >>> counted(1, "task"), counted(2_000, "task")
    ('1 task', '2,000 tasks')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
