"""What an outgoing request carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.media_types import is_json
from toolalpaca.openapi.outgoing import Outgoing
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.representations import represent
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.values import NoInstance


@dataclass(frozen=True, slots=True)
class Letter:
    """A request, ready to be sent.

    Attributes:
        name: What the document calls it.
        method: Upper case.
        url: Where it goes.
        content_type: Of the body; ``""`` when there is none.
        body: The bytes.
    """

    name: str
    method: str
    url: str
    content_type: str = ""
    body: bytes = b""


def letter_of(outgoing: Outgoing, url: str, api: Api, about: Any, key: str) -> Letter:
    """What *outgoing* carries to *url*.

    Args:
        outgoing: As the document describes it.
        url: Where it goes.
        api: Who sends it.
        about: What it is about, such as what has been created: what it says of that counts.
        key: Tells this one from others.
    """
    content = outgoing.body.content if outgoing.body is not None else {}
    media_type = next((kind for kind in content if is_json(kind)), next(iter(content), None))
    method = outgoing.method.upper()
    if media_type is None:
        return Letter(outgoing.name, method, url)
    try:
        # It is a request, but the API speaks: what only the server says belongs there.
        contract = Contract.of(content[media_type].schema, api.document.root, "response")
        examples = [e.value for e in content[media_type].examples if contract.is_valid(e.value)]
        value = examples[0] if examples else None
        if not examples:
            value = api.responder.generator.for_contract(contract, name=outgoing.name, key=key)
        value = _about(value, about, contract)
        kind, body = represent(value, content[media_type], contract)
    except (DocumentError, NoInstance):
        return Letter(outgoing.name, method, url)  # the document's problems name the schema
    return Letter(outgoing.name, method, url, kind, body)


def _about(value: Any, about: Any, contract: Contract) -> Any:
    """*value* with what *about* says under the same names, or at the place for things like it."""
    if not isinstance(value, dict) or not isinstance(about, dict):
        return value
    said = {letters(name): part for name, part in about.items()}
    for name in list(value):
        for part in (said.get(letters(name)), about):
            candidate = {**value, name: part}
            if part is not None and contract.is_valid(candidate) and _is_like(value[name], part):
                value = candidate
                break
    return value


def _is_like(made: Any, part: Any) -> bool:
    """Whether *part* may stand where *made* does: an object for one with the same properties."""
    if isinstance(made, dict) and isinstance(part, dict):
        return len(made.keys() & part.keys()) * 2 > len(made)
    return type(made) is type(part)
