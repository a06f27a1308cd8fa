"""What is wrong with requests to the server's own paths, as problem details (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from toolalpaca.errors import StateError
from toolalpaca.openapi.media_types import essence, is_json
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.catalog import Catalog
from toolalpaca_mockserver.problems import PROBLEM_TYPE, Reason, header_text, problem, summary
from toolalpaca_mockserver.state.store import state_status

PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "What is wrong, as problem details (RFC 9457).",
        "content": {PROBLEM_TYPE: {"schema": {"type": "object"}}},
    }
}
"""What every operation documents of its errors."""


def problem_response(
    status: int,
    detail: str,
    reasons: Sequence[Reason] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Problem details, with the sum of them in the header ``toolalpaca-problem``."""
    told = {**(headers or {}), "toolalpaca-problem": header_text(summary(detail, reasons))}
    return JSONResponse(problem(status, detail, reasons), status, told, PROBLEM_TYPE)


def tell_problems(app: FastAPI) -> None:
    """Let *app* answer its errors with problem details."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> JSONResponse:
        detail = error.detail
        if error.status_code == 404 and detail == "Not Found":
            detail = f"the server has no path {request.url.path}"
        if error.status_code == 405:
            detail = f"{request.method} is not among the methods of this path"
        return problem_response(error.status_code, detail, headers=error.headers)

    @app.exception_handler(StateError)
    async def unkept(request: Request, error: StateError) -> JSONResponse:
        del request
        return problem_response(state_status(error), str(error))

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        media_type = essence(request.headers.get("content-type", ""))
        if any(map(_about_whole_body, error.errors())) and not is_json(media_type):
            sent = media_type or "of no content type"
            return problem_response(415, f"the body is {sent}; send application/json")
        reasons = list(map(_reason, error.errors()))
        return problem_response(422, "the request is not what this path takes", reasons)


def api_named(apis: Catalog, name: str) -> Api:
    """The API with that name.

    Raises:
        HTTPException: 404, with the names that there are.
    """
    api = apis.named(name)
    if api is None:
        raise HTTPException(404, f"there is no API {name!r}; there are {', '.join(apis.names)}")
    return api


def _about_whole_body(fault: Mapping[str, Any]) -> bool:
    """Whether there is a body that was not even read: FastAPI reads JSON alone."""
    return tuple(fault["loc"]) == ("body",) and str(fault["type"]) != "missing"


def _reason(fault: Mapping[str, Any]) -> Reason:
    location, *path = map(str, fault["loc"])
    pointer = "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)
    message = f"{location} at {pointer}: {fault['msg']}" if pointer else fault["msg"]
    return Reason(location, pointer, str(fault["type"]), message)
