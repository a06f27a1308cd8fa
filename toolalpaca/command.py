"""What a command of ``toolalpaca`` is made of.

A command is a module with two functions: ``configure(parser)`` declares its options and imports
nothing heavy, ``run(options)`` does the work and returns the exit status. Every option is also an
environment variable: ``--port`` of ``toolalpaca mock`` is ``TOOLALPACA_MOCK_PORT``. The command
line wins; the environment is read when a command line is parsed, never at import.
"""

from __future__ import annotations

import argparse
import os
from argparse import Namespace
from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

from toolalpaca.errors import UsageError


class Command(Protocol):
    """The two functions of a command's module."""

    def configure(self, parser: CommandParser) -> None:
        """Declare arguments; cheap, because ``--help`` calls it."""
        ...

    def run(self, options: Namespace) -> int:
        """Do the work and return the exit status.

        Raises:
            ToolAlpacaError: It is printed as one line, and its exit status is the process's.
        """
        ...


class CommandParser(argparse.ArgumentParser):
    """An argument parser with examples in its help, and an environment variable for each option.

    Args:
        examples: Command lines, with a comment each, shown at the end of the help.
    """

    def __init__(self, *args: Any, examples: str = "", **options: Any) -> None:
        options.setdefault("formatter_class", _HelpFormatter)
        options.setdefault("allow_abbrev", False)
        super().__init__(*args, **options)
        self.set_examples(examples)

    def set_examples(self, examples: str) -> None:
        """Show these command lines at the end of the help."""
        self.epilog = f"examples:\n{examples.rstrip()}" if examples.strip() else None

    def variable(self, option: argparse.Action) -> str | None:
        """The environment variable of *option*, or None for positionals and ``--help``."""
        flags = [flag for flag in option.option_strings if flag.startswith("--")]
        if not flags or flags[0] in ("--help", "--version"):
            return None
        words = [*self.prog.split()[1:], flags[0].removeprefix("--")]
        return "_".join(["TOOLALPACA", *words]).upper().replace("-", "_")

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Namespace | None = None
    ) -> tuple[Namespace, list[str]]:
        """Parse *args* over the defaults that the environment gives."""
        for option in self._actions:
            self._take_from_environment(option)
        return super().parse_known_args(args, namespace)

    def _match_arguments_partial(
        self, actions: Sequence[argparse.Action], arg_strings_pattern: str
    ) -> list[int]:
        """Leave a positional that may be absent to what stands behind the options.

        Python before 3.13 takes it as absent at the first option, and refuses it when it comes.
        """
        counts = super()._match_arguments_partial(actions, arg_strings_pattern)
        while counts and counts[-1] == 0 and "O" in arg_strings_pattern:
            counts.pop()
        return counts

    def _take_from_environment(self, option: argparse.Action) -> None:
        name = self.variable(option)
        text = os.environ.get(name) if name else None
        if text is None:
            return
        option.default = self._value(option, text, str(name))
        option.required = False

    def _value(self, option: argparse.Action, text: str, name: str) -> Any:
        if option.nargs == 0:
            return _truth(text, name)
        texts = text.split(",") if isinstance(option, argparse._AppendAction) else [text]
        try:
            values = [self._get_value(option, item) for item in texts]
            for value in values:
                self._check_value(option, value)
        except argparse.ArgumentError as error:
            raise UsageError(error.message, where=f"environment variable {name}") from error
        return values if isinstance(option, argparse._AppendAction) else values[0]

    def error(self, message: str) -> NoReturn:
        """Refuse the command line with one line on standard error."""
        raise UsageError(message, where=self.prog, hint=f"see: {self.prog} --help")


def _truth(text: str, name: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
    try:
        return words[text.strip().lower()]
    except KeyError:
        raise UsageError(
            f"{text!r} is neither true nor false", where=f"environment variable {name}"
        ) from None


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    """Keeps the layout of descriptions and examples, and shows defaults."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = action.help or ""
        silent = (None, False, argparse.SUPPRESS)
        if action.option_strings and not any(action.default is value for value in silent):
            text += " (default: %(default)s)"
        return text
