"""How strictly requests are judged, and by whom."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca.errors import MissingExtra
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.plan import Arguments, OperationPlan
from toolalpaca_mockserver.problems import Reason
from toolalpaca_mockserver.validators import NAMES, validator_factory

Open = Callable[..., httpx2.Client]
BAD = {"name": "", "kind": "fish", "more": 1}


def told(response: httpx2.Response) -> str:
    return str(response.headers.get("toolalpaca-problem", ""))


def test_strict_refuses(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets)
    assert client.post("/pets", json=BAD).status_code == 400


def test_warn_answers_and_names_what_is_wrong(open_client: Open, pets: dict[str, Any]) -> None:
    exchanges: list[Exchange] = []
    client = open_client(pets, validation="warn", listeners=[exchanges.append])
    response = client.post("/pets", json=BAD)
    assert response.status_code == 201
    assert "kind" in told(response)
    assert "more" in told(response)
    assert exchanges[-1].problem == told(response)
    listed = client.get("/pets?limit=many")
    assert listed.status_code == 200
    assert "limit" in told(listed)
    assert told(client.get("/pets")) == ""


def test_off_says_nothing(open_client: Open, pets: dict[str, Any]) -> None:
    client = open_client(pets, validation="off")
    response = client.post("/pets", json=BAD)
    assert (response.status_code, told(response)) == (201, "")
    response = client.post("/pets", content=b"{", headers={"content-type": "text/plain"})
    assert (response.status_code, told(response)) == (201, "")


def test_off_asks_nobody(open_client: Open, pets: dict[str, Any]) -> None:
    asked: list[str] = []

    class Judge:
        def __init__(self, plan: OperationPlan) -> None:
            self.plan = plan

        def check(self, *request: Any) -> tuple[Arguments, list[Reason]]:
            asked.append(self.plan.operation.name)
            return self.plan.check(*request)

    for validation in ("off", "strict"):
        client = open_client(pets, validation=validation, validator=lambda _: Judge)
        assert client.get("/pets").status_code == 200
        assert len(asked) == (validation == "strict")


@pytest.mark.parametrize(("validation", "status"), [("strict", 401), ("warn", 200), ("off", 200)])
def test_credentials_are_judged_as_strictly(
    open_client: Open, pets: dict[str, Any], validation: str, status: int
) -> None:
    scheme = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    pets["components"]["securitySchemes"] = scheme
    client = open_client({**pets, "security": [{"key": []}]}, validation=validation)
    response = client.get("/pets")
    assert response.status_code == status
    assert ("X-Key" in told(response)) == (validation != "off")


@pytest.mark.parametrize("validator", NAMES)
def test_every_validator_gives_reasons_with_places(
    open_client: Open, pets: dict[str, Any], validator: str
) -> None:
    del pets["paths"]["/pets"]["post"]["responses"]["400"]
    client = open_client(pets, validator=validator_factory(validator))
    sound = client.post("/pets", json={"name": "Rex", "kind": "dog"})
    assert sound.status_code == 201
    assert client.get(f"/pets/{sound.json()['id']}").json()["name"] == "Rex"
    refused = client.post("/pets", json={"name": "", "kind": "fish"}).json()
    reasons = sorted((e["location"], e["pointer"], e["rule"]) for e in refused["errors"])
    assert reasons == [("body", "/kind", "enum"), ("body", "/name", "minLength")]
    missing = client.get("/pets/find").json()["errors"]
    assert [(e["location"], e["pointer"], e["rule"]) for e in missing] == [
        ("query", "/kind", "required")
    ]
    lacking = client.post("/pets", json={"kind": "cat"}).json()["errors"]
    assert [(e["pointer"], e["rule"]) for e in lacking] == [("/name", "required")]
    plain = client.post("/pets", content=b"x", headers={"content-type": "text/plain"})
    assert plain.status_code == 415
    broken = client.post("/pets", content=b"{", headers={"content-type": "application/json"})
    assert broken.status_code == 400
    assert client.post("/pets").json()["errors"][0]["rule"] == "required"
    assert client.get("/pets?limit=x").json()["errors"][0]["location"] == "query"


def test_a_validator_that_is_not_installed_costs_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *arguments: Any, **options: Any) -> Any:
        if name.partition(".")[0] == "openapi_core":
            raise ModuleNotFoundError(f"No module named {name!r}", name="openapi_core")
        return real(name, *arguments, **options)

    monkeypatch.delitem(sys.modules, "toolalpaca_mockserver.validators.openapi_core", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtra, match=r"toolalpaca\[openapi-core\]"):
        validator_factory("openapi-core")
