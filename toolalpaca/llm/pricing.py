"""What tokens cost."""

from __future__ import annotations

from dataclasses import dataclass

from toolalpaca.llm.protocol import Usage

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Price:
    """The price of a model, in US dollars a million tokens.

    Attributes:
        prompt: Of prompts.
        completion: Of replies.
        cached: Of the part of prompts that the server need not compute again; None for the price
            of prompts.
    """

    prompt: float
    completion: float
    cached: float | None = None

    def priced(self, usage: Usage) -> Usage:
        """*usage* with its cost, unless the server has said it."""
        if usage.cost:
            return usage
        cached = min(usage.cached_tokens, usage.prompt_tokens)
        money = (
            (usage.prompt_tokens - cached) * self.prompt
            + cached * (self.prompt if self.cached is None else self.cached)
            + usage.completion_tokens * self.completion
        )
        return usage.model_copy(update={"cost": money / _MILLION})
