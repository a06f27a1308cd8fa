"""Planning: a program that carries out an instruction, whose calls others make for it.

:meth:`Plan.run` is a generator: it yields the next :class:`Step`, is sent what came back, and
returns the final answer. The planner has no memory: each time, the program runs from its start and
the calls it makes again are answered out of the conversation, until it makes one that is new.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from toolalpaca.llm.baseline.answering import Outcome, abstention, answer
from toolalpaca.llm.baseline.asking import is_ignorant, question, read_reply
from toolalpaca.llm.baseline.catalog import Catalog, Tool
from toolalpaca.llm.baseline.clauses import Clause, split_clauses
from toolalpaca.llm.baseline.conversation import Turn, call_key
from toolalpaca.llm.baseline.dates import is_relative
from toolalpaca.llm.baseline.describing import describe
from toolalpaca.llm.baseline.filling import Filling, Path, fill
from toolalpaca.llm.baseline.looking import Lookup, Need
from toolalpaca.llm.baseline.matching import ENOUGH, Match, match
from toolalpaca.llm.baseline.passages import Passage, content_stems
from toolalpaca.llm.baseline.providers import Thing, is_chainable, is_handed_on, things_for
from toolalpaca.llm.baseline.repairing import repaired
from toolalpaca.llm.baseline.results import Record, Result, read_result, records_of
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.vocabulary import concept
from toolalpaca.task import ASK_TOOL, CLOCK_TOOL

MOST_CALLS: Final = 16
"""Calls that one turn may take; then the planner answers with what it has."""

_QUESTIONS: Final = 6  # to the user, for one request, as long as the replies say something


@dataclass(frozen=True)
class Step:
    """A call that the plan wants made, and why.

    Attributes:
        thought: The reason, in words for the user.
    """

    tool: str
    arguments: dict[str, Any]
    thought: str

    @property
    def key(self) -> str:
        """The same for identical calls."""
        return call_key(self.tool, self.arguments)


Steps: TypeAlias = Generator[Step, str | None, Any]


@dataclass(frozen=True)
class Intent:
    """One thing that the instruction asks for.

    Attributes:
        number: Which of the instruction's clauses it is.
    """

    number: int
    clause: Clause
    match: Match


class Plan:
    """The plan for one turn.

    Args:
        turn: What the user wants.
        catalog: The tools.
    """

    def __init__(self, turn: Turn, catalog: Catalog) -> None:
        self.catalog = catalog
        self.today = turn.today
        self._needs_clock = (
            catalog.has_clock and turn.today is None and is_relative(turn.instruction)
        )
        self.clauses = split_clauses(turn.instruction, catalog.verbs)
        self.passages = [
            Passage(clause.text, 0.0, turn.today, clause.verb) for clause in self.clauses
        ]
        self.records: list[Record] = []
        self.outcomes: list[Outcome] = []
        self._groups = 0
        self._tools = {tool.name: tool for tool in catalog.tools}
        for exchange in turn.earlier:
            if exchange.tool in self._tools and exchange.observation:
                self._learn(self._tools[exchange.tool], read_result(exchange.observation))
        self._own_groups = self._groups
        self._requests = {n for n, clause in enumerate(self.clauses) if not clause.states}

    def run(self) -> Generator[Step, str | None, str]:
        """Yield the calls, take their observations, return the answer."""
        intents = list(self._intents())
        if not intents:
            return abstention(self.catalog)
        if self._needs_clock:
            yield Step(CLOCK_TOOL, {}, "The day depends on what day it is, so I look.")
        done: set[str] = set()
        for intent in intents:
            outcome = yield from self._carry_out(intent, done)
            if outcome is not None:
                self.outcomes.append(outcome)
        return answer(self.outcomes)

    def _intents(self) -> Iterator[Intent]:
        """What the clauses ask for; a clause that fits no tool only tells something."""
        previous: Tool | None = None
        found = []
        for number, clause in enumerate(self.clauses):
            matches = match(clause, self.passages_for(number), self.catalog, previous)
            best = matches[0] if matches else None
            if best is None or best.score < ENOUGH or not best.named:
                continue
            found.append(Intent(number, clause, best))
            previous = best.tool
        intents = [intent for intent in found if not intent.clause.states] or found
        self._requests = {intent.number for intent in intents}
        yield from intents

    def passages_for(self, number: int) -> list[Passage]:
        """What can fill the arguments of a clause: itself, statements, then the other requests."""
        own = self.passages[number]
        others = [
            Passage(p.text, 1.0 if index in self._requests else 0.2, p.today, p.verb)
            for index, p in enumerate(self.passages)
            if index != number
        ]
        return [own, *sorted(others, key=lambda passage: passage.discount)]

    def _carry_out(
        self, intent: Intent, done: set[str]
    ) -> Generator[Step, str | None, Outcome | None]:
        tool = intent.match.tool
        passages = self.passages_for(intent.number)
        wanted = frozenset(concept(word) for word in content_stems(intent.clause.text))
        filling = fill(tool, passages)
        opening = iter((self._why(intent),))
        notes = yield from self._look_up(tool, filling, passages, {}, opening)
        problem = yield from self._complete(tool, filling, passages, opening)
        if problem:
            return Outcome(tool, None, problem, wanted)
        arguments = filling.arguments()
        key = call_key(tool.name, arguments)
        if key in done:
            return None  # two clauses that say the same thing
        done.add(key)
        reason = " ".join([*opening, *notes, self._with(arguments)])
        result = yield from self._call(tool, arguments, reason)
        if not result.ok:
            result = yield from self._repair(tool, filling, result, done)
        problem = "" if result.ok else _failure(result)
        return Outcome(tool, result, problem, wanted)

    def _complete(
        self, tool: Tool, filling: Filling, passages: Sequence[Passage], opening: Iterator[str]
    ) -> Generator[Step, str | None, str]:
        """Ask for what is missing or does not fit; say what still is."""
        asked: set[str] = set()
        for _ in range(_QUESTIONS):
            self._drop_unfit(tool, filling)
            missing = filling.missing
            if not missing or not self.catalog.can_ask:
                break
            words = question(tool, missing)
            if words in asked:
                words = question(tool, missing, again=True)
            if words in asked:
                break
            asked.add(words)
            names = ", ".join(slot.label for slot in missing)
            reason = " ".join([*opening, f"The instruction does not say {names}, so I ask."])
            reply = yield Step(ASK_TOOL, {"question": words}, reason)
            text = reply or ""
            called = read_reply(filling, missing, text, tool, self.today)
            things = {path: Thing(name) for path, name in called.items()}
            yield from self._look_up(tool, filling, passages, things, opening, willing=True)
            if is_ignorant(text):
                break
        self._drop_unfit(tool, filling)
        lacking = [slot.label for slot in filling.missing]
        if lacking:
            return f"I do not know {', '.join(lacking)}"
        broken = tool.violations(filling.arguments())
        return f"the arguments do not fit ({broken[0].message})" if broken else ""

    def _drop_unfit(self, tool: Tool, filling: Filling) -> None:
        """Take back values that the whole schema refuses, though each slot accepted its own."""
        for violation in tool.violations(filling.arguments()):
            keys = tuple(violation.pointer.strip("/").split("/"))
            for path in [
                p for p in filling.values if p[: len(keys)] == keys or keys[: len(p)] == p
            ]:
                if violation.pointer:
                    del filling.values[path]

    def _look_up(
        self,
        tool: Tool,
        filling: Filling,
        passages: Sequence[Passage],
        named: dict[Path, Thing],
        opening: Iterator[str],
        *,
        willing: bool = False,
    ) -> Generator[Step, str | None, list[str]]:
        """Fill missing ids from results and from tools that list or find things."""
        slots = [
            slot
            for slot in filling.missing
            if is_chainable(slot, self.catalog) or is_handed_on(slot, passages[0])
        ]
        things = things_for(slots, tool, passages, list(filling.spans.values())) | named
        notes: list[str] = []
        lookup = Lookup(self, passages, opening)
        for slot in slots:
            # Any thing will do to look at, but not to cancel or to book.
            any_will_do = willing and tool.reads and slot.noun is not None
            need = Need(slot, tool, things.get(slot.path), any_will_do)
            if need.is_fact and need.thing and need.thing.is_phrase:
                need = replace(need, thing=None)  # "the e-mail of that member" names nobody
            used = [*filling.spans.values(), *_other_spans(things, slot)]
            note = yield from lookup.run(need, filling, used)
            if note:
                notes.append(note)
            elif (
                need.name
                and slot.kind == "string"
                and slot.noun is not None
                and not lookup.can_find(need, used)
            ):
                # Nothing knows this API's ids better than the user's own word.
                filling.values |= {slot.path: need.name} if slot.accepts(need.name) else {}
        return notes

    def call(self, tool: Tool, arguments: dict[str, Any], reason: str) -> Steps:
        """Make a call on behalf of a lookup; returns its :class:`Result`."""
        return (yield from self._call(tool, arguments, reason))

    def _call(
        self, tool: Tool, arguments: dict[str, Any], reason: str
    ) -> Generator[Step, str | None, Result]:
        observation = yield Step(tool.name, arguments, reason)
        result = read_result(observation or "")
        self._learn(tool, result)
        return result

    @property
    def newest(self) -> list[Record]:
        """The records of the latest result."""
        return [record for record in self.records if record.group == self._groups]

    def _learn(self, tool: Tool, result: Result) -> None:
        self._groups += 1
        if result.ok:
            self.records += records_of(result, tool.nouns, self._groups)

    def is_own(self, record: Record) -> bool:
        """Whether a record came out of a call of this turn."""
        return record.group > self._own_groups

    def _repair(
        self, tool: Tool, filling: Filling, result: Result, done: set[str]
    ) -> Generator[Step, str | None, Result]:
        """Try once more after a refusal that names an argument; never with the same arguments."""
        slots = repaired(filling, result)
        if not slots:
            return result
        required = [slot for slot in slots if slot.demanded or slot.path not in filling.values]
        before = filling.arguments()
        for slot in slots:
            filling.values.pop(slot.path, None)
        if required and self.catalog.can_ask:
            reason = f"The API refused {', '.join(s.label for s in required)}, so I ask for it."
            reply = yield Step(ASK_TOOL, {"question": question(tool, required)}, reason)
            read_reply(filling, required, reply or "", tool, self.today)
        arguments = filling.arguments()
        key = call_key(tool.name, arguments)
        if filling.missing or arguments == before or key in done or tool.violations(arguments):
            return result
        done.add(key)
        return (yield from self._call(tool, arguments, "The API refused the call; I mend it."))

    def _why(self, intent: Intent) -> str:
        words = ", ".join(f'"{word}"' for word in intent.match.shared[:3])
        shared = f" (it shares {words})" if words else ""
        asked = " ".join(intent.clause.text.split())
        asked = asked if len(asked) <= 120 else asked[:119] + "…"
        return f'The instruction says "{asked}"; {intent.match.tool.name} fits best{shared}.'

    def _with(self, arguments: dict[str, Any]) -> str:
        if not arguments:
            return "It needs no arguments."
        given = ", ".join(f"{key}={value!r}" for key, value in arguments.items())
        return f"I call it with {given}." if len(given) < 300 else "I call it with what is given."


def _other_spans(things: dict[Path, Thing], slot: Slot) -> list[tuple[int, int, int]]:
    """The places of the names that belong to other slots."""
    return [t.span for path, t in things.items() if path != slot.path and t.span is not None]


def _failure(result: Result) -> str:
    body = result.body
    told = ""
    if isinstance(body, dict):
        keys = ("detail", "message", "error", "title", "description")
        told = next((str(body[key]) for key in keys if isinstance(body.get(key), str)), "")
    told = told or " ".join(result.text.split())[:200]
    status = f"the API answered {result.status}" if result.status else "the call failed"
    return f"{status}: {told}" if told else status


def next_step(turn: Turn, catalog: Catalog) -> Step | str:
    """The first call of the plan that the conversation does not answer, or the final answer."""
    known = {exchange.key: exchange.observation for exchange in turn.exchanges}
    plan = Plan(turn, catalog)
    steps = plan.run()
    try:
        step = next(steps)
        for _ in range(MOST_CALLS):
            if step.key not in known:
                if len(turn.exchanges) >= MOST_CALLS:
                    break
                return step
            step = steps.send(known[step.key])
    except StopIteration as end:
        return str(end.value)
    tools = ", ".join(dict.fromkeys(describe(outcome.tool) for outcome in plan.outcomes))
    found = answer(plan.outcomes) if tools else ""
    return f"{found} I stopped after {len(turn.exchanges)} calls without reaching the end.".strip()
