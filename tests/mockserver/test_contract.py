"""Schemas are compiled once, and shared by whoever speaks of the same thing."""

from __future__ import annotations

from typing import Any

from toolalpaca_mockserver.contract import Contract

_ROOT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "properties": {
                    "owner": {"$ref": "#/components/schemas/Person"},
                    "toys": {"type": "array", "items": {"$ref": "#/components/schemas/Toy"}},
                    "secret": {"type": "string", "writeOnly": True},
                },
            },
            "Person": {"type": "object", "required": ["name"]},
            "Toy": {"type": "object", "properties": {"pet": {"$ref": "#/components/schemas/Pet"}}},
        }
    }
}
_PET = {"$ref": "#/components/schemas/Pet"}


def test_references_to_one_component_share_a_contract() -> None:
    pet = Contract.of(dict(_PET), _ROOT)
    assert Contract.of(dict(_PET), _ROOT) is pet
    assert Contract.of(dict(_PET), _ROOT, "request") is not pet
    assert Contract.of(dict(_PET), {**_ROOT}) is not pet
    assert Contract.of({**_PET, "title": "x"}, _ROOT) is not pet


def test_answers_know_together_what_their_components_are() -> None:
    person = Contract({"$ref": "#/components/schemas/Person"}, _ROOT)
    people = Contract({"items": {"$ref": "#/components/schemas/Person"}}, _ROOT)
    assert people.flat(people.shape["items"]) is person.shape
    hiding = Contract({"items": {"$ref": "#/components/schemas/Toy"}}, _ROOT)
    pet = hiding.flat(hiding.flat(hiding.shape["items"])["properties"]["pet"])
    assert pet["properties"]["secret"] is False
    asked = Contract({"items": {"$ref": "#/components/schemas/Toy"}}, _ROOT, "request")
    pet = asked.flat(asked.flat(asked.shape["items"])["properties"]["pet"])
    assert pet["properties"]["secret"] is not False


def test_a_part_is_compiled_once_and_judges_as_the_whole_does() -> None:
    pet = Contract(_PET, _ROOT)
    owner, toys = (pet.properties()[name] for name in ("owner", "toys"))
    assert pet.part(owner) is pet.part(owner)
    assert pet.part(owner).is_valid({"name": "Ann"})
    assert not pet.part(owner).is_valid({})
    hidden = [{"pet": {"secret": "x"}}]
    assert not pet.part(toys).is_valid(hidden)
    assert not pet.is_valid({"toys": hidden})
    assert pet.part(toys).part(pet.part(toys).shape["items"]).is_valid({"pet": {}})


def test_who_reads_a_schema_sees_only_what_it_needs() -> None:
    pet = Contract(_PET, _ROOT)
    owner = pet.part(pet.properties()["owner"]).standalone
    assert isinstance(owner, dict)
    assert owner["$defs"].keys() == {"Person"}
    assert pet.standalone == pet.schema
    assert pet.part(True).standalone is True
