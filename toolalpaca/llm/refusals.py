"""What servers refuse and a request can do without: learnt from the first refusal.

OpenAI's reasoning models refuse a temperature and stop texts, several servers a seed or a grammar.
Asking beforehand is not possible, and what one version refuses the next one takes.
"""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

from toolalpaca.llm.protocol import Completion
from toolalpaca.llm.server_errors import RequestRefused

Ask: TypeAlias = Callable[[dict[str, Any]], AsyncGenerator[str | Completion, None]]
"""Makes one attempt at the reply to a request."""

_LOG = logging.getLogger(__name__)

_REFUSES = re.compile(
    r"(un|not |n't )support|unknown|unrecogni[sz]ed|unexpected|extra|not (allowed|permit)",
    re.IGNORECASE,
)
_CONSTRAINT = re.compile(r"grammar|schema|response_format|structured|guided|regex", re.IGNORECASE)
_CONSTRAINTS = ("response_format", "grammar", "structured_outputs", "json_schema")

_INSTEAD = {
    "temperature": "it decides by itself",
    "seed": "it decides by itself",
    "stop": "replies are cut here",
    "stream_options": "tokens are estimated",
    **dict.fromkeys(_CONSTRAINTS, "replies are only checked"),
}
# What every server knows under its old name, and OpenAI's reasoning models do not take.
_RENAMED = {"max_tokens": "max_completion_tokens"}


class Refusals:
    """The parameters that a model's server has refused.

    Args:
        model: Its name, for the log.
    """

    def __init__(self, model: str) -> None:
        self._model = model
        self._refused: set[str] = set()
        self._taken: set[str] = set()

    async def stream(
        self, body: dict[str, Any], ask: Ask
    ) -> AsyncGenerator[str | Completion, None]:
        """The reply to *body*, asked for again without what the server refuses of it.

        Args:
            body: The whole request.
            ask: Yields the reply to a request, the completion last.

        Raises:
            RequestRefused: Of nothing that can be left out.
        """
        besides = set[str]()
        while True:
            sent = self._without(body, besides)
            try:
                async with aclosing(ask(sent)) as items:
                    async for item in items:
                        if isinstance(item, Completion):
                            self._taken.update(sent)
                        yield item
                return
            except RequestRefused as error:
                refused = self._learn(error, sent)
                if refused is None:
                    raise
                besides.add(refused)

    def _without(self, body: Mapping[str, Any], besides: Collection[str]) -> dict[str, Any]:
        """*body* without what has been refused, and without *besides*."""
        kept = {}
        for name, value in body.items():
            if name not in self._refused and name not in besides:
                kept[name] = value
            elif name in _RENAMED:
                kept[_RENAMED[name]] = value
        return kept

    def _learn(self, error: RequestRefused, body: Mapping[str, Any]) -> str | None:
        """The parameter of *body* that the server refused and that can be left out, if any.

        A constraint that is refused after others were taken is refused for itself and no other.
        """
        name = next((name for name in body if _names(error, name)), None)
        if name is None:
            return None
        if name in _CONSTRAINTS and name in self._taken:
            _LOG.info("%s refuses one %s: %s", self._model, name, error)
        elif name not in self._refused:
            self._refused.add(name)
            if instead := _INSTEAD.get(name):
                _LOG.warning("%s does not take %s: %s", self._model, name, instead)
        return name


def _names(error: RequestRefused, name: str) -> bool:
    """Whether *error* is about the parameter *name*, one that can be left out."""
    if name not in _INSTEAD and name not in _RENAMED:
        return False
    if error.param:
        named = error.param.partition(".")[0] == name
    elif name in _CONSTRAINTS:
        named = _CONSTRAINT.search(error.words) is not None
    else:
        named = re.search(rf"(?<![\w-]){name}(?![\w-])", error.words) is not None
    # A value that is too large is no reason to send none; a constraint can only be refused whole.
    return named and (
        name in _CONSTRAINTS
        or error.code.startswith("unsupported")
        or _REFUSES.search(error.words) is not None
    )
