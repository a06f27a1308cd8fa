"""What a model reads when it plays an API: the documentation, the call, and what is known.

Everything is bounded, and JSON stays whole. The texts are the files beside this one, in
``prompts/``; changing one changes the keys of the cache, because it changes what is answered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from functools import cache
from hashlib import blake2b
from importlib.resources import files
from string import Template
from typing import Any, Final

from toolalpaca.llm.protocol import Message
from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.engines import Commission, Earlier, Task
from toolalpaca_mockserver.engines.shortening import portioned, shortened, shortened_schema
from toolalpaca_mockserver.json_text import canonical
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.problems import without_secrets

_SCHEMA_ROOM: Final = 5000
_KNOWN_ROOM: Final = 3000
_ARGUMENTS_ROOM: Final = 2000
_DESCRIPTION_ROOM: Final = 600
_MOST_EARLIER: Final = 4
_WHOLE: Final = 16_000
"""Characters of a whole question at most: of all parts, and the texts around them."""
_PER_TOKEN: Final = 2.5
"""Characters of JSON that a token has, at the least that is seen."""
_TOKENS: Final = 1024
_TOKENS_OF_SEVERAL: Final = 2560
_MOST_SCHEMAS: Final = 256
_TASKS: Final[tuple[Task, ...]] = ("answer", "new", "first", "imagined", "found")


class Prompter:
    """Writes the questions about one document.

    Args:
        root: The document.
        context: Tokens that a question and its reply may have together; None for many.
    """

    def __init__(self, root: Mapping[str, Any], context: int | None = None) -> None:
        self._root = root
        self._context = context
        room = (context - context // 3) * _PER_TOKEN if context is not None else _WHOLE
        self._share = min(1.0, room / _WHOLE)
        self._document = ""
        # A contract is kept beside what is told of it, so that its id stays taken.
        self._schemas: OrderedDict[int, tuple[Contract, str, str]] = OrderedDict()

    def messages(self, commission: Commission) -> tuple[Message, ...]:
        """The question that *commission* is."""
        operation = commission.operation
        question = _prompt("request").substitute(
            api=self._told_of_api(),
            method=operation.method.upper(),
            path=operation.path,
            purpose=_purpose(operation),
            arguments=shortened(without_secrets(_said(commission)), self._room(_ARGUMENTS_ROOM)),
            known=portioned(commission.known, self._room(_KNOWN_ROOM)),
            earlier="".join(map(_told, self._earlier(commission))),
            task=_prompt(commission.task).substitute(
                name=commission.name,
                count=commission.several,
                about=shortened(commission.about, self._room(_ARGUMENTS_ROOM)),
            ),
            schema=self._schema(commission.contract)[0],
        )
        return (
            Message(role="system", content=_prompt("system").substitute()),
            Message(role="user", content=question),
        )

    def correction(self, faults: Iterable[str]) -> Message:
        """What a model is told whose reply has these faults."""
        listed = "\n".join(f"- {fault}" for fault in faults)
        return Message(role="user", content=_prompt("repair").substitute(faults=listed))

    def tokens(self, commission: Commission) -> int:
        """How long the reply may be."""
        most = _TOKENS_OF_SEVERAL if commission.several else _TOKENS
        return most if self._context is None else min(most, max(self._context // 3, 1))

    def _room(self, whole: int) -> int:
        """Characters for what has *whole* of them where there is room for everything."""
        return max(int(whole * self._share), 40)

    def _earlier(self, commission: Commission) -> tuple[Earlier, ...]:
        """As many of the last answers as there is room for."""
        count = int(_MOST_EARLIER * self._share)
        return commission.earlier[-count:] if count else ()

    def fingerprint(self, commission: Commission, model: str, seed: int) -> str:
        """Identifies what is asked of which model, in every process, earlier answers apart."""
        operation = commission.operation
        asked = [
            _version(),
            self._fingerprint_of_document(),
            operation.method,
            operation.path,
            _said(commission),
            commission.task,
            commission.several,
            commission.about,
            portioned(commission.known, _KNOWN_ROOM),  # the same for every model's context
            self._schema(commission.contract)[1],
            model,
            seed,
        ]
        return _hash(canonical(asked))

    def joined(self, asked: str, earlier: Iterable[Earlier]) -> str:
        """Identifies what is asked after these answers."""
        return _hash(canonical([asked, *((one.asked, one.key) for one in earlier)]))

    def _fingerprint_of_document(self) -> str:
        if not self._document:
            self._document = _hash(canonical(self._root))
        return self._document

    def _told_of_api(self) -> str:
        info = self._root.get("info")
        told = info if isinstance(info, Mapping) else {}
        title, about = (str(told.get(name) or "") for name in ("title", "description"))
        return _short(f"{title}. {about}" if about else title)

    def _schema(self, contract: Contract) -> tuple[str, str]:
        """The schema as there is room for it, and what identifies the whole of it."""
        known = self._schemas.get(id(contract))
        if known is None:
            schema = contract.standalone
            told = shortened_schema(schema, self._room(_SCHEMA_ROOM))
            known = self._schemas[id(contract)] = (contract, told, _hash(canonical(schema)))
            if len(self._schemas) > _MOST_SCHEMAS:
                self._schemas.popitem(last=False)
        return known[1:]


def _said(commission: Commission) -> dict[str, Any]:
    """The request as far as it matters: first items are the same whoever asks for them first."""
    if commission.task in ("first", "imagined"):
        return {}
    arguments: Arguments = commission.arguments
    parts = {
        "path": dict(arguments.path),
        "query": dict(arguments.query),
        "body": arguments.body if arguments.has_body else None,
    }
    return {name: value for name, value in parts.items() if value not in (None, {})}


def _purpose(operation: Operation) -> str:
    told = dict.fromkeys(filter(None, (operation.summary, operation.description)))
    return _short(". ".join(told) or operation.name)


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _DESCRIPTION_ROOM else plain[:_DESCRIPTION_ROOM] + "…"


def _told(earlier: Earlier) -> str:
    return _prompt("earlier").substitute(request=earlier.request, answer=earlier.answer) + "\n"


def _hash(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


@cache
def _version() -> str:
    """Identifies the texts of all prompts."""
    names = ("system", "request", "repair", "earlier", *_TASKS)
    return _hash("\0".join(_prompt(name).template for name in names))


@cache
def _prompt(name: str) -> Template:
    path = files("toolalpaca_mockserver.engines") / "prompts" / f"{name}.txt"
    return Template(path.read_text(encoding="utf-8").rstrip())
