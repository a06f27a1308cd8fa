"""The page: files that a browser reads as they are."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from toolalpaca.page_files import PageFiles

_PAGE = PageFiles(
    "toolalpaca_runtime.web",
    images="blob:",  # images of responses, fetched with the token
    headers={
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
    },
)


def page_routes() -> APIRouter:
    """The routes of the page and the files that it consists of."""
    routes = APIRouter()

    @routes.get("/")
    async def read_page() -> Response:
        return _PAGE.file("index.html")

    @routes.get("/page/{name}")
    async def read_file(name: str) -> Response:
        return _PAGE.file(name)

    return routes
