"""The page: files that a browser reads as they are, and nothing from elsewhere."""

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
        "img-src 'self' blob:",  # images of responses, fetched with the token
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
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-cache",
}


def page_routes() -> APIRouter:
    """The routes of the page and the files that it consists of."""
    routes = APIRouter()

    @routes.get("/")
    async def read_page() -> Response:
        return _file("index.html")

    @routes.get("/page/{name}")
    async def read_file(name: str) -> Response:
        if name not in _names():
            raise HTTPException(404, f"the page has no file {name!r}")
        return _file(name)

    return routes


def _file(name: str) -> Response:
    content = (files("toolalpaca_runtime.web") / "page" / name).read_bytes()
    return Response(content, media_type=_TYPES[name.rpartition(".")[2]], headers=_HEADERS)


def _names() -> list[str]:
    folder = files("toolalpaca_runtime.web") / "page"
    return [file.name for file in folder.iterdir() if file.name.rpartition(".")[2] in _TYPES]
