"""163 documents in the wild, torture cases included: all load, and all that is left works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.merging import flatten
from toolalpaca.openapi.model import Document, Schema
from toolalpaca.openapi.references import bundle
from toolalpaca.openapi.validation import Validator


@pytest.fixture(scope="module")
def documents(shared: Path) -> list[tuple[dict[str, object], Document]]:
    index = json.loads((shared / "specs" / "INDEX.json").read_text())
    return [(entry, load_document(shared / "specs" / entry["file"])) for entry in index]


def test_every_document_loads_with_every_operation(
    documents: list[tuple[dict[str, object], Document]],
) -> None:
    assert len(documents) == 163
    for entry, document in documents:
        left_out = [p for p in document.problems if p.consequence == "the operation is left out"]
        # The index does not count the operations that stand behind a reference.
        assert len(document.operations) + len(left_out) >= int(str(entry["operations"])), entry
        names = [operation.name for operation in document]
        assert len(set(names)) == len(names)


def test_every_problem_says_where_what_and_what_follows(
    documents: list[tuple[dict[str, object], Document]],
) -> None:
    for _, document in documents:
        for problem in document.problems:
            assert problem.message
            assert problem.consequence
            assert problem.pointer == "" or problem.pointer.startswith("/")


@pytest.mark.slow
def test_every_schema_of_every_operation_compiles(
    documents: list[tuple[dict[str, object], Document]],
) -> None:
    count = 0
    for _, document in documents:
        for schema in _schemas(document):
            Validator(bundle(schema, document.root))
            flat = flatten(schema, document.root)
            assert not isinstance(flat, dict) or "$ref" not in flat
            count += 1
    assert count > 9_000


def _schemas(document: Document) -> list[Schema]:
    """Each schema once: operations share parameters and responses."""
    schemas: dict[int, Schema] = {}
    for operation in document:
        found = [parameter.schema for parameter in operation.parameters]
        contents = [operation.body.content] if operation.body else []
        contents += [response.content for response in operation.responses.values()]
        found += [media.schema for content in contents for media in content.values()]
        schemas.update((id(schema), schema) for schema in found)
    return list(schemas.values())
