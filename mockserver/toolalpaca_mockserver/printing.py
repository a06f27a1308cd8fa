"""What ``toolalpaca mock`` says on standard output, for people and for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, Protocol

from toolalpaca.counting import counted
from toolalpaca.openapi.model import Problem
from toolalpaca.output import write_line
from toolalpaca_mockserver.api import Api
from toolalpaca_mockserver.explanation import explain, lines
from toolalpaca_mockserver.faults import checked, known_faults

_FAULTS_SHOWN = 5


def print_checks(apis: Iterable[Api], *, as_json: bool) -> int:
    """Print every fault of the documents; how many there are."""
    found = 0
    for api in apis:
        document, faults = api.document, checked(api)
        found += len(faults)
        if as_json:
            told = [asdict(fault) for fault in faults]
            size = len(document.operations)
            _print_json({"name": document.name, "operations": size, "faults": told})
            continue
        operations = counted(len(document.operations), "operation")
        print(f"{document.source}: {operations}, {counted(len(faults), 'fault')}")
        print("".join(f"  {_line(fault)}\n" for fault in faults), end="")
    return found


def print_explanations(apis: Iterable[Api], *, as_json: bool) -> int:
    """Print what was inferred; how many corrections do not fit it."""
    mistakes = 0
    for api in apis:
        explained = explain(api)
        mistakes += len(explained["mistakes"])
        if as_json:
            _print_json(explained)
        else:
            print("\n".join(lines(explained)))
    return mistakes


def print_ready(apis: Iterable[Api], url: str, notes: Iterable[str], *, as_json: bool) -> None:
    """Say what is served at *url*.

    Args:
        apis: What is served.
        url: Scheme and authority.
        notes: What a person should know of how it is served, a line each.
        as_json: One object, without the notes.
    """
    served = [_served(api, url) for api in apis]
    if as_json:
        _print_json({"event": "ready", "url": url, "apis": served})
        return
    width = max(len(api["name"]) for api in served)
    for api, shown in zip(apis, served, strict=True):
        operations = counted(shown["operations"], "operation")
        count = f"{operations}, {counted(shown['collections'], 'collection')}"
        print(f"  {shown['name']:<{width}}  {shown['url']}  {count}  {api.document.title}")
        faults = known_faults(api)
        for fault in faults[:_FAULTS_SHOWN]:
            print(f"    {_line(fault)}")
        if len(faults) > _FAULTS_SHOWN:
            print(f"    and {len(faults) - _FAULTS_SHOWN} more; --check shows all")
    for note in notes:
        print(note)
    sys.stdout.flush()


class Event(Protocol):
    """Something that happened, such as an exchange."""

    def as_json(self) -> dict[str, Any]:
        """For a program."""
        ...


class Told(Event, Protocol):
    """Something that happened and is told in a line, such as a reload."""

    def as_line(self) -> str:
        """For a person."""
        ...


def print_line(told: Told) -> None:
    """Print what happened, for a person."""
    write_line(told.as_line(), sys.stdout)


def print_json(event: Event) -> None:
    """Print what happened, as one JSON object."""
    _print_json(event.as_json())


def _line(problem: Problem) -> str:
    return f"{problem.pointer or '#'}: {problem.message}; {problem.consequence}"


def _served(api: Api, url: str) -> dict[str, Any]:
    return {
        "name": api.document.name,
        "title": api.document.title,
        "url": url + api.prefix,
        "operations": len(api.document.operations),
        "collections": len(api.simulation.resources.paths.pairs),
        "problems": len(known_faults(api)),
    }


def _print_json(value: dict[str, Any]) -> None:
    write_line(json.dumps(value), sys.stdout)
