"""Looking up: how a missing id is found, in what is known or by another call."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from toolalpaca.llm.baseline.catalog import Tool
from toolalpaca.llm.baseline.choosing import Choice, choose, identifier, is_about
from toolalpaca.llm.baseline.coercion import NOTHING
from toolalpaca.llm.baseline.filling import Filling, Span
from toolalpaca.llm.baseline.passages import Passage
from toolalpaca.llm.baseline.providers import (
    Provider,
    Thing,
    is_chainable,
    providers_of,
    search_slots,
    things_for,
)
from toolalpaca.llm.baseline.results import Record, Result
from toolalpaca.llm.baseline.slots import Slot
from toolalpaca.llm.baseline.vocabulary import ORDINALS, PRONOUNS, SUPERLATIVES

if TYPE_CHECKING:
    from toolalpaca.llm.baseline.planning import Plan, Step

_DEPTH: Final = 2  # lookups within lookups: a train needs stations, a station no more
_PROVIDERS: Final = 2  # tools that are tried for one id


@dataclass(frozen=True)
class Need:
    """An id that is missing.

    Attributes:
        tool: The tool that needs it.
        thing: What the user calls the thing, or None.
        willing: Whether any existing thing will do: the user was asked, and does not know.
    """

    slot: Slot
    tool: Tool
    thing: Thing | None
    willing: bool = False

    @property
    def name(self) -> str:
        """What the user calls the thing, or ``""``."""
        return self.thing.text if self.thing else ""

    @property
    def is_fact(self) -> bool:
        """Whether it is no id but something that is so of one thing only: where it is, its mail."""
        return self.slot.noun is None


class Lookup:
    """Finds ids for one request.

    Args:
        plan: Whose records are searched and whose calls are made.
        passages: What the user said, the request first.
        opening: Why the request's tool is used, to be said once, with the first call.
    """

    def __init__(self, plan: Plan, passages: Sequence[Passage], opening: Iterator[str]) -> None:
        self._plan = plan
        self._passages = passages
        self._opening = opening

    def run(
        self, need: Need, filling: Filling, used: Sequence[Span], depth: int = 0
    ) -> Generator[Step, str | None, str]:
        """Put the id into the filling; say where it came from, or ``""`` when it was not found."""
        found = self._among_known(need)
        if found is None and depth < _DEPTH:
            found = yield from self._by_call(need, used, depth)
        if found is None:
            return ""
        value, choice = found
        filling.values[need.slot.path] = value
        return f"{need.slot.label} is {value!r} from an earlier result: {choice.reason}."

    def _among_known(self, need: Need) -> tuple[Any, Choice] | None:
        """An id in the results so far, when the user names it or refers back to it."""
        records = self._plan.records
        for group in sorted({record.group for record in records}, reverse=True):
            same = [record for record in records if record.group == group]
            found = self._pick(need, same)
            if found is not None and (found[1].sure or self._follows(need, same)):
                return found
        return None

    def _follows(self, need: Need, records: Sequence[Record]) -> bool:
        """Whether the request goes on from these results: of this turn, or by a pronoun."""
        words = {token.text.lower() for token in self._passages[0].tokens}
        back = bool(words & (PRONOUNS | set(ORDINALS) | set(SUPERLATIVES)))
        return not need.name and (back or any(self._plan.is_own(record) for record in records))

    def _pick(self, need: Need, records: Sequence[Record]) -> tuple[Any, Choice] | None:
        nouns = need.tool.nouns
        fitting = [r for r in records if identifier(r, need.slot, nouns) is not NOTHING]
        exact = [record for record in fitting if is_about(record, need.slot, nouns)]
        among = exact or fitting
        choice = choose(among, need.name, self._passages[0])
        if choice is None:
            return None
        # What is no id is taken only of the thing that is meant, never of one that looks like it.
        meant = len(among) == 1 or need.name or self._selects()
        if need.is_fact and not meant:
            return None
        return identifier(choice.record, need.slot, nouns), choice

    def _by_call(
        self, need: Need, used: Sequence[Span], depth: int
    ) -> Generator[Step, str | None, tuple[Any, Choice] | None]:
        providers = providers_of(need.slot, need.tool, self._plan.catalog, self._passages, used)
        for provider in providers[:_PROVIDERS]:
            if depth and provider.tool is need.tool:
                continue
            told = bool(provider.filling.values) or bool(need.name) or self._selects()
            if not told and not need.willing:
                continue
            if need.is_fact and not need.name and provider.filling.missing:
                continue  # it would take another lookup, which could end at anything
            found = yield from self._ask_provider(need, provider, used, depth)
            if found is not None:
                return found
        return None

    def can_find(self, need: Need, used: Sequence[Span]) -> bool:
        """Whether there is a tool that finds such ids at all."""
        return bool(providers_of(need.slot, need.tool, self._plan.catalog, self._passages, used))

    def _selects(self) -> bool:
        """Whether the request says which of many: the first, the cheapest."""
        words = {token.text.lower() for token in self._passages[0].tokens}
        return bool(words & (set(ORDINALS) | set(SUPERLATIVES)))

    def _ask_provider(
        self, need: Need, provider: Provider, used: Sequence[Span], depth: int
    ) -> Generator[Step, str | None, tuple[Any, Choice] | None]:
        """Call a provider, by the thing's name first; if that finds nothing, without it once."""
        filling = provider.filling
        spoken = need.thing is not None and need.thing.is_within(filling.spans.values())
        things: list[Slot] = []
        if need.thing is not None and not spoken:
            things = search_slots(provider, need.thing, self._passages)
        if not need.is_fact:
            yield from self._prepare(need, provider, used, depth, skip=things[:1])
        tries: list[Slot | None] = [*things[:2], None]
        for index, slot in enumerate(tries):
            values = dict(filling.values)
            if slot is not None:
                filling.values[slot.path] = need.name
            arguments = filling.arguments()
            lacking = bool(filling.missing) or bool(provider.tool.violations(arguments))
            filtered = bool(filling.values)
            filling.values = values
            if lacking:
                continue
            result: Result = yield from self._plan.call(
                provider.tool, arguments, self._reason(need, provider, index)
            )
            found = self._in_result(need, filtered)
            if found is not None or not result.ok:
                return found
        return None

    def _in_result(self, need: Need, filtered: bool) -> tuple[Any, Choice] | None:
        """The id in the newest result; a search's first hit is trusted to be what was sought."""
        same = self._plan.newest
        found = self._pick(need, same)
        if found is None and filtered and need.name:
            nameless = Need(need.slot, need.tool, None, need.willing)
            found = self._pick(nameless, same)
        if found is None:
            return None
        trusted = filtered or found[1].sure or need.willing or need.tool.reads
        return found if trusted else None

    def _prepare(
        self,
        need: Need,
        provider: Provider,
        used: Sequence[Span],
        depth: int,
        skip: Sequence[Slot],
    ) -> Generator[Step, str | None, None]:
        """Look up the ids that the provider itself needs."""
        filling, tool = provider.filling, provider.tool
        slots = [
            slot
            for slot in filling.missing
            if slot not in skip and is_chainable(slot, self._plan.catalog)
        ]
        taken = [*used, *filling.spans.values()]
        things = things_for(slots, tool, self._passages, taken)
        for slot in slots:
            inner = Need(slot, tool, things.get(slot.path), need.willing and slot.noun is not None)
            others = [t.span for p, t in things.items() if p != slot.path and t.span]
            yield from self.run(inner, filling, [*taken, *others], depth + 1)

    def _reason(self, need: Need, provider: Provider, attempt: int) -> str:
        what = f' for "{need.name}"' if need.name else ""
        said = [*self._opening]
        if attempt:
            said.append("The search found nothing, so I search more loosely.")
        said.append(
            f"{need.tool.name} needs {need.slot.label}{what}, which the instruction does not give, "
            f"so I look it up with {provider.tool.name}."
        )
        return " ".join(said)
