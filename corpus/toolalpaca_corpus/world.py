"""What is there before a task begins: the things that a fresh session of a mock server lists.

A person asks for the booking that exists. Tasks that name ids and conditions take them from here,
so that what they ask for can be found; every fresh session of the same server holds the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import orjson

from toolalpaca.openapi.model import Document
from toolalpaca.trace import Call
from toolalpaca_corpus.links import Link, links_to
from toolalpaca_runtime.episode import SESSION_HEADER
from toolalpaca_runtime.toolbox import Toolbox
from toolalpaca_runtime.tools import Tool

_log = logging.getLogger(__name__)

_SESSION = "toolalpaca-corpus-look-around"


class World:
    """The items that the lists of an API hold.

    Args:
        items: By the name of the tool that lists them.
    """

    def __init__(self, items: Mapping[str, Sequence[Mapping[str, Any]]] | None = None) -> None:
        self._items = dict(items or {})

    def known(self, link: Link, random: Random) -> Any:
        """A value that *link* would hand on, or None when nothing of the kind is listed."""
        field = link.pointer.rsplit("/", 1)[-1]
        values = [
            item[field] for item in self._items.get(link.producer.spec.name, ()) if field in item
        ]
        return random.choice(values) if values else None

    def some(self, tool: Tool, random: Random) -> Mapping[str, Any]:
        """The fields of one of the items that *tool* lists, empty when it lists none.

        A condition with one of them finds something.
        """
        items = self._items.get(tool.spec.name, ())
        return random.choice(items) if items else {}


async def look_around(document: Document, tools: Sequence[Tool], base_url: str) -> World:
    """Call what lists things and needs no arguments, in a session of its own.

    Raises:
        ApiError: Nobody is at *base_url*.
    """
    lists = {
        link.producer.spec.name: link
        for tool in tools
        for link in links_to(tool, tools)
        if not link.made and not link.producer.spec.parameters.get("required")
    }
    found: dict[str, list[dict[str, Any]]] = {}
    headers = {SESSION_HEADER: _SESSION}
    async with Toolbox(document, base_url, simulated=True, headers=headers) as toolbox:
        for name, link in lists.items():
            observation = await toolbox.call(Call(id=name, tool=name))
            response = observation.response
            if response is None or response.status != 200:
                _log.info("%s lists nothing: %s", name, observation.text[:200])
                continue
            found[name] = _listed(orjson.loads(response.body), link)
    return World(found)


def _listed(body: Any, link: Link) -> list[dict[str, Any]]:
    for part in link.pointer.split("/")[1:-2]:
        body = body.get(part) if isinstance(body, dict) else None
    return [item for item in body if isinstance(item, dict)] if isinstance(body, list) else []
