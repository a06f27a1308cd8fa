"""A token endpoint (RFC 6749, section 3.2), so that clients which fetch tokens can run.

It gives a token to whoever asks in the right form; see :mod:`toolalpaca_mockserver.reading.tokens`.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from toolalpaca_mockserver.reading.tokens import EXPIRES_IN, issue

TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - a path, and no secret
_GRANTS: Final = ("client_credentials", "password", "refresh_token", "authorization_code")


def oauth_routes() -> APIRouter:
    """The route of the token endpoint."""
    routes = APIRouter()

    @routes.post(TOKEN_PATH)
    async def grant_token(request: Request) -> JSONResponse:
        """A token for a grant of any kind, with the scopes that are asked for."""
        form = parse_qs((await request.body()).decode("utf-8", "replace"))
        grant = form.get("grant_type", [""])[0]
        if grant not in _GRANTS:
            error = "unsupported_grant_type" if grant else "invalid_request"
            return _uncached({"error": error}, 400)
        scopes = form.get("scope", [""])[0].split()
        granted: dict[str, Any] = {
            # Who names no scopes gets a token that does not limit them.
            "access_token": issue(scopes) if scopes else "simulated",
            "token_type": "Bearer",
            "expires_in": EXPIRES_IN,
        }
        if scopes:
            granted["scope"] = " ".join(scopes)
        if grant != "client_credentials":
            granted["refresh_token"] = "simulated"  # noqa: S105 - it opens nothing
        return _uncached(granted, 200)

    return routes


def _uncached(body: dict[str, Any], status: int) -> JSONResponse:
    return JSONResponse(body, status, headers={"Cache-Control": "no-store"})


def with_token_url(components: Any, url: str) -> Any:
    """The Components Object *components* with *url* as the token URL of every OAuth flow."""
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    if not isinstance(schemes, dict):
        return components
    return {**components, "securitySchemes": {n: _scheme(s, url) for n, s in schemes.items()}}


def _scheme(scheme: Any, url: str) -> Any:
    flows = scheme.get("flows") if isinstance(scheme, dict) else None
    if not isinstance(flows, dict):
        return scheme
    changed = {
        name: {**flow, "tokenUrl": url} if isinstance(flow, dict) and "tokenUrl" in flow else flow
        for name, flow in flows.items()
    }
    return {**scheme, "flows": changed}
