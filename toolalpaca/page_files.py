"""The files of a server's page: a browser reads them as they are, and nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from fastapi import HTTPException
from fastapi.responses import Response

_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


class PageFiles:
    """The folder ``page`` of a package.

    What a page may do says its policy (https://www.w3.org/TR/CSP3/): use its files, and take texts
    for texts.

    Args:
        package: Its import name.
        images: Where images may come from, besides the folder.
        headers: Further headers of each file.
    """

    def __init__(
        self, package: str, *, images: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        self._folder = files(package) / "page"
        policy = (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {images}".strip(),
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
        self._headers = {
            "content-security-policy": "; ".join(policy),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cache-control": "no-cache",
            **(headers or {}),
        }

    def file(self, name: str) -> Response:
        """The file of the page with that name.

        Raises:
            HTTPException: There is none (404).
        """
        kind = _TYPES.get(name.rpartition(".")[2])
        # The name is looked up and not opened: it may hold a path.
        if kind is None or name not in (file.name for file in self._folder.iterdir()):
            raise HTTPException(404, f"the page has no file {name!r}")
        content = (self._folder / name).read_bytes()
        return Response(content, media_type=kind, headers=self._headers)
