"""``--explain``: what was inferred, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.cli import main
from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.explanation import explain

EXAMPLES = Path(__file__).parents[2] / "examples"


def explained(document: Any) -> dict[str, Any]:
    return explain(create_app([load_document(document)]).apis[0])


def test_a_resource_is_told_with_what_it_is_made_of(pets: dict[str, Any]) -> None:
    told = explained(pets)
    pet, visit = told["resources"]
    assert (pet["name"], pet["collection"], pet["id"]) == ("pet", "/pets", "id")
    assert pet["id_why"] == "the path parameter petId is the pet's id"
    assert pet["schema"] == "Pet"
    assert {o["operation"]: o["does"] for o in pet["operations"]} == {
        "GET /pets": "list", "POST /pets": "create", "GET /pets/{petId}": "read",
        "PUT /pets/{petId}": "replace", "PATCH /pets/{petId}": "update",
        "DELETE /pets/{petId}": "delete", "GET /pets/find": "list",
    }  # fmt: skip
    assert pet["operations"][0]["parameters"] == {
        "kind": "filter:kind", "limit": "size", "cursor": "cursor", "offset": "offset",
    }  # fmt: skip
    assert visit["operations"][0]["found_in"] == "data"
    assert visit["parents"] == [{"collection": "/pets", "by": "{petId}"}]
    assert visit["references"] == [{"by": "pet_id", "collection": "/pets"}]
    assert told["without_state"] == []


def test_operations_of_no_resource_are_told(make_document: Callable[..., Any]) -> None:
    paths = {
        "/ping": {"get": {"responses": {"200": {"description": "Fine"}}}},
        "/things/{id}/start": {"post": {"responses": {"200": {"description": "Fine"}}}},
    }
    told = explained(make_document(paths))
    assert told["resources"] == []
    assert [o["operation"] for o in told["without_state"]] == [
        "GET /ping", "POST /things/{id}/start",
    ]  # fmt: skip
    assert all(o["why"] for o in told["without_state"])


def test_for_a_person_and_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [str(path) for path in sorted(EXAMPLES.glob("*.yaml"))]
    assert main(["mock", "--explain", *paths]) == 0
    told = capsys.readouterr().out
    assert "min_elevation: min:elevation" in told
    assert "reference   stops[].station_id -> /stations" in told
    assert main(["mock", "--explain", "--json", *paths]) == 0
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [o["document"] for o in objects] == ["library", "railway", "weather"]


@pytest.mark.slow
def test_every_document_is_explained(shared: Path) -> None:
    for path in sorted((shared / "specs").glob("*/*.*")):
        if path.suffix in (".json", ".yaml", ".yml"):
            assert explained(path)["document"]
