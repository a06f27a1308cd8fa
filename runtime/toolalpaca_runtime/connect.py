"""From what a user names (a document, a file, a mock server) to the tools of an API."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from toolalpaca.errors import ApiError, UsageError
from toolalpaca.hosts import is_absolute, is_loopback
from toolalpaca.logs import conceal
from toolalpaca.openapi.discovery import discover, is_simulated
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.sources import trusting
from toolalpaca_runtime.auth import Credential, Credentials, lacking
from toolalpaca_runtime.auth.files import kept_credentials
from toolalpaca_runtime.network.hosts import HostRules, host_of
from toolalpaca_runtime.network.origins import authority, origin
from toolalpaca_runtime.network.settings import NetworkSettings
from toolalpaca_runtime.network.tls import load_tls_context
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.api import SESSION_HEADER, ApiTools

_LOG = logging.getLogger(__name__)

AskFor: TypeAlias = Callable[[Document, Sequence[str], str], list[Credential]]
"""Asks a person for the credentials of schemes, which go to an address."""

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
    auth_file: Path | None = None,
    ask: AskFor | None = None,
    policy: Policy | None = None,
    dry_run: bool = False,
    network: NetworkSettings | None = None,
    session: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> ApiTools:
    """The tools of the API that *source* names.

    Args:
        source: The URL of an OpenAPI document, the URL of an API on a mock server of ours, that of
            a page near the document, a file, or ``-``.
        base_url: Where the API is, in the place of the document's servers.
        auth: Credentials; those of *environment*, then those in files, serve the schemes that are
            not among them.
        auth_file: Holds credentials, in the place of the one in the user's folder of settings.
        ask: Asked for what is still lacking.
        policy: What may be called; by default everything of a mock server, and of a real API what
            changes something only when the user approves.
        dry_run: Whether requests are only shown.
        network: Hosts, certificates, and bounds of each call.
        session: The session of a mock server to use; a real API is not told.
        environment: Where ``TOOLALPACA_AUTH_*`` are looked for, and what says where files are.

    Raises:
        DocumentError: *source* is no OpenAPI document.
        ApiError: It cannot be reached, the document does not say where its API is, or that is
            where nothing is sent to.
        UsageError: A credential does not fit the document, or a file cannot be used.
    """
    network = network or NetworkSettings()
    tls = load_tls_context(network.ca_file, network.client_cert)
    # Reading and compiling a document blocks for as long as its server takes.
    with trusting(tls):
        located = await asyncio.to_thread(locate, source, base_url=base_url, dry_run=dry_run)
    credentials = _find(located, list(auth), auth_file, environment, ask, network)
    conceal(credentials.texts())
    rules = host_rules(source, base_url, network)
    if located.simulated:
        credentials = Credentials.placeholders(located.document)
    elif not dry_run:
        _check_address(located.base_url, rules, credentials)
    return ApiTools(
        located.document,
        located.base_url,
        credentials=credentials,
        headers={SESSION_HEADER: session} if session and located.simulated else None,
        simulated=located.simulated,
        policy=policy,
        dry_run=dry_run,
        own_servers=located.own_servers,
        bounds=network.bounds,
        rules=rules,
        tls=tls,
    )


def host_rules(source: str, base_url: str | None, network: NetworkSettings) -> HostRules:
    """Which hosts may be reached for a user who wrote *source* and *base_url*.

    A document that is a file here may name this machine; one from elsewhere may not.
    """
    written = [url for url in (source, base_url or "") if is_absolute(url)]
    rules = HostRules.of(*written, allowed=network.allowed)
    return rules if is_absolute(source) else replace(rules, loopback=True)


def _find(
    located: Located,
    given: list[Credential],
    auth_file: Path | None,
    environment: Mapping[str, str],
    ask: AskFor | None,
    network: NetworkSettings,
) -> Credentials:
    document = located.document
    certificate = network.client_cert is not None
    if located.simulated:
        return Credentials.find(document, given, environment)
    where = authority(located.base_url)
    kept = kept_credentials(document, where, auth_file=auth_file, environment=environment)
    found = Credentials.find(document, given, environment, kept=kept, certificate=certificate)
    if ask is None:
        return found
    missing = {name for operation in document for name in lacking(operation, document, found)}
    given = [*given, *ask(document, sorted(missing), where)]
    return Credentials.find(document, given, environment, kept=kept, certificate=certificate)


def _check_address(base_url: str, rules: HostRules, credentials: Credentials) -> None:
    """Refuse an address that no request could go to; warn of one where secrets go in the clear.

    Raises:
        ApiError: Nothing is sent to *base_url*.
    """
    reason = rules.refusal(host_of(base_url))
    if reason:
        raise ApiError(f"nothing is sent there: {reason}", where=base_url)
    if credentials and base_url.startswith("http:") and not is_loopback(base_url):
        _LOG.warning("credentials go to %s without encryption", origin(base_url))


def locate(source: str, *, base_url: str | None = None, dry_run: bool = False) -> Located:
    """The document that *source* names, and where its API is; all else as :func:`open_api`."""
    if base_url is not None and "@" in urlsplit(base_url).netloc:
        raise UsageError(
            "credentials do not belong into a URL, which traces show",
            where="--base-url",
            hint="give --auth, or an entry in .netrc",
        )
    if not is_absolute(source):
        document = load_document(source)
        chosen = base_url or _server(document, source, dry_run=dry_run)
        return Located(document, chosen, False, base_url is None)
    document, address = discover(source)
    chosen = base_url or _server(document, address, dry_run=dry_run)
    # The flag counts only when the API itself says it: a document from elsewhere could claim it
    # to have its requests sent without asking.
    simulated = origin(chosen) == origin(address) and is_simulated(document)
    # All of a mock is in one place; what is elsewhere is none, and must be asked about.
    return Located(document, chosen, simulated, base_url is None and not simulated)


def _server(document: Document, address: str, *, dry_run: bool) -> str:
    """The URL of the document's first server, relative ones resolved against *address*.

    Raises:
        ApiError: There is none, or nobody can be there, where something is to be sent.
    """
    hint = "give --base-url URL, or --mock to use a mock of it"
    server = document.servers[0] if document.servers else ""
    if is_absolute(address):
        server = urljoin(address, server or "/")
    if not is_absolute(server):
        # "/" is what a document has that names none (OpenAPI 3.2, OpenAPI Object, servers).
        named = server not in ("", "/")
        what = f"its server {server!r} is no absolute URL" if named else "it names no server"
        raise ApiError(what, where=document.source, hint=hint)
    if not dry_run and _is_reserved(urlsplit(server).hostname or ""):
        what = f"its server {server} has a reserved name, where nobody can answer"
        raise ApiError(what, where=document.source, hint=hint)
    return _without_user(server).rstrip("/")


def _is_reserved(host: str) -> bool:
    return any(f".{host.lower()}".endswith(f".{domain}") for domain in _RESERVED_DOMAINS)


def _without_user(url: str) -> str:
    """*url* without user and password, which may be the user's own, for the document."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
