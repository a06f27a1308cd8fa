"""Following references, and bundles that stand alone."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.references import (
    SharedBundles,
    at_pointer,
    bundle,
    pointer_parts,
    reference_to,
    resolve,
)
from toolalpaca.openapi.validation import Validator, json_pointer

ROOT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Pet": {
                "type": "object",
                "properties": {
                    "owner": {"$ref": "#/components/schemas/Owner"},
                    "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}},
                    "$ref": {"type": "string"},
                },
                "examples": [{"$ref": "#/nowhere"}],
            },
            "Owner": {"type": "object", "required": ["name"]},
            "Odd name/100%": {"const": 1},
            "Alias": {"$ref": "#/components/schemas/Owner"},
            "Loop": {"$ref": "#/components/schemas/Loop"},
            "Local": {
                "$defs": {"Owner": {"const": 2}},
                "$ref": "#/components/schemas/Local/$defs/Owner",
            },
        }
    },
    "list": [{"type": "string"}, {"type": "null"}],
}


def test_pointers_and_references_are_inverse() -> None:
    path = ["a/b", "c~d", "100%", "{id}", "", "ü"]
    assert pointer_parts(reference_to(path)[1:]) == path
    assert pointer_parts(json_pointer(["a/b", "c~d"])) == ["a/b", "c~d"]


def test_resolve_follows_chains_and_indices() -> None:
    schemas = ROOT["components"]["schemas"]
    assert resolve(ROOT, "#/components/schemas/Alias") is schemas["Owner"]
    assert resolve(ROOT, "#/components/schemas/Odd%20name~1100%25") is schemas["Odd name/100%"]
    assert resolve(ROOT, "#/list/1") == {"type": "null"}
    assert resolve(ROOT, "#") is ROOT


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ("#/components/schemas/Cat", "nothing stands at #/components/schemas/Cat"),
        ("#/list/2", "nothing stands at"),
        ("#/list/-1", "nothing stands at"),
        ("#/list/01", "nothing stands at"),
        ("#anchor", "no JSON Pointer"),
        ("other.yaml#/Pet", "leads out of the document"),
        ("#/components/schemas/Loop", "leads back to itself"),
    ],
)
def test_references_that_lead_nowhere(ref: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        resolve(ROOT, ref)


def test_a_bundle_stands_alone_and_keeps_recursion() -> None:
    before = copy.deepcopy(ROOT)
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    bundled = bundle(schema, ROOT)
    assert before == ROOT
    assert isinstance(bundled, dict)
    assert bundled["items"] == {"$ref": "#/$defs/Pet"}
    assert set(bundled["$defs"]) == {"Pet", "Owner"}
    pet = bundled["$defs"]["Pet"]
    assert pet["properties"]["$ref"] == {"type": "string"}, "a property may be named $ref"
    assert pet["examples"] == [{"$ref": "#/nowhere"}], "examples are data"
    validator = Validator(bundled)
    assert validator.is_valid([{"owner": {"name": "Ada"}, "friends": [{"friends": []}]}])
    (violation,) = validator.violations([{"friends": [{"owner": {}}]}])
    assert violation.pointer == "/0/friends/0/owner"


def test_bundling_a_bundle_over_itself_changes_nothing() -> None:
    bundled = bundle({"$ref": "#/components/schemas/Pet"}, ROOT)
    assert isinstance(bundled, dict)
    assert bundle(bundled, bundled) == bundled


def test_names_that_collide_are_told_apart() -> None:
    schema = {
        "anyOf": [
            {"$ref": "#/components/schemas/Owner"},
            {"$ref": "#/components/schemas/Local/$defs/Owner"},
            {"$ref": "#/components/schemas/Odd name~1100%25"},
        ]
    }
    bundled = bundle(schema, ROOT)
    assert isinstance(bundled, dict)
    assert set(bundled["$defs"]) == {"Owner", "Owner_2", "Odd_name_100_"}
    validator = Validator(bundled)
    assert [validator.is_valid(value) for value in (1, 2, 3, {"name": 1})] == [
        True,
        True,
        False,
        True,
    ]


def test_bundles_of_one_document_share_their_definitions() -> None:
    bundles = SharedBundles(ROOT, "writeOnly")
    schema = {"type": "array", "items": {"$ref": "#/components/schemas/Pet"}}
    many, one = bundles.bundle(schema), bundles.bundle({"$ref": "#/components/schemas/Pet"})
    assert many == bundle(schema, ROOT)
    assert isinstance(many, dict)
    assert isinstance(one, dict)
    assert many["$defs"]["Owner"] is one["$defs"]["Owner"]
    assert bundles.bundle(schema) is many
    assert bundles.bundle(True) is True


def test_what_must_be_told_apart_is_not_shared() -> None:
    bundles = SharedBundles(ROOT, "writeOnly")
    assert bundles.bundle({"$ref": "#/components/schemas/Owner"}) is not None
    assert bundles.bundle({"$ref": "#/components/schemas/Local/$defs/Owner"}) is None
    assert bundles.bundle({"properties": {"key": {"writeOnly": True}}}) is None
    with pytest.raises(DocumentError, match="nothing stands at"):
        bundles.bundle({"$ref": "#/components/schemas/Cat"})
    with pytest.raises(DocumentError, match="leads out of the document"):
        bundles.bundle({"$ref": "other.yaml#/Pet"})


def test_booleans_bundle_to_themselves() -> None:
    assert bundle(True, ROOT) is True
    with pytest.raises(DocumentError, match="nothing stands at"):
        bundle({"$ref": "#/components/schemas/Cat"}, ROOT)


def test_at_pointer_reads_the_whole() -> None:
    assert at_pointer(ROOT, "") is ROOT
