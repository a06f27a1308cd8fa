"""Toolsets: an OpenAPI document, and the tools that the runtime makes of it."""

from __future__ import annotations

from collections.abc import Iterable

from toolalpaca.calling.tools import make_tools
from toolalpaca.openapi.model import Document
from toolalpaca.task import Function, Toolset


def functions_of(document: Document) -> tuple[Function, ...]:
    """What an agent is shown of *document*: a function for each operation, in its order."""
    return tuple(
        Function(
            name=tool.spec.name,
            method=tool.operation.method,
            path=tool.operation.path,
            description=tool.spec.description,
            parameters=tool.spec.parameters,
        )
        for tool in make_tools(document)
    )


def make_toolset(document: Document, *, licence: str = "") -> Toolset:
    """The toolset of *document*; its name is the document's.

    Args:
        document: It stands alone in its upgraded form, whatever files it was read from.
        licence: The document's own licence; what ``info.license`` says when not given.
    """
    info = document.root.get("info")
    info = info if isinstance(info, dict) else {}
    named = info.get("license")
    named = named if isinstance(named, dict) else {}
    return Toolset(
        name=document.name,
        title=document.title,
        category=", ".join(_tags(document)),
        description=str(info.get("summary", "")) or document.description.split("\n\n")[0],
        introduction=document.description,
        link=next(iter(document.servers), ""),
        document=dict(document.root),
        functions=functions_of(document),
        provenance=document.source,
        licence=licence or str(named.get("identifier") or named.get("name") or ""),
    )


def _tags(document: Document) -> Iterable[str]:
    """Every tag that an operation has, in the order of its first use."""
    return dict.fromkeys(tag for operation in document for tag in operation.tags)
