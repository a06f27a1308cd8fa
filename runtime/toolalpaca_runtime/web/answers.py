"""What the server answers when something is wrong, in the words of whoever asks."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from toolalpaca.errors import ToolAlpacaError
from toolalpaca_runtime.web.conversations import NoConversation
from toolalpaca_runtime.web.person import TooLate

COMPLETIONS: Final = "/v1/"
"""Below this path the server speaks as OpenAI's does."""

OWN_FAULT: Final = "an error of ToolAlpaca's own; the server's log says which"

_TYPES: Final = {401: "authentication_error", 403: "permission_error", 404: "not_found_error"}


def failure(path: str, status: int, message: str) -> JSONResponse:
    """The answer that something is wrong with the request of *path*."""
    if not path.startswith(COMPLETIONS):
        return JSONResponse({"detail": message}, status)
    headers = {"x-should-retry": "false"}  # OpenAI's SDK would repeat what has changed something
    return JSONResponse(openai_error(status, message), status, headers)


def openai_error(status: int, message: str) -> dict[str, Any]:
    """An error as OpenAI's API has it (its reference, "Error codes")."""
    kind = _TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    return {"error": {"message": message, "type": kind, "param": None, "code": None}}


def tell_failures(app: FastAPI) -> None:
    """Let *app* answer what goes wrong with :func:`failure`."""

    @app.exception_handler(HTTPException)
    async def on_refusal(request: Request, error: HTTPException) -> JSONResponse:
        return failure(request.url.path, error.status_code, str(error.detail))

    @app.exception_handler(RequestValidationError)
    async def on_misfit(request: Request, error: RequestValidationError) -> JSONResponse:
        reasons = (
            f"{'.'.join(str(part) for part in one['loc'][1:]) or 'the body'}: {one['msg']}"
            for one in error.errors()
        )
        return failure(request.url.path, 400, "; ".join(reasons))

    @app.exception_handler(NoConversation)
    async def on_unknown(request: Request, error: NoConversation) -> JSONResponse:
        return failure(request.url.path, 404, str(error))

    @app.exception_handler(TooLate)
    async def on_conflict(request: Request, error: TooLate) -> JSONResponse:
        return failure(request.url.path, 409, str(error))

    @app.exception_handler(ToolAlpacaError)
    async def on_error(request: Request, error: ToolAlpacaError) -> JSONResponse:
        return failure(request.url.path, 502, str(error))

    @app.exception_handler(Exception)
    async def on_fault(request: Request, _error: Exception) -> JSONResponse:
        return failure(request.url.path, 500, OWN_FAULT)  # the server logs it
