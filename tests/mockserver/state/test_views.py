"""One thing under two paths: what is done in one view is seen in the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.explanation import explain, lines, mistakes
from toolalpaca_mockserver.state.views import View

Open = Callable[..., httpx2.Client]
Make = Callable[..., dict[str, Any]]
TEXT: dict[str, Any] = {"type": "string"}
PRODUCT: dict[str, Any] = {"$ref": "#/components/schemas/Product"}
STORE: dict[str, Any] = {"$ref": "#/components/schemas/Store"}
BY_ID: dict[str, Any] = {"store_id": TEXT}
BY_OBJECT: dict[str, Any] = {
    "store": {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": TEXT, "name": TEXT},
    }
}
BY_LINK: dict[str, Any] = {
    "_embedded": {"type": "object", "properties": {"store": {"properties": {"id": TEXT}}}}
}


def answer(schema: Any) -> dict[str, Any]:
    return {"description": "Fine", "content": {"application/json": {"schema": schema}}}


def collection(path: str, item: Any) -> dict[str, Any]:
    """A collection with everything that is done to collections, below parameters as named."""
    body = {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    one, gone = {"200": answer(item)}, {"204": {"description": "Gone"}}
    parameter = f"{path.rpartition('/')[2][:-1]}Id"
    return {
        path: {
            "get": {"responses": {"200": answer({"type": "array", "items": item})}},
            "post": {"requestBody": body, "responses": {"201": answer(item)}},
        },
        f"{path}/{{{parameter}}}": {
            "get": {"responses": one},
            "put": {"requestBody": body, "responses": one},
            "patch": {"requestBody": body, "responses": one},
            "delete": {"responses": gone},
        },
    }


NESTED = "/stores/{storeId}/products"


@pytest.fixture
def shop(make_document: Make) -> Make:
    """Makes an API of stores and products that refer to them."""

    def make(reference: dict[str, Any], *, items: bool = True) -> dict[str, Any]:
        product = {
            "type": "object",
            "required": ["id", "name"],
            "properties": {"id": TEXT, "name": TEXT, **reference},
        }
        store = {
            "type": "object",
            "required": ["id", "name"],
            "properties": {"id": TEXT, "name": TEXT},
        }
        nested = collection(NESTED, PRODUCT)
        if not items:
            nested.popitem()
        paths = collection("/stores", STORE) | collection("/products", PRODUCT) | nested
        return make_document(paths, schemas={"Product": product, "Store": store})

    return make


def ids(client: httpx2.Client, path: str) -> list[str]:
    return [item["id"] for item in client.get(path).json()]


@pytest.mark.parametrize("reference", [BY_ID, BY_OBJECT, BY_LINK])
@pytest.mark.parametrize("items", [True, False])
def test_what_is_made_in_one_view_is_in_the_other(
    open_client: Open, shop: Make, reference: dict[str, Any], items: bool
) -> None:
    client = open_client(shop(reference, items=items))
    mine, other, *_ = ids(client, "/stores")
    response = client.post(f"/stores/{mine}/products", json={"name": "Tea"})
    made = response.json()
    assert made["name"] == "Tea"
    assert client.get(response.headers["location"]).json() == made
    assert client.get(f"/products/{made['id']}").json() == made
    assert made["id"] in ids(client, "/products")
    assert made["id"] in ids(client, f"/stores/{mine}/products")
    assert made["id"] not in ids(client, f"/stores/{other}/products")
    assert client.delete(f"/products/{made['id']}").status_code == 204
    assert made["id"] not in ids(client, f"/stores/{mine}/products")


def test_the_first_items_are_shared_out(open_client: Open, shop: Make) -> None:
    client = open_client(shop(BY_ID))
    everything = client.get("/products").json()
    shown = []
    for store in ids(client, "/stores"):
        products = client.get(f"/stores/{store}/products").json()
        assert {product["store_id"] for product in products} == {store}
        shown += products
    assert sorted(map(json.dumps, shown)) == sorted(map(json.dumps, everything))


def test_an_item_moves_with_its_reference(open_client: Open, shop: Make) -> None:
    client = open_client(shop(BY_ID))
    first, second, *_ = ids(client, "/stores")
    made = client.post("/products", json={"name": "Tea", "store_id": first}).json()["id"]
    assert client.get(f"/stores/{first}/products/{made}").status_code == 200
    assert client.get(f"/stores/{second}/products/{made}").status_code == 404
    client.patch(f"/products/{made}", json={"store_id": second})
    assert client.get(f"/stores/{first}/products/{made}").status_code == 404
    assert made in ids(client, f"/stores/{second}/products")


def test_the_path_says_what_an_item_belongs_to(open_client: Open, shop: Make) -> None:
    client = open_client(shop(BY_ID))
    first, second, *_ = ids(client, "/stores")
    made = client.post(f"/stores/{first}/products", json={"name": "Tea", "store_id": second}).json()
    assert made["store_id"] == first
    path = f"/stores/{first}/products/{made['id']}"
    assert client.put(path, json={"name": "Mint"}).json()["store_id"] == first
    assert client.patch(f"/stores/{second}/products/{made['id']}", json={}).status_code == 404
    assert client.delete(f"/stores/{second}/products/{made['id']}").status_code == 404
    assert client.delete(path).status_code == 204
    assert client.get(f"/products/{made['id']}").status_code == 404


def test_what_belongs_to_an_item_goes_with_it(open_client: Open, shop: Make) -> None:
    client = open_client(shop(BY_ID))
    (store, *_) = ids(client, "/stores")
    belongs = ids(client, f"/stores/{store}/products")
    assert belongs
    client.delete(f"/stores/{store}")
    assert not set(belongs) & set(ids(client, "/products"))
    assert client.get(f"/stores/{store}/products").status_code == 404


def test_a_new_item_above_has_nothing(open_client: Open, shop: Make) -> None:
    client = open_client(shop(BY_ID))
    store = client.post("/stores", json={"name": "Corner"}).json()["id"]
    assert ids(client, f"/stores/{store}/products") == []


def test_a_view_is_filled_without_the_rest(open_client: Open, shop: Make) -> None:
    client = open_client(shop(BY_ID))
    first, second, *_ = ids(client, "/stores")
    others = ids(client, f"/stores/{second}/products")
    session = f"/_toolalpaca/sessions/default/apis/test/stores/{first}/products"
    assert client.put(session, json=[{"id": "tea", "name": "Tea"}]).status_code == 204
    assert ids(client, f"/stores/{first}/products") == ["tea"]
    assert client.get("/products/tea").json()["store_id"] == first
    assert ids(client, f"/stores/{second}/products") == others


def views(document: dict[str, Any]) -> tuple[View, ...]:
    resources = create_app([load_document(document)]).apis[0].simulation.resources
    top = resources.at("/products")
    assert top is not None
    return resources.views(top)


@pytest.mark.parametrize(
    "reference",
    [
        {},
        {"store_ids": {"type": "array", "items": TEXT}},
        {"rival_store_id": TEXT},
        {"offer": {"type": "object", "properties": BY_ID}},
        {"store_id": {"type": "boolean"}},
    ],
)
def test_what_is_not_sure_is_no_view(shop: Make, reference: dict[str, Any]) -> None:
    assert views(shop(reference)) == ()


def test_another_component_or_another_id_is_no_view(shop: Make) -> None:
    document = shop(BY_ID)
    assert len(views(document)) == 1
    schemas = document["components"]["schemas"]
    schemas["Other"] = schemas["Product"]
    other = {"$ref": "#/components/schemas/Other"}
    assert views({**document, "paths": document["paths"] | collection(NESTED, other)}) == ()


def test_a_correction_says_whether_it_is_a_view(open_client: Open, shop: Make) -> None:
    document = shop(BY_ID)
    document["paths"][NESTED]["x-toolalpaca-resource"] = {"view_of": ""}
    assert views(document) == ()
    client = open_client(document)
    (store, *_) = ids(client, "/stores")
    made = client.post(f"/stores/{store}/products", json={"name": "Tea"}).json()["id"]
    assert made not in ids(client, "/products")

    schemas = document["components"]["schemas"]
    document["paths"] |= collection(NESTED, schemas["Product"])
    assert views(document) == ()
    document["paths"][NESTED]["x-toolalpaca-resource"] = {"view_of": "/products"}
    (view,) = views(document)
    assert (view.collection, view.reference.shown) == ("/stores/{}/products", "store_id")

    document["paths"][NESTED]["x-toolalpaca-resource"] = {"view_of": "/stores"}
    (mistake,) = mistakes(create_app([load_document(document)]).apis[0].simulation.resources)
    assert "is no view of /stores" in str(mistake)


def test_a_view_is_explained(shop: Make) -> None:
    explained = explain(create_app([load_document(shop(BY_OBJECT))]).apis[0])
    (products,) = (r for r in explained["resources"] if r["name"] == "product")
    told = {o["operation"]: o.get("view") for o in products["operations"]}
    assert told[f"GET {NESTED}"] == "store.id"
    assert told["GET /products"] is None
    assert "a view: those whose store.id the path names" in "\n".join(lines(explained))
