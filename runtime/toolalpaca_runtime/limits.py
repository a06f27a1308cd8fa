"""What bounds a run: steps, tokens, money and time."""

from __future__ import annotations

from dataclasses import dataclass

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import Usage


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on one turn of an agent, from the user's words to the answer.

    A limit ends the turn; it is never an error. What happened so far stays in the trace.

    Attributes:
        steps: Times that the model is asked.
        reply_tokens: Tokens of one reply.
        total_tokens: Tokens of all prompts and replies together, cached ones left out; None is
            no bound.
        cost: US dollars, as far as the model's server or the prices of its settings tell them; None
            is no bound.
        seconds: Wall-clock time, waiting for the user excluded; None is no bound. A reply is broken
            off; a call under way, which may have its effect already, is waited for.
        repeats: The identical call with this number in a turn is not sent, and the model is told;
            one more ends the turn, and so does one more of an unreadable reply.
    """

    steps: int = 12
    reply_tokens: int = 512
    total_tokens: int | None = None
    cost: float | None = None
    seconds: float | None = None
    repeats: int = 3

    def __post_init__(self) -> None:
        for name in ("steps", "reply_tokens", "total_tokens", "cost", "seconds", "repeats"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise UsageError(f"the limit {name} is {value}", hint="a limit is above zero")

    def reached(self, *, steps: int, usage: Usage, seconds: float) -> str | None:
        """Which limit is reached, as a clause for the trace, or None."""
        if steps >= self.steps:
            return f"the limit of {self.steps} steps was reached"
        spent = usage.prompt_tokens - usage.cached_tokens + usage.completion_tokens
        if self.total_tokens is not None and spent >= self.total_tokens:
            return f"the limit of {self.total_tokens} tokens was reached"
        if self.cost is not None and usage.cost >= self.cost:
            return f"the limit of {self.cost:g} US dollars was reached"
        if self.seconds is not None and seconds >= self.seconds:
            return f"the limit of {self.seconds:g} seconds was reached"
        return None
