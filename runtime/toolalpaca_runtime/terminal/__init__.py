"""What a person sees of a run, and how they take part in it."""

from toolalpaca_runtime.terminal.json_view import JsonView
from toolalpaca_runtime.terminal.view import TerminalView, View

__all__ = ["JsonView", "TerminalView", "View"]
