"""Where the other pages of a list are."""

from __future__ import annotations

from functools import cached_property
from typing import Final
from urllib.parse import quote

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.reading.requests import Request
from toolalpaca_mockserver.spelling import letters
from toolalpaca_mockserver.state.paging import CURSORS, OFFSETS, PAGES, Page, paging_parameters
from toolalpaca_mockserver.state.queries import is_moment

RELATIONS: Final = ("first", "prev", "next", "last")
"""The links between pages (https://www.iana.org/assignments/link-relations)."""


class PageLinks:
    """The URLs of a list's pages: that of the request, with another place in the list.

    Args:
        request: What was asked.
        operation: What answers it; its parameters say how it pages.
        page: The page that the answer shows.
    """

    def __init__(self, request: Request, operation: Operation, page: Page) -> None:
        self._request = request
        self._operation = operation
        self._page = page

    @property
    def base(self) -> str:
        """The URL of the list without a query, and the query: all that the links depend on."""
        return f"{self._request.origin}{self._request.path}?{self._request.query}"

    @cached_property
    def _place(self) -> tuple[str, str] | None:
        """The kind of the parameter that says where a page begins, and its name."""
        pairs = self._request.query_pairs
        bounds = {name for name, value in pairs if is_moment(value)}
        paging = [parameter.name for parameter in paging_parameters(self._operation)]
        declared = [name for name in paging if name not in bounds]
        sent = [name for name, _ in pairs if name in declared]
        for names in (sent, declared):
            for kind, known in (("cursor", CURSORS), ("page", PAGES), ("offset", OFFSETS)):
                name = next((name for name in names if letters(name) in known), None)
                if name is not None:
                    return kind, name
        return None

    @property
    def by_cursor(self) -> bool:
        """Whether a cursor says where a page begins."""
        return self._place is not None and self._place[0] == "cursor"

    def to(self, relation: str) -> str | None:
        """The URL of the page in that relation to this one, or None when there is none."""
        if relation == "self":
            return self._url(self._request.query)
        value = self._value(relation)
        return self._at(value) if value is not None else None

    def header(self) -> str:
        """All of them as a ``Link`` header (RFC 8288); ``""`` when there are none."""
        found = ((relation, self.to(relation)) for relation in RELATIONS)
        return ", ".join(f'<{url}>; rel="{relation}"' for relation, url in found if url)

    def _value(self, relation: str) -> str | None:
        """Where the page in that relation begins, in the words of the parameter."""
        page, kind = self._page, self._place[0] if self._place else ""
        size = max(page.size, 1)
        if kind == "cursor":
            return page.next_cursor if relation == "next" else None
        starts = {
            "first": 0,
            "prev": max(page.start - size, 0) if page.start else None,
            "next": page.start + size if page.next_cursor is not None else None,
            "last": max(page.total - 1, 0) // size * size,
        }
        start = starts.get(relation) if kind else None
        if start is None or kind == "offset":
            return None if start is None else str(start)
        return str(page.number + (start - page.start) // size)

    def _at(self, value: str) -> str:
        place = self._place[1] if self._place else ""
        parts = [part for part in self._request.query.split("&") if part]
        kept = [
            part
            for part, (name, said) in zip(parts, self._request.query_pairs, strict=True)
            if letters(name) not in (*CURSORS, *PAGES, *OFFSETS) or is_moment(said)
        ]
        return self._url("&".join([*kept, f"{quote(place, safe='')}={quote(value, safe='')}"]))

    def _url(self, query: str) -> str:
        return f"{self._request.origin}{self._request.path}" + (f"?{query}" if query else "")
