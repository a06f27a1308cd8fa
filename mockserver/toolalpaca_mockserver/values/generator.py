"""Values that satisfy a schema: where all generated data comes from.

A value is built, then checked; when the check fails it is built again from other choices, and in
the end as the smallest thing the schema allows. The same seed, schema and key give the same value
in every process.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any
from zlib import crc32

from toolalpaca.errors import ToolAlpacaError
from toolalpaca.openapi.model import Schema
from toolalpaca_mockserver.contract import Contract, Direction
from toolalpaca_mockserver.values.attempt import DeadEnd, Effort
from toolalpaca_mockserver.values.build import Build
from toolalpaca_mockserver.values.scene import Source

_CONTRACTS = 4096
"""Compiled schemas that are kept; beyond it the least recently used is forgotten."""

_VALUES = 512
"""Values that are kept for who asks again: at most some 20 MB of the largest answers."""

_EFFORTS = (
    Effort("whole"),
    Effort("leaves"),
    *(Effort("none") for _ in range(4)),
    *(Effort("none", apart=True) for _ in range(2)),
    *(Effort("leaves", minimal=True) for _ in range(2)),
    *(Effort("none", minimal=True) for _ in range(4)),
    *(Effort("none", minimal=True, apart=True) for _ in range(4)),
)


class NoInstance(ToolAlpacaError):
    """No value was found that satisfies the schema; there may be none."""


class ValueGenerator:
    """Makes values for the schemas of one document.

    Args:
        root: The document, which references in schemas lead into.
        seed: Another seed, other values.
        direction: ``response`` leaves out what is ``writeOnly``, ``request`` what is ``readOnly``.
    """

    def __init__(
        self, root: Mapping[str, Any], seed: int = 0, *, direction: Direction = "response"
    ) -> None:
        self.root = root
        self.seed = seed
        self.direction: Direction = direction
        self._contracts: OrderedDict[int, tuple[Schema, Contract]] = OrderedDict()
        self._values: OrderedDict[tuple[object, ...], tuple[Contract, Any]] = OrderedDict()

    def generate(
        self, schema: Schema, *, name: str = "", key: str = "", index: int | None = None
    ) -> Any:
        """A value that satisfies *schema*.

        Args:
            schema: May hold references into the document.
            name: What the value is called, for realism: ``email``, ``station``.
            key: Tells values of the same schema apart.
            index: Its place in a list: examples are taken in order, each once.

        Raises:
            NoInstance: None was found.
            DocumentError: The schema is broken.
        """
        return self.for_contract(self.contract(schema), name=name, key=key, index=index)

    def contract(self, schema: Schema) -> Contract:
        """*schema*, compiled once."""
        known = self._contracts.get(id(schema))
        if known is None:
            known = (schema, Contract.of(schema, self.root, self.direction))
            self._contracts[id(schema)] = known
            if len(self._contracts) > _CONTRACTS:
                self._contracts.popitem(last=False)
        else:
            self._contracts.move_to_end(id(schema))
        return known[1]

    def remembered(
        self, contract: Contract, *, name: str = "", key: str = "", index: int | None = None
    ) -> Any:
        """What :meth:`for_contract` makes, kept for a while; nobody may change it."""
        asked = (id(contract), name, key, index)
        known = self._values.get(asked)
        if known is None:
            value = self.for_contract(contract, name=name, key=key, index=index)
            # The contract is kept beside its value, so that its id stays taken.
            known = self._values[asked] = (contract, value)
            if len(self._values) > _VALUES:
                self._values.popitem(last=False)
        else:
            self._values.move_to_end(asked)
        return known[1]

    def for_contract(
        self,
        contract: Contract,
        *,
        name: str = "",
        key: str = "",
        index: int | None = None,
        examples: bool = True,
        minimal: bool = False,
    ) -> Any:
        """A value that satisfies *contract*; see :meth:`generate`.

        Args:
            contract: A compiled schema.
            name: What the value is called.
            key: Tells values of the same schema apart.
            index: Its place in a list.
            examples: Whether the schema's examples may be used.
            minimal: Whether only what is required is made.
        """
        for attempt, effort in enumerate(_EFFORTS):
            if (not examples and effort.examples != "none") or (minimal and not effort.minimal):
                continue
            rng = random_for(self.seed, name, key, index, attempt)
            try:
                value = Build(contract, rng, effort, index).value(contract.schema, name)
            except (DeadEnd, ArithmeticError):  # bounds may lie beyond what numbers hold
                continue
            if contract.is_valid(value):
                return value
        # What looks possible may contradict itself, where one of these would do.
        for value in (None, {}, [], "", 0, False):
            if contract.is_valid(value):
                return value
        raise NoInstance(
            f"no value was found for the schema of {name or 'a body'}",
            hint="it may contradict itself",
        )


def index_for(count: int, *parts: object) -> int:
    """A number below *count* that *parts* alone determine; cheaper than a source of choices."""
    text = "\x1f".join(map(str, parts)).encode(errors="surrogatepass")
    return crc32(text) % count


def random_for(*parts: object) -> Source:
    """A source of choices that *parts* alone determine, in every process."""
    text = "\x1f".join(map(str, parts)).encode(errors="surrogatepass")
    return Source(int.from_bytes(hashlib.blake2b(text, digest_size=8).digest()))
