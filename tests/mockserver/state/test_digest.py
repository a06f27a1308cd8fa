"""What a model is told of a session: what the call is about first."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.plan import Arguments
from toolalpaca_mockserver.state.simulation import Simulation


@pytest.fixture
def shop(make_document: Callable[..., Any]) -> Simulation:
    """Orders of customers for goods, and reviews below goods."""
    text, number = {"type": "string"}, {"type": "integer"}

    def thing(**properties: Any) -> dict[str, Any]:
        return {"type": "object", "required": ["id"], "properties": {"id": number, **properties}}

    def answer(schema: Any) -> dict[str, Any]:
        media = {"application/json": {"schema": schema}}
        return {"responses": {"200": {"description": "A", "content": media}}}

    def key(name: str) -> dict[str, Any]:
        return {"name": name, "in": "path", "required": True, "schema": number}

    paths: dict[str, Any] = {}
    for name, schema in {
        "customers": thing(name=text),
        "goods": thing(title=text),
        "orders": thing(good_id=number, note=text),
    }.items():
        paths[f"/{name}"] = {"get": answer({"type": "array", "items": schema})}
        paths[f"/{name}/{{id}}"] = {"parameters": [key("id")], "get": answer(schema)}
    reviews = {"get": answer({"type": "array", "items": thing(stars=number)})}
    paths["/goods/{id}/reviews"] = {"parameters": [key("id")], **reviews}
    paths["/advice"] = {"post": answer(thing())}
    return create_app([load_document(make_document(paths))]).apis[0].simulation


def told(simulation: Simulation, operation: str, **arguments: Any) -> dict[str, Any]:
    """The digest for a call, in a session where everything has been listed."""
    plans = {f"{p.operation.method} {p.operation.path}": p for p in simulation.plans.values()}
    said = {"path": {}, "query": {}, "header": {}, "cookie": {}, **arguments}

    async def run() -> dict[str, Any]:
        for path in ("/customers", "/goods", "/orders"):
            listing = plans[f"get {path}"].operation
            await simulation.act(listing, Arguments({}, {}, {}, {}), "s")
        found = plans[operation].operation
        async with simulation.store.open("s") as world:
            return await simulation.context.digester.of_call(
                world, found, Arguments(**said), simulation.resources.role(found)
            )

    return asyncio.run(run())


def test_the_collection_that_is_called_comes_before_others(shop: Simulation) -> None:
    found = told(shop, "get /orders")
    assert list(found) == ["/orders", "/customers", "/goods"]
    assert len(found["/orders"]) == 5
    assert found["/goods"]["count"] == 5
    assert len(found["/goods"]["items"]) == 2


def test_what_the_call_is_below_comes_first(shop: Simulation) -> None:
    good = told(shop, "get /goods")["/goods"][1]
    found = told(shop, "get /goods/{id}/reviews", path={"id": good["id"]})
    assert next(iter(found.items())) == ("the good of the call", good)


def test_what_the_call_names_comes_before_collections(shop: Simulation) -> None:
    good = told(shop, "get /goods")["/goods"][2]
    body = {"wishes": [{"good": good["id"]}]}
    found = told(shop, "post /advice", body=body, has_body=True)
    assert next(iter(found)) == "named in the call"
    assert found["named in the call"][f"/goods/{good['id']}"] == good
