"""The offline default: the document's examples, then values generated from its schemas."""

from __future__ import annotations

from typing import Any

from toolalpaca_mockserver.engines import Commission, Composed
from toolalpaca_mockserver.values import ValueGenerator


class SchemaEngine:
    """Composes values by seed.

    Args:
        generator: Makes the values.
    """

    name = "schema"
    sees_state = False

    def __init__(self, generator: ValueGenerator) -> None:
        self.generator = generator

    async def compose(self, commission: Commission) -> Composed:
        """The first example, or a generated value; see :class:`~.Engine`."""
        if commission.examples:
            return Composed(commission.examples[0].value, "example")
        value = self.generator.remembered(
            commission.contract,
            name=commission.name,
            key=commission.key,
            index=commission.index,
        )
        return Composed(value, "schema")

    def report(self) -> dict[str, Any]:
        """It counts nothing."""
        return {}

    async def aclose(self) -> None:
        """Nothing is held."""
