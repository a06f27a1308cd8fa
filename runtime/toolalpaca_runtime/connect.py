"""From what a user names (a document, a file, a mock server) to the tools of an API."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from toolalpaca.errors import ApiError
from toolalpaca.hosts import is_absolute
from toolalpaca.logs import conceal
from toolalpaca.openapi.discovery import discover, is_simulated
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca_runtime.auth import Credential, Credentials
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.api import ApiTools
from toolalpaca_runtime.transport import origin

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
    policy: Policy | None = None,
    dry_run: bool = False,
    headers: Mapping[str, str] | None = None,
    environment: Mapping[str, str] = os.environ,
) -> ApiTools:
    """The tools of the API that *source* names.

    Args:
        source: The URL of an OpenAPI document, the URL of an API on a mock server of ours, that of
            a page near the document, a file, or ``-``.
        base_url: Where the API is, in the place of the document's servers.
        auth: Credentials; those of *environment* serve the schemes that are not among them.
        policy: What may be called; by default everything of a mock server, and of a real API what
            changes something only when the user approves.
        dry_run: Whether requests are only shown.
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
    return ApiTools(
        located.document,
        located.base_url,
        credentials=credentials,
        headers=headers,
        simulated=located.simulated,
        policy=policy,
        dry_run=dry_run,
        own_servers=located.own_servers,
    )


def locate(source: str, *, base_url: str | None = None) -> Located:
    """The document that *source* names, and where its API is; errors as :func:`open_api`."""
    if not is_absolute(source):
        document = load_document(source)
        chosen = base_url or _server(document, source)
        return Located(document, chosen, False, base_url is None)
    document, address = discover(source)
    chosen = base_url or _server(document, address)
    # The flag counts only when the API itself says it: a document from elsewhere could claim it
    # to have its requests sent without asking.
    simulated = origin(chosen) == origin(address) and is_simulated(document)
    return Located(document, chosen, simulated, base_url is None)


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
