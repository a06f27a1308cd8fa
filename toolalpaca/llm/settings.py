"""Settings that models share, whatever runs them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How to reach or run a model. What a backend has no use for, it ignores.

    Attributes:
        base_url: The server of ``openai:`` models; None leaves it to ``OPENAI_BASE_URL``.
        api_key: Its key; None leaves it to ``OPENAI_API_KEY``. Kept out of every repr.
        threads: Processor threads of models on this machine. One by default: two collapse where
            the machine is shared, and cost little where it is not.
        timeout: Seconds that a remote model may be silent.
        context: Tokens of context for models on this machine; None takes the model's own limit.
        verbose: Whether the backend's own log may show.
    """

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    threads: int = 1
    timeout: float = 120.0
    context: int | None = None
    verbose: bool = False
