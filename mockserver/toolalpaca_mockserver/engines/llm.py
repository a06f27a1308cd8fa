"""The executor role of the ToolAlpaca paper: a language model plays the API.

Whatever the model says, what leaves here satisfies the contract: the reply is checked, repaired
once with its faults named, and otherwise the schema engine answers, labelled with the reason.
"""

from __future__ import annotations

import logging
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

import orjson

from toolalpaca.errors import ModelError
from toolalpaca.llm.protocol import JsonReply, LanguageModel, Message, Request, complete
from toolalpaca_mockserver.contract import Contract
from toolalpaca_mockserver.engines import Commission, Composed, Engine

_log = logging.getLogger(__name__)

_MAX_TOKENS = 1024
_FEW_TOKENS = 16
_LONGEST_SCHEMA = 6000
_LONGEST_REPLY = 4000
_LONGEST_DIGEST = 2000
_MOST_FAULTS = 10


class LlmEngine:
    """Composes values with a language model.

    Args:
        model: The model.
        fallback: Answers when the model does not.
        seed: For the model's sampling.
    """

    name = "llm"

    def __init__(self, model: LanguageModel, fallback: Engine, seed: int = 0) -> None:
        self.model = model
        self.fallback = fallback
        self.seed = seed

    async def compose(self, commission: Commission) -> Composed:
        """The model's answer, if need be repaired; see :class:`~.Engine`."""
        messages = [
            Message(role="system", content=_prompt("system").substitute()),
            Message(role="user", content=_question(commission)),
        ]
        try:
            reply = await self._ask(messages, commission.contract)
            value, faults = _read(reply, commission.contract)
            if faults:
                messages.append(Message(role="assistant", content=reply[:_LONGEST_REPLY]))
                messages.append(Message(role="user", content=_correction(faults)))
                reply = await self._ask(messages, commission.contract)
                value, faults = _read(reply, commission.contract)
        except ModelError as error:
            _log.warning("%s: %s", commission.operation.name, error)
            return await self._fall_back(commission, "llm-unavailable")
        if faults:
            _log.info("%s: the model's reply is invalid: %s", commission.operation.name, faults[0])
            return await self._fall_back(commission, "llm-invalid")
        return Composed(value, "llm")

    async def _ask(self, messages: list[Message], contract: Contract) -> str:
        constraint = (
            JsonReply(contract.standalone) if isinstance(contract.standalone, dict) else None
        )
        request = Request(
            messages=tuple(messages), constraint=constraint, max_tokens=_MAX_TOKENS, seed=self.seed
        )
        return (await complete(self.model, request)).text

    async def _fall_back(self, commission: Commission, reason: str) -> Composed:
        made = await self.fallback.compose(commission)
        return Composed(made.value, made.source, reason)

    async def aclose(self) -> None:
        """Release the model."""
        await self.model.aclose()
        await self.fallback.aclose()


async def check_model(model: LanguageModel) -> None:
    """Ask *model* for a word, so that one that cannot be used is known before it is needed.

    Raises:
        ModelError: It cannot.
    """
    question = Message(role="user", content="Reply with the word ready.")
    await complete(model, Request(messages=(question,), max_tokens=_FEW_TOKENS))


def _question(commission: Commission) -> str:
    operation, arguments = commission.operation, commission.arguments
    said = {
        "path": dict(arguments.path),
        "query": dict(arguments.query),
        "body": arguments.body if arguments.has_body else None,
    }
    return _prompt("request").substitute(
        method=operation.method.upper(),
        path=operation.path,
        summary=operation.summary or operation.description or operation.name,
        arguments=_json({name: value for name, value in said.items() if value}),
        state=_json(commission.digest())[:_LONGEST_DIGEST],
        schema=_json(commission.contract.standalone)[:_LONGEST_SCHEMA],
    )


def _correction(faults: list[str]) -> str:
    return _prompt("repair").substitute(faults="\n".join(f"- {fault}" for fault in faults))


def _read(reply: str, contract: Contract) -> tuple[Any, list[str]]:
    """The value that *reply* is, and what is wrong with it."""
    text = reply.strip().removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return None, [f"it is not JSON: {error}"]
    if contract.is_valid(value):
        return value, []
    found = contract.violations(value)[:_MOST_FAULTS]
    return value, [f"at {v.pointer or 'the top'}: {v.message}" for v in found] or ["it is invalid"]


def _json(value: Any) -> str:
    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


@cache
def _prompt(name: str) -> Template:
    path = files("toolalpaca_mockserver.engines") / "prompts" / f"{name}.txt"
    return Template(path.read_text(encoding="utf-8").rstrip())
