"""Tasks: instructions a person could give for a document's operations, and the calls they want.

The same document, seed and count make the same tasks. Kinds:

- ``single``: one call;
- ``multi``: two or three, each with a value out of an earlier result;
- ``ask``: one call that lacks something which only the user knows;
- ``abstain``: nothing that this API could do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import replace
from random import Random
from string import Template
from typing import Any

from toolalpaca.calling.tools import Tool, make_tools
from toolalpaca.openapi.model import Document
from toolalpaca.task import ASK_TOOL, GoldenCall, Kind, Task
from toolalpaca_corpus.argument import Argument
from toolalpaca_corpus.english import upper_first
from toolalpaca_corpus.links import Link, is_chainable, is_worth_a_call, links_to, things_of
from toolalpaca_corpus.orders import word_step
from toolalpaca_corpus.phrases import phrases
from toolalpaca_corpus.rehearsal import Finding
from toolalpaca_corpus.requests import details, joined_orders, politeness, request_for
from toolalpaca_corpus.steps import Step, make_step
from toolalpaca_corpus.world import World

SHARES: dict[Kind, float] = {"single": 0.45, "multi": 0.3, "ask": 0.15, "abstain": 0.1}
"""How the tasks of an API are divided among the kinds."""

_MOST_STEPS = 3
_TRIES = 12
"""Attempts at a task that can be said and done and has not been said before."""

_IN_VAIN = 0.1
"""Share of single calls that may find nothing."""


def make_tasks(
    documents: Sequence[Document],
    count: int,
    seed: int,
    worlds: Mapping[str, World] | None = None,
    rehearse: Callable[[Task], Finding] = lambda _: "works",
) -> list[Task]:
    """*count* tasks for each of *documents*, fewer where an API offers no more.

    Args:
        documents: Their names are the toolsets' names.
        count: Tasks an API.
        seed: Another seed, other tasks.
        worlds: What exists in each API, by the document's name; ids and conditions are taken from
            it where it is given.
        rehearse: Says whether a task can be done; what cannot is replaced by another.
    """
    worlds = worlds or {}
    makers = [
        TaskMaker(document, seed, worlds.get(document.name, World()), rehearse)
        for document in documents
    ]
    made = [maker.solvable(count) for maker in makers]
    tasks = []
    for maker, own in zip(makers, made, strict=True):
        foreign = [
            task.instruction
            for other, theirs in zip(makers, made, strict=True)
            if other is not maker
            for task in theirs
            if task.kind == "single" and not maker.knows(other.things_in(task))
        ]
        tasks += [*own, *maker.to_abstain_from(count - len(own), count, foreign)]
    return tasks


class TaskMaker:
    """Makes the tasks of one document."""

    def __init__(
        self,
        document: Document,
        seed: int,
        world: World,
        rehearse: Callable[[Task], Finding],
    ) -> None:
        self._world = world
        self._rehearse = rehearse
        self._name = document.name
        self._tools = make_tools(document)
        self._seed = seed
        self._said: set[str] = set()
        self._links = {tool.spec.name: links_to(tool, self._tools) for tool in self._tools}
        self._chains = {
            tool.spec.name: [
                link
                for link in self._links[tool.spec.name]
                if is_chainable(link.argument, tool) and is_worth_a_call(link, tool)
            ]
            for tool in self._tools
        }
        self._things = {tool.spec.name: things_of(tool.operation) for tool in self._tools}

    def knows(self, things: Set[str]) -> bool:
        """Whether any operation is about one of *things*."""
        return any(things & own for own in self._things.values())

    def things_in(self, task: Task) -> set[str]:
        """What the golden calls of a task of this document are about."""
        return {thing for call in task.golden for thing in self._things.get(call.function, ())}

    def solvable(self, count: int) -> list[Task]:
        """The tasks of *count* that are not to abstain from."""
        linked = [tool for tool in self._tools if self._chains[tool.spec.name]]
        needy = [tool for tool in self._tools if _withholdable(tool)]
        wanted = {kind: round(count * share) for kind, share in SHARES.items()}
        # What one kind cannot give, single calls do.
        wanted["multi"] = wanted["multi"] if linked else 0
        wanted["ask"] = wanted["ask"] if needy else 0
        wanted["single"] = max(count - wanted["multi"] - wanted["ask"] - wanted["abstain"], 0)
        return [
            *self._tasks("single", self._tools, wanted["single"], self._single),
            *self._tasks("multi", linked, wanted["multi"], self._multi),
            *self._tasks("ask", needy, wanted["ask"], self._ask),
        ]

    def to_abstain_from(self, count: int, of: int, foreign: Sequence[str]) -> Iterator[Task]:
        """Up to *count* tasks that no operation of this document fulfils.

        Args:
            count: How many there may be.
            of: How many tasks the API is to have in all; the share of this kind is a bound.
            foreign: Instructions for other APIs; without any, wishes that no API fulfils.
        """
        random = self._random("abstain", 0)
        wishes = [*phrases("offtopic")["wishes"]]
        strangers = random.sample(list(foreign), min(len(foreign), of))
        pool = [item for pair in zip(strangers, wishes, strict=False) for item in pair]
        pool = pool or wishes
        most = min(count, max(round(of * SHARES["abstain"]), 0), len(pool))
        for number, instruction in enumerate(pool[:most], start=1):
            yield Task(
                id=self._id("abstain", number),
                toolset=self._name,
                instruction=instruction,
                kind="abstain",
                source="abstain",
            )

    def _tasks(
        self,
        kind: Kind,
        tools: Sequence[Tool],
        count: int,
        make: Callable[[Tool, Random], Task | None],
    ) -> Iterator[Task]:
        """Up to *count* tasks that go round the *tools*, so that each gets its share."""
        order = self._random(kind, 0).sample(list(tools), len(tools))
        made = turn = 0
        while order and made < count:
            tool = order[turn % len(order)]
            turn += 1
            task = self._fresh(kind, tool, turn, make)
            if task is None:
                order.remove(tool)
                continue
            made += 1
            yield task.model_copy(update={"id": self._id(kind, made), "kind": kind})

    def _fresh(
        self, kind: Kind, tool: Tool, turn: int, make: Callable[[Tool, Random], Task | None]
    ) -> Task | None:
        for attempt in range(_TRIES):
            random = self._random(f"{kind}/{tool.spec.name}/{turn}", attempt)
            task = make(tool, random)
            if task is None or task.instruction.casefold() in self._said:
                continue
            if self._can_be_done(task, in_vain=kind == "single" and random.random() < _IN_VAIN):
                self._said.add(task.instruction.casefold())
                return task
        return None

    def _can_be_done(self, task: Task, *, in_vain: bool) -> bool:
        finding = self._rehearse(task)
        return finding == "works" or (in_vain and finding == "finds nothing")

    def _single(self, tool: Tool, random: Random) -> Task | None:
        step = make_step(tool, random, known=self._known(tool, random))
        return None if step is None else self._task([step], random)

    def _ask(self, tool: Tool, random: Random) -> Task | None:
        step = make_step(tool, random, known=self._known(tool, random))
        if step is None:
            return None
        name = random.choice(_withholdable(tool))
        step = replace(step, withheld=frozenset({name}))
        task = self._task([step], random)
        root = tool.spec.parameters
        schema = root["properties"][name]
        noun = Argument(name, None, schema if isinstance(schema, dict) else {}, root).noun
        question = GoldenCall(function=ASK_TOOL, arguments={"question": {"$any": noun}})
        return task.model_copy(
            update={
                "facts": {name: step.arguments[name]},
                "golden": (question, *task.golden),
            }
        )

    def _multi(self, tool: Tool, random: Random) -> Task | None:
        steps = self._chain(tool, random, {}, [tool.spec.name])
        if steps is None or len(steps) < 2:
            return None
        return self._task(steps, random)

    def _chain(
        self, tool: Tool, random: Random, given: dict[str, Any], called: list[str]
    ) -> list[Step] | None:
        """Steps that end with *tool*, whose links are made by steps before it."""
        links = [
            link
            for link in self._chains[tool.spec.name]
            if link.producer.spec.name not in called and link.argument not in given
        ]
        if not links or len(called) >= _MOST_STEPS:
            known = self._known(tool, random)
            step = make_step(tool, random, given=given, known=known, sparing=True)
            return None if step is None else [step]
        link = random.choice(links)
        before = self._chain(
            link.producer,
            random,
            self._shared(link, tool, given),
            [*called, link.producer.spec.name],
        )
        if before is None:
            return None
        # What both need must be the same: the member whose loan was found.
        same = {
            name: value
            for name, value in before[-1].arguments.items()
            if _is_id(name, link.producer) and name in tool.places and name != link.argument
        }
        inherited = {n: earlier for n, earlier in before[-1].links.items() if n in same}
        step = make_step(
            tool,
            random,
            links={link.argument: link},
            given={**given, **same},
            known=self._known(tool, random),
            sparing=len(before) > 1 or bool(same),
        )
        if step is None:
            return None
        links_of_all = {**step.links, **inherited}
        return [*before, replace(step, links=links_of_all, same=frozenset(same))]

    def _known(self, tool: Tool, random: Random) -> dict[str, Any]:
        """Arguments of *tool* that fit things which exist."""
        return self._world.known(tool, self._links[tool.spec.name], random)

    @staticmethod
    def _shared(link: Link, tool: Tool, given: dict[str, Any]) -> dict[str, Any]:
        return {
            name: value
            for name, value in given.items()
            if name in link.producer.places and name in tool.places
        }

    def _task(self, steps: Sequence[Step], random: Random) -> Task:
        alone = len(steps) == 1
        wordings = [word_step(step, random, alone=alone) for step in steps]
        if alone:
            section, template = request_for(wordings[0], random)
        else:
            section, template = "any", random.choice(phrases("requests")["any"])
        order = joined_orders([wording.task for wording in wordings], random)
        # "show me stations" asks; "could I see stations" is about them.
        text = Template(template).substitute(
            task=order, Task=upper_first(order), object=wordings[0].object
        )
        sentences = [upper_first(text), *details(wordings, random)]
        instruction = " ".join(
            [*politeness("opening", random), *sentences, *politeness("closing", random)]
        )
        return Task(
            id="",
            toolset=self._name,
            instruction=re.sub(r"\s+", " ", instruction).strip(),
            golden=tuple(step.golden() for step in steps),
            source=f"{section}: {template}",
        )

    def _id(self, kind: Kind, number: int) -> str:
        return f"{self._name}-{kind}-{number:04}"

    def _random(self, purpose: str, attempt: int) -> Random:
        return Random(f"{self._seed}/{self._name}/{purpose}/{attempt}")  # noqa: S311 - no secrets


def _withholdable(tool: Tool) -> list[str]:
    """Required arguments without a default: what a run cannot do without."""
    schema = tool.spec.parameters
    properties = schema["properties"]
    return [
        name
        for name in schema.get("required", ())
        if isinstance(properties[name], dict)
        and "default" not in properties[name]
        and "const" not in properties[name]
        and tool.places[name].name != ""
    ]


def _is_id(name: str, tool: Tool) -> bool:
    return tool.places[name].location == "path"
