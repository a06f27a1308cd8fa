"""From a source to a compiled document."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.compiling import compile_document
from toolalpaca.openapi.decoding import decode, plain_data
from toolalpaca.openapi.linking import link
from toolalpaca.openapi.model import Document, Problem
from toolalpaca.openapi.names import document_name
from toolalpaca.openapi.quoted import unquote
from toolalpaca.openapi.sources import (
    base_uri,
    documents_in,
    is_url,
    neighbour_reader,
    read_source,
    shown,
)
from toolalpaca.openapi.structure import is_swagger
from toolalpaca.openapi.upgrade import upgrade

_log = logging.getLogger(__name__)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Keep the garbage collector from looking at a document while it grows.

    Nothing in it is garbage, and on GitHub's the collector takes 0.45 of 1.5 s.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@_no_collection()
def load_document(source: str | Path | Mapping[str, Any], *, name: str | None = None) -> Document:
    """The OpenAPI document of *source*: a file, ``-``, an http(s) URL, or a parsed mapping.

    Swagger 2.0, OpenAPI 3.0, 3.1 and 3.2, JSON or YAML. What is unsound in it becomes a
    :class:`~toolalpaca.openapi.model.Problem` and costs no more than the operation it stands in.

    Args:
        source: Where to read.
        name: The document's name; by default made from the file's name or the title.

    Raises:
        DocumentError: It cannot be read, or is no OpenAPI document.
    """
    if isinstance(source, Mapping):
        data, problems = plain_data(source, name or "document")
        return _compile(data, None, name, problems)
    text = str(source)
    data, problems = decode(read_source(text), shown(text))
    return _compile(data, text, name, problems)


@_no_collection()
def load_folder(folder: Path) -> list[Document]:
    """The documents in *folder*, at any depth; what is none is skipped.

    Raises:
        DocumentError: There is none.
    """
    documents = []
    for path in documents_in(folder):
        try:
            data, problems = decode(read_source(str(path)), str(path))
            if not is_openapi(data):
                _log.info("%s: skipped, it is no OpenAPI document", path)
                continue
            documents.append(_compile(data, str(path), None, problems))
        except DocumentError as error:
            _log.warning("skipped: %s", error)
    if not documents:
        raise DocumentError(
            "holds no OpenAPI document",
            where=str(folder),
            hint="documents end in .json, .yaml or .yml and have the field 'openapi' or 'swagger'",
        )
    return documents


def is_openapi(data: Any) -> bool:
    """Whether *data* claims to be an OpenAPI or Swagger document."""
    return isinstance(data, Mapping) and ("openapi" in data or "swagger" in data)


def _compile(data: Any, source: str | None, name: str | None, problems: list[Problem]) -> Document:
    where = (name or "document") if source is None else shown(source)
    if not is_openapi(data):
        raise DocumentError(
            "is no OpenAPI document",
            where=where,
            hint="a document has the field 'openapi' or 'swagger' at its top",
        )
    version = _version(data, where)
    if version is not None:
        problems = [*problems, version]
    quoted = unquote(data)
    linked = link(data, base_uri(source), neighbour_reader(source))
    return compile_document(
        upgrade(data),
        name=name or _name(data, source),
        source=where,
        version=str(data.get("openapi", data.get("swagger"))),
        problems=[*problems, *quoted, *linked.problems],
        broken=linked.broken,
    )


def _version(data: Mapping[str, Any], source: str) -> Problem | None:
    """Whether the version is one that can be read; a problem when it is newer than known.

    Raises:
        DocumentError: It is older than Swagger 2.0, or no version of OpenAPI at all.
    """
    field = "swagger" if is_swagger(data) else "openapi"
    version = str(data[field])
    known = ("2",) if field == "swagger" else ("3.0", "3.1", "3.2")
    if version == "3" or any(version == k or version.startswith(f"{k}.") for k in known):
        return None
    if field == "openapi" and version.startswith("3."):
        return Problem("/openapi", f"the version {version} is not known", "it is read as 3.2")
    raise DocumentError(
        f"the version {version!r} cannot be read",
        where=f"{source}#/{field}",
        hint="Swagger 2.0 and OpenAPI 3.0, 3.1 and 3.2 can",
    )


def _name(data: Mapping[str, Any], source: str | None) -> str:
    if source is not None and source != "-" and not is_url(source) and Path(source).stem:
        return document_name(Path(source).stem)
    info = data.get("info")
    title = info.get("title") if isinstance(info, Mapping) else None
    return document_name(str(title or source or "api"))
