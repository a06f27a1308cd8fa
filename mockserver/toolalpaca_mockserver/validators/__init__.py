"""Who says what is wrong with a request.

The compiled plan is the default. Others are loaded when they are chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Final, Literal, Protocol, cast

from toolalpaca.errors import MissingExtra
from toolalpaca.openapi.model import Document
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.problems import Reason
from toolalpaca_mockserver.reading.requests import Request

Validation = Literal["strict", "warn", "off"]
"""What faults of a request lead to: a refusal, an answer that names them, nothing."""


class RequestValidator(Protocol):
    """Judges the requests of one operation; :class:`OperationPlan` is one."""

    def check(
        self, request: Request, path_values: Mapping[str, str]
    ) -> tuple[Arguments, list[Reason]]:
        """What *request* says, and everything that is wrong with it.

        Args:
            request: As it arrived.
            path_values: Path parameters by name, percent-encoded as they were sent.
        """
        ...


MakeValidator = Callable[[OperationPlan], RequestValidator]
ValidatorFactory = Callable[[Document], MakeValidator]
"""Given a document, what makes the validator of each of its operations."""

_VALIDATORS: Final = {
    "compiled": "toolalpaca_mockserver.validators:compiled",
    "openapi-core": "toolalpaca_mockserver.validators.openapi_core:openapi_core",
}
NAMES: Final = tuple(_VALIDATORS)


def compiled(document: Document) -> MakeValidator:
    """The default: a plan checks its own requests."""
    del document
    return lambda plan: plan


def validator_factory(name: str) -> ValidatorFactory:
    """The validator of that name, one of :data:`NAMES`.

    Raises:
        MissingExtra: What it needs is not installed.
    """
    module, _, attribute = _VALIDATORS[name].partition(":")
    try:
        return cast(ValidatorFactory, getattr(import_module(module), attribute))
    except ImportError as error:
        raise MissingExtra(error.name or name, name) from error
