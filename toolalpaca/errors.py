"""The errors that a user meets.

::

    ToolAlpacaError
    ├── UsageError              a command line or a setting that cannot work
    ├── DocumentError           an OpenAPI document that cannot be read
    ├── DataError               a line of a task, trace or corpus file that does not fit its schema
    ├── ModelError              a language model that cannot be used
    │   ├── ModelUnavailable    not installed, not fetched, not reachable
    │   └── ModelReplyError     answered with something outside its protocol
    ├── ApiError                an API that cannot be reached or addressed
    ├── StateError              sessions that cannot be kept, or not there
    └── MissingExtra            an optional dependency that is not installed

What a *model* does wrong is no error: it comes back to the model as an observation.
"""

from __future__ import annotations


class ToolAlpacaError(Exception):
    """Something that a user can mend.

    Args:
        what: What was wrong, as a clause: ``"no operation answers POST /pets"``.
        where: The place: a file, ``file#/json/pointer``, ``file:line``, an option or a URL.
        hint: What to do about it, as a sentence without its full stop.
    """

    exit_status = 1

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f" ({self.hint})" if self.hint else ""
        return " ".join(f"{place}{self.what}{advice}".split())


class UsageError(ToolAlpacaError):
    """A command line or a setting that cannot work."""

    exit_status = 2


class DocumentError(ToolAlpacaError):
    """An OpenAPI document that cannot be read."""


class DataError(ToolAlpacaError):
    """A line of a task, trace or corpus file that does not fit its schema."""


class ModelError(ToolAlpacaError):
    """A language model that cannot be used.

    Args:
        what, where, hint: As of every error.
        passing: Whether the same request may succeed later: a busy server, a lost connection.
        retry_after: Seconds for which the server wants to be left alone, where it says so.
    """

    def __init__(
        self,
        what: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        passing: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.passing = passing
        self.retry_after = retry_after


class ModelUnavailable(ModelError):
    """A language model that is not installed, not fetched or not reachable."""


class ModelReplyError(ModelError):
    """A language model that answered with something outside its protocol."""


class ApiError(ToolAlpacaError):
    """An API that cannot be reached or addressed."""


class StateError(ToolAlpacaError):
    """Sessions of a mock server that cannot be kept, or not where they should be."""


class MissingExtra(ToolAlpacaError):
    """An optional dependency that is not installed.

    Args:
        package: What could not be imported.
        extra: The extra of this distribution that brings it.
    """

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"this needs the package {package!r}",
            hint=f"install it with: pip install 'toolalpaca[{extra}]'",
        )
