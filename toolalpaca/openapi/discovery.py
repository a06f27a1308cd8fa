"""The documents that sources lead to: those in a folder, a mock server's, those at usual places."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from toolalpaca.errors import ApiError, DocumentError
from toolalpaca.hosts import is_loopback
from toolalpaca.openapi.loading import load_document, load_folder
from toolalpaca.openapi.model import Document
from toolalpaca.openapi.names import unique_name
from toolalpaca.openapi.sources import SUFFIXES, Unreachable, is_url, shown, tls_in_force

_LISTING_TIMEOUT: Final = 10.0
_USUAL: Final = ("openapi.json", "openapi.yaml", "swagger.json", "v3/api-docs")
"""Where frameworks put their documents, below the API or beside a page about it."""

_log = logging.getLogger(__name__)


def load_documents(sources: Sequence[str]) -> list[Document]:
    """The documents of all *sources*; a folder stands for every document in it.

    Names are made unique. In a folder, files that are no OpenAPI documents are skipped, and those
    that cannot be read are skipped with a warning. A URL may be that of an API; see
    :func:`discover`.

    Raises:
        DocumentError: A source cannot be read, or a folder holds no document.
        ApiError: A URL is that of a mock server, and of none of its APIs.
    """
    documents: list[Document] = []
    for source in sources:
        path = Path(source)
        if is_url(source):
            documents.append(discover(source)[0])
        elif source != "-" and path.is_dir():
            documents.extend(load_folder(path))
        else:
            documents.append(load_document(source))
    named: list[Document] = []
    for document in documents:
        taken = [other.name for other in named]
        named.append(replace(document, name=unique_name(document.name, taken, separator="-")))
    return named


def discover(url: str) -> tuple[Document, str]:
    """The document that *url* leads to, and where it is.

    That is the document at *url*; or the one that a mock server of ours has for the API at *url*;
    or, where *url* names no file, one at a usual place near by, which a warning names.

    Raises:
        DocumentError: There is none; about *url* itself.
        ApiError: *url* is that of a mock server, and of none of its APIs.
    """
    try:
        document = load_document(url)
    except Unreachable:
        raise
    except DocumentError as error:
        api = _listed(url)
        found = _near(url) if api is None else None
        if api is None and found is None:
            raise error from None
    else:
        # A mock server leads from an API's URL to its document, whose name only its list tells.
        api = _at(url, _mock_apis(url) or []) if is_simulated(document) else None
        return (replace(document, name=str(api["name"])) if api else document), url
    if found is not None:
        return found
    assert api is not None
    address = str(api["document_url"])
    return load_document(address, name=str(api["name"])), address


def is_simulated(document: Document) -> bool:
    """Whether *document* says that a mock server of ours serves it."""
    extension = document.root.get("x-toolalpaca")
    return isinstance(extension, Mapping) and extension.get("simulated") is True


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
    import httpx2

    listing = urljoin(url, "/_toolalpaca/apis")
    try:
        response = httpx2.get(
            listing,
            timeout=_LISTING_TIMEOUT,
            trust_env=not is_loopback(url),
            verify=tls_in_force(),
        )
        apis = response.json() if response.status_code == 200 else None
    except (httpx2.HTTPError, ValueError):
        return None
    # Whoever answers may be no mock server: what it names is fetched, and never a file here.
    usable = isinstance(apis, list) and all(
        isinstance(api, dict)
        and {"name", "url", "document_url"} <= set(api)
        and is_url(str(api["document_url"]))
        for api in apis
    )
    return apis if usable and apis else None


def _near(url: str) -> tuple[Document, str] | None:
    """The document at a usual place near *url*, and where it is."""
    for address in _places(url):
        try:
            document = load_document(address)
        except Unreachable:
            return None
        except DocumentError:
            continue
        _log.warning("%s is no OpenAPI document; reading %s", shown(url), shown(address))
        return document, address
    return None


def _places(url: str) -> Iterator[str]:
    """The usual places below *url*, then those beside it; none for a file."""
    parts = urlsplit(url)
    if parts.path.lower().endswith(SUFFIXES):
        return
    page = parts._replace(query="", fragment="").geturl()
    below, beside = page.rstrip("/") + "/", urljoin(page, ".")
    for folder in dict.fromkeys((below, beside)):
        yield from (folder + place for place in _USUAL)
