"""``getCurrentDateTime``: what day it is, which no model knows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from toolalpaca_runtime.tools.functions import FunctionTools


def clock_tools(now: Callable[[], datetime] | None = None) -> FunctionTools:
    """The tool that tells date and time, as ToolAlpaca names it.

    Args:
        now: The time, with its zone; by default this machine's.
    """
    tell = now or (lambda: datetime.now().astimezone())

    def getCurrentDateTime() -> str:
        """Tell the current date, weekday, time and time zone."""
        moment = tell()
        return f"Today is {moment:%A}, {moment.isoformat(timespec='seconds')}"

    return FunctionTools([getCurrentDateTime], name="clock")
