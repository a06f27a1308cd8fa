"""Where a redirect leads: to something of the same API that answers."""

from __future__ import annotations

from itertools import takewhile
from urllib.parse import quote

from toolalpaca.errors import DocumentError
from toolalpaca.openapi.model import Document, Operation, Response
from toolalpaca_mockserver.own_paths import OWN
from toolalpaca_mockserver.reading.sessions import SESSION_PREFIX
from toolalpaca_mockserver.values import NoInstance, ValueGenerator

_SAME_METHOD = frozenset({307, 308})
_LEAD = frozenset({300, 301, 302, 303, *_SAME_METHOD})


class Redirects:
    """Finds the ``Location`` of redirects (RFC 9110, sections 10.2.2 and 15.4).

    Args:
        document: The API.
        prefix: The path in front of its paths, ``""`` or ``/name``.
        generator: Makes values for what the document declares.
    """

    def __init__(self, document: Document, prefix: str, generator: ValueGenerator) -> None:
        self.document = document
        self.prefix = prefix
        self.generator = generator

    def location(
        self, operation: Operation, status: int, response: Response | None, origin: str
    ) -> str | None:
        """A URL, which the declared header allows if any does; None when *status* leads nowhere.

        Args:
            operation: What was called.
            status: Of the answer.
            response: Its documentation.
            origin: Scheme and authority, as the client addressed them.
        """
        if status not in _LEAD:
            return None
        method = operation.method if status in _SAME_METHOD else "get"
        urls = [origin + self.prefix + path for path in self._paths(operation, method)]
        server = origin.partition(SESSION_PREFIX)[0]  # what is the server's own is in no session
        urls.append(f"{server}{OWN}/apis/{quote(self.document.name)}/openapi.json")
        headers = response.headers.items() if response is not None else ()
        declared = next((h for name, h in headers if name.lower() == "location"), None)
        if declared is None:
            return urls[0]
        try:
            contract = self.generator.contract(declared.schema)
            sound = next((url for url in urls if contract.is_valid(url)), None)
            return sound or str(self.generator.for_contract(contract, name="location"))
        except (NoInstance, DocumentError):
            return urls[0]

    def _paths(self, operation: Operation, method: str) -> list[str]:
        """Paths that answer, the nearest to that of *operation* first."""
        found = [
            other.path
            for other in self.document
            if other.method == method and other is not operation and _answers(other)
        ]
        return sorted(found, key=lambda path: -_shared(path, operation.path))


def _answers(operation: Operation) -> bool:
    """Whether *operation* answers with a success without being told anything."""
    told = "{" in operation.path or any(p.required for p in operation.parameters)
    asked = operation.body is not None and operation.body.required
    return not told and not asked and operation.success() is not None


def _shared(path: str, other: str) -> int:
    """The number of segments that both begin with."""
    pairs = zip(path.split("/"), other.split("/"), strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
