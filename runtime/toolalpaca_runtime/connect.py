"""From what a user names (a document, a file, a mock server) to a toolbox."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2

from toolalpaca.errors import ApiError, DocumentError
from toolalpaca.hosts import is_absolute, is_loopback
from toolalpaca.logs import conceal
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca_runtime.auth import Credential, Credentials
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.transport import origin

_LISTING_TIMEOUT = 10.0

# RFC 2606 and RFC 6761 reserve these: nobody can ever answer there.
_RESERVED_DOMAINS = ("example", "invalid", "test", "example.com", "example.net", "example.org")


@dataclass(frozen=True, slots=True)
class Located:
    """A document, and where its API is.

    Attributes:
        document: The API.
        base_url: Below which its paths are.
        simulated: Whether a mock server serves it.
        own_servers: Whether operations may have servers of their own.
    """

    document: Document
    base_url: str
    simulated: bool
    own_servers: bool


async def open_api(
    source: str,
    *,
    base_url: str | None = None,
    auth: Iterable[Credential] = (),
    allow_unsafe: bool = False,
    headers: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Toolbox:
    """The toolbox of the API that *source* names.

    Args:
        source: The URL of an OpenAPI document, the URL of an API on a mock server of ours, a file,
            or ``-``.
        base_url: Where the API is, in the place of the document's servers.
        auth: Credentials; those of *environment* serve the schemes that are not among them.
        allow_unsafe: Whether calls that change something are sent to a real API.
        headers: Sent with every request, such as a mock server's session.
        environment: Where ``TOOLALPACA_AUTH_*`` are looked for.

    Raises:
        DocumentError: *source* is no OpenAPI document.
        ApiError: It cannot be reached, or the document does not say where its API is.
        UsageError: A credential does not fit the document.
    """
    # Reading and compiling a document blocks for as long as its server takes.
    located = await asyncio.to_thread(locate, source, base_url=base_url)
    given = list(auth)
    credentials = Credentials.find(located.document, given, environment)
    conceal(credentials.texts())
    if located.simulated:
        credentials = Credentials.placeholders(located.document)
    return Toolbox(
        located.document,
        located.base_url,
        credentials=credentials,
        headers=headers,
        simulated=located.simulated,
        allow_unsafe=allow_unsafe,
        own_servers=located.own_servers,
    )


def locate(source: str, *, base_url: str | None = None) -> Located:
    """The document that *source* names, and where its API is; errors as :func:`open_api`."""
    if not is_absolute(source):
        document = load_document(source)
        chosen = base_url or _server(document, source)
        return Located(document, chosen, False, base_url is None)
    document, address = _fetch(source)
    chosen = base_url or _server(document, address)
    # The flag counts only when the API itself says it: a document from elsewhere could claim it
    # to have its requests sent without asking.
    simulated = origin(chosen) == origin(address) and _is_simulated(document)
    return Located(document, chosen, simulated, base_url is None)


def _fetch(url: str) -> tuple[Document, str]:
    """The document at *url*, or the one that a mock server serves for the API at *url*."""
    try:
        document = load_document(url)
    except DocumentError as error:
        api = _listed(url)
        if api is None:
            raise error from None
    else:
        # A mock server leads from an API's URL to its document, whose name only its list tells.
        api = _at(url, _mock_apis(url) or []) if _is_simulated(document) else None
        return (replace(document, name=str(api["name"])) if api else document), url
    address = str(api["document_url"])
    return load_document(address, name=str(api["name"])), address


def _listed(url: str) -> dict[str, Any] | None:
    """The API at *url* in the list of a mock server; None when the server is none of ours."""
    apis = _mock_apis(url)
    if apis is None:
        return None
    matching = _at(url, apis)
    if matching is not None:
        return matching
    served = ", ".join(str(api["url"]) for api in apis)
    several = "serves several APIs, and none here" if len(apis) > 1 else "serves its API elsewhere"
    raise ApiError(f"this mock server {several}", where=url, hint=f"name one of: {served}")


def _at(url: str, apis: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """The one of *apis* at *url*."""
    wanted = url.rstrip("/")
    return next((api for api in apis if str(api["url"]).rstrip("/") == wanted), None)


def _mock_apis(url: str) -> list[dict[str, Any]] | None:
    listing = urljoin(url, "/_toolalpaca/apis")
    try:
        response = httpx2.get(listing, timeout=_LISTING_TIMEOUT, trust_env=not is_loopback(url))
        apis = response.json() if response.status_code == 200 else None
    except (httpx2.HTTPError, ValueError):
        return None
    usable = isinstance(apis, list) and all(
        isinstance(api, dict) and {"name", "url", "document_url"} <= set(api) for api in apis
    )
    return apis if usable and apis else None


def _server(document: Document, address: str) -> str:
    """The URL of the document's first server, relative ones resolved against *address*.

    Raises:
        ApiError: There is none, or nobody can be there.
    """
    hint = "give --base-url URL, or --mock to use a mock of it"
    server = document.servers[0] if document.servers else ""
    if is_absolute(address):
        server = urljoin(address, server or "/")
    if not is_absolute(server):
        what = f"its server {server!r} is no absolute URL" if server else "it names no server"
        raise ApiError(what, where=document.source, hint=hint)
    host = (urlsplit(server).hostname or "").lower()
    if any(host == domain or host.endswith(f".{domain}") for domain in _RESERVED_DOMAINS):
        what = f"its server {server} has a reserved name, where nobody can answer"
        raise ApiError(what, where=document.source, hint=hint)
    return server.rstrip("/")


def _is_simulated(document: Document) -> bool:
    extension = document.root.get("x-toolalpaca")
    return isinstance(extension, Mapping) and extension.get("simulated") is True
