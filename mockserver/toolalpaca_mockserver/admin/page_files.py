"""The page for people: files that a browser reads as they are."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

from toolalpaca.page_files import PageFiles

PAGE: Final = PageFiles("toolalpaca_mockserver.admin", headers={"vary": "accept"})
"""The files of the page."""


def page_routes() -> APIRouter:
    """The route of the files that the page consists of."""
    routes = APIRouter(prefix="/page", include_in_schema=False)

    @routes.get("/{name}")
    async def read_file(name: str) -> Response:
        return PAGE.file(name)

    return routes
