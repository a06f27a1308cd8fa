"""The page for people: files that a browser reads as they are, and nothing from elsewhere."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""What the page may do (https://www.w3.org/TR/CSP3/): use its files, and take texts for texts."""
_HEADERS: Final = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-cache",
    "vary": "accept",
}


def page_routes() -> APIRouter:
    """The route of the files that the page consists of."""
    routes = APIRouter(prefix="/page", include_in_schema=False)

    @routes.get("/{name}")
    async def read_file(name: str) -> Response:
        if name not in _names():
            raise HTTPException(404, f"the page has no file {name!r}")
        return page_file(name)

    return routes


def page_file(name: str) -> Response:
    """The file of the page with that name."""
    content = (files("toolalpaca_mockserver.admin") / "page" / name).read_bytes()
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=_HEADERS)


def _names() -> list[str]:
    folder = files("toolalpaca_mockserver.admin") / "page"
    return [file.name for file in folder.iterdir() if file.name.rpartition(".")[2] in _TYPES]
