"""How people ask: the sentences around orders."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from string import Template

from toolalpaca_corpus.english import lower_first, upper_first
from toolalpaca_corpus.orders import Wording
from toolalpaca_corpus.phrases import phrases

_POLITE = 0.15
"""How often a request has an opening; and how often a closing."""


def request_for(wording: Wording, random: Random) -> tuple[str, str]:
    """A request that fits the wording, and the section that it is from."""
    deed = wording.imperative.deed
    requests = phrases("requests")
    sections = {"any": requests["any"]}
    if deed == "list":
        if wording.imperative.plural:
            sections["list"] = requests["list"]
            if not wording.imperative.determined:
                sections["list of several"] = requests["list of several"]
    elif wording.object and (deed != "get" or wording.imperative.verb in phrases("verbs")["get"]):
        # Who logs out does not want to "look at out of the session", though it is a GET.
        sections[deed] = requests[deed]
    section = random.choice(list(sections))
    return section, random.choice(sections[section])


def joined_orders(orders: Sequence[str], random: Random) -> str:
    """Orders as one, in their order."""
    joined = orders[0]
    for order in orders[1:]:
        # After "with X and Y", a bare "and" would not say that something new begins.
        section = "then" if " and " in joined else "then or and"
        template = Template(random.choice(phrases("requests")[section]))
        joined = template.substitute(first=joined, second=order)
    return joined


def politeness(section: str, random: Random) -> list[str]:
    """Now and then an ``opening`` or a ``closing``."""
    return [random.choice(phrases("requests")[section])] if random.random() < _POLITE else []


def details(wordings: Sequence[Wording], random: Random) -> Iterator[str]:
    """Sentences for what the orders did not say, two clauses each."""
    clauses = [clause for wording in wordings for clause in wording.rest]
    for start in range(0, len(clauses), 2):
        details = " and ".join(lower_first(clause) for clause in clauses[start : start + 2])
        template = Template(random.choice(phrases("requests")["details"]))
        yield upper_first(template.substitute(details=details, Details=upper_first(details)))
