from __future__ import annotations

from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_runtime.conformance import Conformance

OBJECT = {"description": "Fine", "content": {"application/json": {"schema": {"type": "object"}}}}


@pytest.mark.parametrize(
    ("responses", "status", "body", "conforming"),
    [
        ({}, 200, "", None),
        ({}, 500, "{}", None),
        ({"200": OBJECT}, 200, "{}", True),
        ({"200": OBJECT}, 200, "[]", False),
        ({"200": OBJECT}, 200, "", False),
        ({"200": OBJECT}, 404, "{}", False),
        ({"204": {"description": "Gone"}}, 204, "", True),
        ({"200": OBJECT}, 200, None, None),
    ],
)
def test_a_response_is_held_to_what_is_documented(
    responses: dict[str, Any], status: int, body: str | None, conforming: bool | None
) -> None:
    info = {"title": "T", "version": "1"}
    paths = {"/a": {"get": {"operationId": "a", "responses": responses}}}
    document = load_document({"openapi": "3.1.0", "info": info, "paths": paths})
    (operation,) = document
    seen = Conformance(document).check(operation, status, "application/json", body)
    assert seen is conforming
