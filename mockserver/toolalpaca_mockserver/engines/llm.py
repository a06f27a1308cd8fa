"""The executor role of the ToolAlpaca paper: a language model plays the API.

Whatever the model says, what leaves here satisfies the contract: the reply is checked, repaired
once with its faults named, and otherwise the schema engine answers, labelled with the reason. What
was asked before is answered from a cache, what is asked several times at once is asked once. What
the model costs is counted (counts.py), what it may take is limited (asking.py).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from toolalpaca.errors import ModelError, ModelReplyError, ModelUnavailable
from toolalpaca.llm.bounding import Bounds
from toolalpaca.llm.grammar import json_grammar
from toolalpaca.llm.protocol import (
    Completion,
    Constraint,
    JsonReply,
    LanguageModel,
    Message,
    Request,
)
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.engines import Commission, Composed
from toolalpaca_mockserver.engines.asking import Asker, Unanswered
from toolalpaca_mockserver.engines.cache import Cache, Kept, MemoryCache
from toolalpaca_mockserver.engines.counts import Counts, current_spending
from toolalpaca_mockserver.engines.prompting import Prompter
from toolalpaca_mockserver.engines.reading import faults_of, read_value, read_values
from toolalpaca_mockserver.engines.schema import SchemaEngine

_log = logging.getLogger(__name__)

_SHARE_OF_TIME: Final = 0.95
"""After this much of the time for an answer, what has come of a reply is all of it: of a list that
is broken off there, the whole items count."""
_LONGEST_REPEATED: Final = 4000
"""Characters of a faulty reply that the model sees again."""

_SHORT: Final = Bounds(string=80, items=3, nodes=200)
_SHORT_ITEMS: Final = Bounds(string=40, items=2, nodes=100)
"""What small models write under a grammar, which would go on as long as it lets them."""

INVALID: Final = "llm-invalid"
UNAVAILABLE: Final = "llm-unavailable"
TIMEOUT: Final = "llm-timeout"
NOT_KEPT: Final = "llm-not-in-cache"


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What became of a question: a value, or a reason why there is none."""

    value: Any = None
    reason: str = ""


class LlmEngine:
    """Composes values with a language model.

    Args:
        asker: The model; None when answers come from the cache alone.
        fallback: Answers when the model does not.
        seed: For the model's sampling.
        cache: What was answered before; by default in memory.
        model: The name of the model, whose answers count.
    """

    name = "llm"
    sees_state = True

    def __init__(
        self,
        asker: Asker | None,
        fallback: SchemaEngine,
        seed: int = 0,
        cache: Cache | None = None,
        model: str = "",
    ) -> None:
        self.asker = asker
        self.fallback = fallback
        self.seed = seed
        self.cache = MemoryCache() if cache is None else cache
        self.model = asker.model.name if asker is not None else model
        self.counts = Counts()
        context = asker.model.capabilities.context if asker is not None else None
        self._prompter = Prompter(fallback.generator.root, context)
        self._asking: dict[str, asyncio.Task[_Outcome]] = {}

    async def compose(self, commission: Commission) -> Composed:
        """The model's answer, if need be repaired; see :class:`~.Engine`.

        Where several values are wanted, the schema engine adds none to those of the model.
        """
        self.counts.answers += 1
        asked = self._prompter.fingerprint(commission, self.model, self.seed)
        same = (one.key for one in commission.earlier if one.asked == asked)
        key = next(same, None) or self._prompter.joined(asked, commission.earlier)
        kept = self._kept(key, commission)
        if kept is not None:
            current_spending().hits += 1
            if kept.reason:
                return await self._fall_back(commission, kept.reason)
            self.counts.hits += 1
            return Composed(kept.value, "cache", asked=asked, key=key)
        outcome = await self._made(key, commission)
        if outcome.reason:
            return await self._fall_back(commission, outcome.reason)
        self.counts.made += 1
        return Composed(outcome.value, "llm", asked=asked, key=key)

    def report(self) -> dict[str, Any]:
        """See :class:`~.Engine`."""
        down = self.asker is not None and self.asker.breaker.is_open
        return {"model": self.model, "down": down, **self.counts.as_json()}

    async def aclose(self) -> None:
        """Release the model and the cache; what is being asked is given up."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
        if self.asker is not None:
            await self.asker.aclose()
        self.cache.close()
        await self.fallback.aclose()

    def _kept(self, key: str, commission: Commission) -> Kept | None:
        """What is in the cache, if it can be sent: files are written by others, too."""
        kept = self.cache.get(key)
        if kept is None or kept.reason:
            return kept
        values = kept.value if commission.several else [kept.value]
        sound = isinstance(values, list) and not any(
            faults_of(value, commission.contract) for value in values
        )
        return kept if sound else None

    async def _made(self, key: str, commission: Commission) -> _Outcome:
        """What the model makes, within the time that is left for the whole answer."""
        if self.asker is None:
            return _Outcome(reason=NOT_KEPT)
        task = self._asking.get(key)
        if task is None:
            task = asyncio.create_task(self._ask_in_time(self.asker, key, commission))
            self._asking[key] = task
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        left = self.asker.limits.seconds - (time.monotonic() - current_spending().began)
        try:
            # Others may wait for the same; and what comes too late for this one is kept.
            return await asyncio.wait_for(asyncio.shield(task), max(left, 0))
        except TimeoutError:
            return _Outcome(reason=TIMEOUT)

    async def _ask_in_time(self, asker: Asker, key: str, commission: Commission) -> _Outcome:
        name = commission.operation.name
        try:
            async with asyncio.timeout(asker.limits.seconds):
                outcome = await self._ask(asker, commission)
        except TimeoutError:
            return _Outcome(reason=TIMEOUT)
        except (Unanswered, ModelError) as error:
            if isinstance(error, ModelReplyError):  # twice in a row
                asker.breaker.failed()
            _log.warning("%s: the model does not answer: %s", name, error)
            return _Outcome(reason=UNAVAILABLE)
        except Exception:  # a model is somebody else's code, and the API goes on
            _log.exception("%s: the model failed", name)
            return _Outcome(reason=UNAVAILABLE)
        if outcome.reason in ("", INVALID):
            self.cache.put(key, Kept(outcome.value, outcome.reason))
        return outcome

    async def _ask(self, asker: Asker, commission: Commission) -> _Outcome:
        """The value of the first reply, or else of the second.

        Raises:
            Unanswered: The model is left alone.
            ModelError: It has not replied.
        """
        until = time.monotonic() + _SHARE_OF_TIME * asker.limits.seconds
        messages = self._prompter.messages(commission)
        constraint = _constraint(commission, asker.model)
        try:
            reply = await asker.ask(
                self._request(messages, constraint, commission), self.counts, until
            )
            value, faults = _read(reply, commission)
        except ModelUnavailable:
            raise
        except ModelReplyError as error:
            # It may be the schema that a server does not take: the next attempt goes without.
            _log.info("%s: %s", commission.operation.name, error)
            reply, constraint, value, faults = None, None, None, [str(error)]
        if not faults:
            return _Outcome(value)
        if time.monotonic() > until:
            return _Outcome(reason=TIMEOUT)
        self.counts.repairs += 1
        current_spending().repairs += 1
        if reply is not None:
            messages += (
                Message(role="assistant", content=reply.text[:_LONGEST_REPEATED]),
                self._prompter.correction(faults),
            )
        reply = await asker.ask(self._request(messages, constraint, commission), self.counts, until)
        better, faults = _read(reply, commission)
        if commission.several and (better or value):
            return _Outcome(better or value)
        if faults:
            _log.info("%s: the model's reply is invalid: %s", commission.operation.name, faults[0])
            return _Outcome(reason=INVALID)
        return _Outcome(better)

    def _request(
        self, messages: tuple[Message, ...], constraint: Constraint | None, commission: Commission
    ) -> Request:
        return Request(
            messages=messages,
            constraint=constraint,
            max_tokens=self._prompter.tokens(commission),
            seed=self.seed,
        )

    async def _fall_back(self, commission: Commission, reason: str) -> Composed:
        self.counts.fallbacks[reason] += 1
        if commission.several:
            return Composed([], "schema", reason)
        made = await self.fallback.compose(commission)
        return Composed(made.value, made.source, reason)


def _read(reply: Completion, commission: Commission) -> tuple[Any, list[str]]:
    """What the reply says, and what is wrong with it.

    Of several values, some will do when the reply was broken off: to ask again would not help.
    """
    if not commission.several:
        return read_value(reply.text, commission.contract)
    values, faults = read_values(reply.text, commission.contract, commission.several)
    return values, [] if values and reply.finish == "length" else faults


def _constraint(commission: Commission, model: LanguageModel) -> Constraint | None:
    """What the reply is held to where the backend can: servers want an object at the top."""
    contract = commission.contract
    if not isinstance(contract.standalone, Mapping):
        return None
    schema = dict(contract.standalone)
    if commission.several:
        schema = _list_of(contract, commission.several)
    if model.capabilities.grammar:
        return json_grammar(schema, _SHORT_ITEMS if commission.several else _SHORT)
    return JsonReply(schema)


def _list_of(contract: Contract, count: int) -> dict[str, Any]:
    schema = contract.standalone
    assert isinstance(schema, Mapping)
    item = {name: part for name, part in schema.items() if name != "$defs"}
    items = {"type": "array", "items": item, "minItems": count, "maxItems": count}
    wrapped = {"type": "object", "properties": {"items": items}, "required": ["items"]}
    return {**wrapped, "$defs": schema["$defs"]} if "$defs" in schema else wrapped
