"""Every operation of every document, called through the runtime, is taken by the mock server.

The two read a document on their own: what one writes wrongly, the other refuses.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from toolalpaca.clients import new_client
from toolalpaca.errors import ToolAlpacaError
from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.openapi.loading import load_document
from toolalpaca.serving import MockServer, mock_server
from toolalpaca.trace import Call
from toolalpaca_mockserver.values import ValueGenerator
from toolalpaca_runtime.tools.api import ApiTools

EXAMPLES = Path(__file__).parents[2] / "examples"
SEEDS = (1, 2)
TAKEN_ALREADY = 409
METHOD = "uvicorn's parser of HTTP does not know the method TEST of additionalOperations"
UNSENDABLE = {
    "463-torture-openapi test_products": METHOD,
    "467-torture-bar test_products": METHOD,
}
"""Operations of the pool that do not come to be called at all, and why."""


class RoundTrip:
    """Calls tools with arguments made of their schemas, and counts what comes of it."""

    def __init__(self) -> None:
        self.operations = 0
        self.statuses: Counter[int] = Counter()
        self.refused: dict[str, str] = {}
        self.began = time.perf_counter()

    async def visit(self, path: Path, server: MockServer) -> None:
        document = load_document(path)
        url = server.apis[document.name]
        async with (
            new_client(url) as client,
            ApiTools(document, url, simulated=True, client=client) as tools,
        ):
            self.operations += len(tools.specs)
            for number, spec in enumerate(tools.specs):
                for seed in SEEDS:
                    # A session for each call: what one deletes, another may ask for.
                    client.headers["toolalpaca-session"] = f"{number}.{seed}"
                    fault = await self._call(tools, spec, seed)
                    if fault:
                        self.refused[f"{document.name} {spec.name}"] = fault

    async def _call(self, tools: ApiTools, spec: ToolSpec, seed: int) -> str:
        """What was wrong with a call, ``""`` for nothing."""
        generator = ValueGenerator(spec.parameters, seed, direction="request")
        try:
            arguments = generator.generate(spec.parameters, name=spec.name, key=spec.name)
        except ToolAlpacaError as error:
            return str(error)
        seen = await tools.call(Call(id="1", tool=spec.name, arguments=arguments))
        if seen.response is None:
            return seen.text
        self.statuses[seen.response.status] += 1
        # What the list shows may take the name that an example gives.
        refused = seen.response.status >= 400 and seen.response.status != TAKEN_ALREADY
        return seen.text if refused else ""

    def summary(self) -> str:
        return (
            f"{self.operations} operations, {self.operations - len(self.refused)} taken with every "
            f"one of {len(SEEDS)} sets of arguments; statuses {dict(sorted(self.statuses.items()))}"
            f"; {time.perf_counter() - self.began:.0f} s"
        )


def round_trip(paths: Sequence[Path]) -> RoundTrip:
    """Visits the documents at *paths*, on one server."""

    async def visit_all(server: MockServer) -> None:
        for path in paths:
            await trip.visit(path, server)

    trip = RoundTrip()
    # Whether an item exists is not the question here: every one that is asked for does.
    with mock_server([str(path) for path in paths], arguments=["--open-world"]) as server:
        asyncio.run(visit_all(server))
    return trip


def test_the_examples() -> None:
    trip = round_trip(sorted(EXAMPLES.glob("*.yaml")))
    assert trip.refused == {}
    assert trip.operations > 20


@pytest.mark.slow
def test_the_pool(
    shared: Path, untakable: Mapping[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    paths = sorted((shared / "specs").glob("*/*.*"))
    assert len(paths) == 163
    trip = round_trip(paths)
    with capsys.disabled():
        print(f"\n{trip.summary()}")
    assert trip.refused.keys() == untakable.keys() | UNSENDABLE.keys(), trip.refused
