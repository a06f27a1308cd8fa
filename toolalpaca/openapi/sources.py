"""Where documents are read from: files, folders, standard input and URLs, within bounds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from toolalpaca import __version__
from toolalpaca.errors import DocumentError
from toolalpaca.openapi.decoding import decode
from toolalpaca.openapi.linking import NOWHERE

if TYPE_CHECKING:
    import ssl

LARGEST_DOCUMENT = 64 * 1024 * 1024
"""Bytes that one document may have."""

FETCH_TIMEOUT = 30.0
"""Seconds that fetching one document may take in all."""

SUFFIXES = (".json", ".yaml", ".yml")
"""What the names of documents in a folder end in."""


class Unreachable(DocumentError):
    """A document whose server does not answer."""


_ACCEPT = "application/json, application/yaml;q=0.9, text/yaml;q=0.8, */*;q=0.1"


_reads: ContextVar[set[Path] | None] = ContextVar("files that were read", default=None)


@contextmanager
def noting_files() -> Iterator[set[Path]]:
    """The files that are read in a block: of documents, and of what they refer to."""
    reads: set[Path] = set()
    token = _reads.set(reads)
    try:
        yield reads
    finally:
        _reads.reset(token)


_tls: ContextVar[ssl.SSLContext | None] = ContextVar("certificates that are trusted", default=None)


@contextmanager
def trusting(tls: ssl.SSLContext | None) -> Iterator[None]:
    """Fetch documents in a block with these settings of TLS; None for the usual ones."""
    token = _tls.set(tls)
    try:
        yield
    finally:
        _tls.reset(token)


def tls_in_force() -> ssl.SSLContext:
    """What :func:`trusting` says here, else the usual."""
    from toolalpaca.clients import tls_context  # it imports an HTTP client

    return _tls.get() or tls_context()


def is_url(source: str) -> bool:
    """Whether *source* is an http or https URL."""
    return source.lower().startswith(("http://", "https://"))


def read_source(source: str) -> bytes:
    """The bytes of a file, of ``-`` (standard input) or of an http(s) URL.

    Raises:
        DocumentError: There is nothing, it cannot be read, or it is too large or too slow.
    """
    if source == "-":
        return _bounded(sys.stdin.buffer, "standard input")
    if is_url(source):
        return _fetch(source)
    return read_file(Path(source))


def read_file(path: Path) -> bytes:
    """The bytes of a file.

    Raises:
        DocumentError: It cannot be read or is too large.
    """
    reads = _reads.get()
    if reads is not None:
        reads.add(path)
    if path.is_dir():
        raise DocumentError("is a folder, not a document", where=str(path))
    try:
        with path.open("rb") as file:
            return _bounded(file, str(path))
    except FileNotFoundError:
        raise DocumentError("there is no such file", where=str(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DocumentError(f"cannot be read: {reason}", where=str(path)) from error


def _bounded(file: IO[bytes], source: str) -> bytes:
    content = file.read(LARGEST_DOCUMENT + 1)
    if len(content) > LARGEST_DOCUMENT:
        raise _too_large(source)
    return content


def _too_large(source: str) -> DocumentError:
    return DocumentError(f"is larger than {LARGEST_DOCUMENT // 1024**2} MiB", where=source)


def _fetch(url: str) -> bytes:
    import httpx2

    deadline = time.monotonic() + FETCH_TIMEOUT
    content = bytearray()
    headers = {"accept": _ACCEPT, "user-agent": f"toolalpaca/{__version__}"}
    try:
        with (
            httpx2.Client(
                timeout=FETCH_TIMEOUT, follow_redirects=True, max_redirects=5, verify=tls_in_force()
            ) as client,
            client.stream("GET", url, headers=headers) as response,
        ):
            if response.status_code != 200:
                raise DocumentError(
                    f"the server answered {response.status_code} {response.reason_phrase}",
                    where=shown(url),
                )
            for piece in response.iter_bytes():
                content += piece
                if len(content) > LARGEST_DOCUMENT:
                    raise _too_large(shown(url))
                if time.monotonic() > deadline:
                    raise DocumentError(f"took longer than {FETCH_TIMEOUT:g} s", where=shown(url))
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise Unreachable(f"cannot be fetched: {reason}", where=shown(url)) from error
    return bytes(content)


def shown(source: str) -> str:
    """*source* as it may stand in a message: a URL without user, password and query.

    >>> shown("https://me:secret@example.org/openapi.json?token=x")
    'https://example.org/openapi.json'
    """
    if not is_url(source):
        return "standard input" if source == "-" else source
    parts = urlsplit(source)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def documents_in(folder: Path) -> Iterator[Path]:
    """The files of *folder*, at any depth, that may be documents, sorted; hidden ones left out.

    Raises:
        OSError: The folder cannot be read.
    """
    next(folder.iterdir(), None)  # rglob finds nothing in a folder that it may not read
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path


def neighbour_reader(source: str | None) -> Callable[[str], Any]:
    """Reads the documents that the document from *source* refers to.

    Only what is as near as the document itself: files for a file, the same origin for a URL.
    """

    def read(uri: str) -> Any:
        return decode(_read_neighbour(source, uri), shown(uri))[0]

    return read


def _read_neighbour(source: str | None, uri: str) -> bytes:
    parts = urlsplit(uri)
    if source is not None and is_url(source):
        origin = urlsplit(source)
        if (parts.scheme, parts.netloc) == (origin.scheme, origin.netloc):
            return _fetch(uri)
        raise DocumentError("a document from a URL reads only from its own origin")
    if source is not None and parts.scheme == "file" and parts.netloc in ("", "localhost"):
        # Here, because it imports an HTTP client.
        from urllib.request import url2pathname

        path = Path(url2pathname(parts.path))
        try:
            is_file = path.is_file()  # neither a device nor a pipe, which might never end
        except (OSError, ValueError) as error:  # a name that no file can have
            raise DocumentError("no file can have that name") from error
        if not is_file:
            raise DocumentError("there is no such file", where=str(path))
        return read_file(path)
    raise DocumentError(
        "it is outside of what the document may read", hint="bundle the document into one file"
    )


def base_uri(source: str | None) -> str:
    """The URI against which the references of the document from *source* are resolved.

    Standard input stands in the current folder. A document from no place has no neighbours.
    """
    if source is None:
        return NOWHERE
    if source == "-":
        return (Path.cwd() / "-").as_uri()
    return source if is_url(source) else Path(source).resolve().as_uri()
