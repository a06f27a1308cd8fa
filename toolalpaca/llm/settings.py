"""Settings that models share, whatever runs them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from toolalpaca.llm.pricing import Price

ServerGrammar: TypeAlias = Literal["llama.cpp", "vllm"]
"""How an OpenAI-compatible server is told a grammar, which the protocol has no word for.

It is never guessed: a llama.cpp that was built without llguidance ends its process at such a
grammar.
"""

NO_TEMPLATE = "none"
"""The chat template of a model that has none, and continues a text."""

DType: TypeAlias = Literal["auto", "float32", "bfloat16", "float16"]


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """How to reach or run a model. What a backend has no use for, it ignores.

    Attributes:
        base_url: The server of ``openai:`` models; None leaves it to ``OPENAI_BASE_URL``.
        api_key: A server's key; None leaves it to the environment. Kept out of every repr.
        timeout: Seconds that a remote model may be silent.
        reply_timeout: Seconds that one reply of a remote model may take.
        retries: Times that a remote model is asked again after what may pass.
        concurrency: Requests to a remote model at the same time; None is no bound.
        rate: Requests to a remote model that begin within any minute; None is no bound.
        price: Of a remote model that does not say what it costs.
        server_grammar: How the server of ``openai:`` models is told a grammar; None tells it none.
        threads: Processor threads of models on this machine. One by default: two collapse where
            the machine is shared, and cost little where it is not.
        context: Tokens of context for models on this machine; None takes the model's own limit.
        adapters: LoRA adapters on top of a model on this machine.
        chat_template: A file with the chat template (Jinja) of a model on this machine, or
            ``"none"``: it then continues a text. None takes the model's own.
        device: Where ``transformers:`` computes, as torch names it; None takes a graphics card
            when there is one.
        dtype: How ``transformers:`` computes; None chooses by the device.
        verbose: Whether the backend's own log may show.
    """

    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    timeout: float = 120.0
    reply_timeout: float = 1800.0
    retries: int = 3
    concurrency: int | None = None
    rate: int | None = None
    price: Price | None = None
    server_grammar: ServerGrammar | None = None
    threads: int = 1
    context: int | None = None
    adapters: tuple[Path, ...] = ()
    chat_template: str | None = None
    device: str | None = None
    dtype: DType | None = None
    verbose: bool = False
