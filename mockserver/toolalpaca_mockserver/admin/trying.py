"""Requests to try the operations of an API with: examples of the document, or made up to suit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from toolalpaca.calling.bodies import encode_body
from toolalpaca.calling.places import Place
from toolalpaca.calling.request import PreparedRequest, UnusableArgument, build_request
from toolalpaca.calling.tools import Tool
from toolalpaca.errors import DocumentError
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.media_types import is_xml
from toolalpaca.openapi.model import MediaType, Operation, Parameter, SecurityScheme
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.coercion import coerce
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.representations import represent
from toolalpaca_mockserver.state.suggesting import known_ids, new_item
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_UNDECLARED: Final = ("accept", "content-type", "authorization")
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TriedParameter:
    """A parameter and a value for it.

    Attributes:
        contract: What it must be; None when its schema is broken.
        value: A JSON value; None when there is none.
    """

    parameter: Parameter
    contract: Contract | None
    value: Any


@dataclass(frozen=True, slots=True)
class TriedBody:
    """A body to send.

    Attributes:
        media_type: The key of the content it is for.
        content_type: What it is sent as.
        content: The bytes; None when none satisfy the schema.
    """

    media_type: str
    content_type: str
    content: bytes | None


class Trials:
    """Makes requests to try the operations of *api* with.

    Args:
        api: The API.
    """

    def __init__(self, api: Api) -> None:
        self.api = api

    @cached_property
    def _generator(self) -> ValueGenerator:
        return ValueGenerator(self.api.document.root, self.api.settings.seed, direction="request")

    async def parameters(self, operation: Operation, session: str) -> list[TriedParameter]:
        """The parameters of *operation*; ids in its path are of items that exist, if there are any.

        Args:
            operation: What is to be tried.
            session: Whose world it is tried in.
        """
        tried = [
            TriedParameter(parameter, *self._sample(parameter))
            for parameter in _parameters(operation)
            if parameter.location != "header" or parameter.name.lower() not in _UNDECLARED
        ]
        path = {t.parameter.name: t.value for t in tried if t.parameter.location == "path"}
        ids = await known_ids(self.api.simulation, operation, path, session)
        return [
            replace(one, value=ids[one.parameter.name]) if _may_be(one, ids) else one
            for one in tried
        ]

    def _sample(self, parameter: Parameter) -> tuple[Contract | None, Any]:
        try:
            contract = self._generator.contract(parameter.schema)
            _ = contract.validator
        except DocumentError:
            return None, None
        shown = [example.value for example in parameter.examples]
        shown += contract.shape.get("examples") or ()
        sound = next((value for value in shown if contract.is_valid(value)), None)
        if sound is not None:
            return contract, sound
        try:
            return contract, self._generator.for_contract(contract, name=parameter.name)
        except NoInstance:
            return contract, None

    def credentials(self, operation: Operation) -> list[SecurityScheme]:
        """The schemes of the first way to be let in; none when everybody is."""
        guard = self.api.plans[operation.name].guard
        alternatives = guard.alternatives if self.api.settings.authenticate else []
        if not alternatives or not all(alternatives):
            return []
        return [scheme for scheme, _ in alternatives[0]]

    async def bodies(self, operation: Operation, session: str) -> list[TriedBody]:
        """A body for each content type that *operation* takes.

        Args:
            operation: What is to be tried.
            session: Whose world it is tried in.
        """
        content = operation.body.content if operation.body is not None else {}
        return [
            await self._body(operation, key, media_type, session)
            for key, media_type in content.items()
        ]

    async def _body(
        self, operation: Operation, key: str, media_type: MediaType, session: str
    ) -> TriedBody:
        try:
            contract = self._generator.contract(media_type.schema)
            value = await self._value(operation, media_type, contract, session)
            if is_xml(key):
                sent_as, content = represent(value, media_type, contract)
            else:
                sent_as, content = encode_body(media_type, value)
        except (NoInstance, DocumentError, UnusableArgument):
            return TriedBody(key, key, None)  # a form of something that is no object, for instance
        return TriedBody(key, sent_as, content)

    async def _value(
        self, operation: Operation, media_type: MediaType, contract: Contract, session: str
    ) -> Any:
        shown = (example.value for example in media_type.examples)
        sound = next((value for value in shown if contract.is_valid(value)), None)
        if sound is not None:
            return sound
        made = await new_item(self.api.simulation, operation, contract, session)
        return made or self._generator.for_contract(contract, name=operation.name)


def _may_be(tried: TriedParameter, ids: Mapping[str, Any]) -> bool:
    """Whether *tried* can have the value that *ids* has for it."""
    parameter, contract = tried.parameter, tried.contract
    if parameter.location != "path" or parameter.name not in ids:
        return False
    value = ids[parameter.name]
    return contract is None or contract.is_valid(coerce(value, contract.schema, contract))


def _parameters(operation: Operation) -> list[Parameter]:
    """The parameters of *operation*, with those in its path that the document forgot to declare."""
    declared = {p.name for p in operation.parameters if p.location == "path"}
    forgotten = (name for name in _PLACEHOLDER.findall(operation.path) if name not in declared)
    return [
        *operation.parameters,
        *(Parameter(name, "path", True, {"type": "string"}, "simple", False) for name in forgotten),
    ]


def prepared(
    api: Api, operation: Operation, values: Mapping[str, Mapping[str, Any]]
) -> PreparedRequest:
    """The request of *operation* with parameters, by location and name; its URL is a path.

    Raises:
        UnusableArgument: A value cannot stand where it belongs.
    """
    places = {
        f"{parameter.location} {parameter.name}": Place(
            parameter.location, parameter.name, parameter.schema, False, parameter=parameter
        )
        for parameter in _parameters(operation)
    }
    given = {
        f"{location} {name}": value
        for location, found in values.items()
        for name, value in found.items()
    }
    tool = Tool(ToolSpec(name=operation.name, description="", parameters={}), operation, places)
    return build_request(tool, {n: v for n, v in given.items() if n in places}, api.prefix)
