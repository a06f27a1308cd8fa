"""An operation as a tool, and what its arguments become."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from toolalpaca.calling.faults import argument_faults
from toolalpaca.calling.request import PreparedRequest, build_request
from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.openapi.loading import load_document

BASE = "http://api.test"


@pytest.fixture
def tool() -> Callable[..., Tool]:
    """Makes the tool of an operation with parameters (of its path) and the content of a body."""

    def make(
        parameters: list[dict[str, Any]] | None = None,
        content: dict[str, Any] | None = None,
        *,
        path: str = "/a",
        schemas: dict[str, Any] | None = None,
    ) -> Tool:
        operation: dict[str, Any] = {"responses": {"200": {"description": "ok"}}}
        if content is not None:
            operation["requestBody"] = {"required": True, "content": content}
        method = "get" if content is None else "post"
        document = load_document(
            {
                "openapi": "3.2.0",
                "info": {"title": "T", "version": "1"},
                "paths": {path: {"parameters": parameters or [], method: operation}},
                "components": {"schemas": schemas or {}},
            }
        )
        (made,) = make_tools(document)
        return made

    return make


@pytest.fixture
def sent() -> Callable[[Tool, dict[str, Any]], PreparedRequest]:
    """Makes the request of a tool and arguments, once these are known to fit."""

    def send(made: Tool, arguments: dict[str, Any]) -> PreparedRequest:
        assert argument_faults(made, arguments) == ()
        return build_request(made, arguments, BASE)

    return send
