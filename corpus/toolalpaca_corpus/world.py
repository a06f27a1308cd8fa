"""What is there before a task begins: the things that a fresh session of a mock server lists.

A person asks for the booking that exists. Tasks that name ids and conditions take them from here,
so that what they ask for can be found; every fresh session of the same server holds the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import orjson

from toolalpaca.calling.tools import Tool
from toolalpaca.openapi.model import Document
from toolalpaca.trace import Call
from toolalpaca_corpus.links import Link, links_to
from toolalpaca_runtime.tools.api import SESSION_HEADER, ApiTools

_log = logging.getLogger(__name__)

_DEPTH = 2
"""Lists below lists: the loans of a member, but no deeper."""

_OWNERS = 2
"""Things whose own lists are looked at."""

_SESSION = "toolalpaca-corpus-look-around"


@dataclass(frozen=True, slots=True)
class Thing:
    """An item of a list.

    Attributes:
        item: As listed.
        arguments: What it was listed with: the member whose loan it is.
    """

    item: Mapping[str, Any]
    arguments: Mapping[str, Any]


class World:
    """The things that an API lists.

    Args:
        things: By the name of the tool that lists them.
    """

    def __init__(self, things: Mapping[str, Sequence[Thing]] | None = None) -> None:
        self._things = dict(things or {})

    def known(self, tool: Tool, links: Iterable[Link], random: Random) -> dict[str, Any]:
        """Arguments for *tool* that fit things which exist.

        Args:
            tool: What is to be called.
            links: How its arguments come out of lists, outer things first.
            random: Chooses among the things.
        """
        own = self._some(tool.spec.name, random)
        known = {**own.item, **own.arguments} if own else {}
        for link in links:
            thing = None if link.made else self._some(link.producer.spec.name, random)
            if thing is not None and link.field in thing.item:
                known[link.argument] = thing.item[link.field]
                known |= thing.arguments
        return known

    def _some(self, tool: str, random: Random) -> Thing | None:
        things = self._things.get(tool, ())
        return random.choice(things) if things else None


async def look_around(document: Document, tools: Sequence[Tool], base_url: str) -> World:
    """Call what lists things and needs no arguments, then what lists things below those.

    Raises:
        ApiError: Nobody is at *base_url*.
    """
    links = {tool.spec.name: links_to(tool, tools) for tool in tools}
    lists = {
        link.producer.spec.name: link
        for of_tool in links.values()
        for link in of_tool
        if not link.made
    }
    found: dict[str, list[Thing]] = {}
    headers = {SESSION_HEADER: _SESSION}
    async with ApiTools(document, base_url, simulated=True, headers=headers) as api:
        for _ in range(_DEPTH):
            for name, link in lists.items():
                if name in found:
                    continue
                for arguments in _ways_to_call(link.producer, links[name], found):
                    items = await _items(api, name, arguments, link)
                    things = [Thing(item, arguments) for item in items]
                    found.setdefault(name, []).extend(things)
    return World(found)


def _ways_to_call(
    tool: Tool, links: Sequence[Link], found: Mapping[str, Sequence[Thing]]
) -> list[dict[str, Any]]:
    """Arguments to call a list with: none, or the ids of the first things that it is below."""
    required = tool.spec.parameters.get("required", ())
    if not required:
        return [{}]
    ways = []
    for number in range(_OWNERS):
        arguments: dict[str, Any] = {}
        for link in links:
            things = found.get(link.producer.spec.name, ())
            if not link.made and number < len(things) and link.field in things[number].item:
                arguments[link.argument] = things[number].item[link.field]
                arguments |= things[number].arguments
        if arguments.keys() >= set(required):
            ways.append(arguments)
    return ways


async def _items(
    api: ApiTools, name: str, arguments: Mapping[str, Any], link: Link
) -> list[dict[str, Any]]:
    observation = await api.call(Call(id=name, tool=name, arguments=dict(arguments)))
    response = observation.response
    if response is None or response.status != 200:
        _log.info("%s lists nothing: %s", name, observation.text[:200])
        return []
    try:
        body = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return []
    for part in link.list_pointer.split("/")[1:]:
        body = body.get(part) if isinstance(body, dict) else None
    return [item for item in body if isinstance(item, dict)] if isinstance(body, list) else []
