"""The options that choose a model, for every command that uses one."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from toolalpaca.arguments import existing_path, http_url, integer, number
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from argparse import _ArgumentGroup

    from toolalpaca.llm.pricing import Price
    from toolalpaca.llm.protocol import LanguageModel
    from toolalpaca.llm.settings import ModelSettings


class Secret:
    """A text that no help page, log or repr shows.

    Help pages print defaults, and the environment gives defaults: a plain string would show there.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret('***')"


def add_model_options(parser: CommandParser, *, several: bool = False) -> None:
    """Declare ``--model`` and the settings of models.

    Args:
        parser: The command's.
        several: Whether ``--model`` may be given more than once; it is then a list or None.
    """
    group = parser.add_argument_group("model")
    group.add_argument(
        "--model",
        metavar="NAME",
        type=model_name,
        action="append" if several else "store",
        help="baseline, smollm2, openai:NAME, gguf:PATH, transformers:PATH; see: toolalpaca models "
        f"list{'; may be given more than once' if several else ''} (default: baseline)",
    )
    _add_local_options(group)
    _add_server_options(parser.add_argument_group("model behind a server"))


def _add_local_options(group: _ArgumentGroup) -> None:
    group.add_argument(
        "--threads",
        metavar="N",
        type=integer(1, 256),
        default=1,
        help="processor threads for a model on this machine",
    )
    group.add_argument(
        "--adapter",
        metavar="PATH",
        type=existing_path,
        action="append",
        help="a LoRA adapter for it: a GGUF file for gguf:, a PEFT folder for transformers:; may "
        "be given more than once",
    )
    group.add_argument(
        "--chat-template",
        metavar="FILE",
        help="its chat template, in Jinja; none lets it continue a text instead "
        "(default: the model's own)",
    )
    group.add_argument(
        "--device",
        metavar="NAME",
        help="where transformers: computes, such as cuda:1 (default: a graphics card if there is "
        "one)",
    )
    group.add_argument(
        "--dtype",
        choices=("auto", "float32", "bfloat16", "float16"),
        help="what transformers: computes in; auto is what the weights are saved in (default: auto "
        "on a graphics card, else float32)",
    )


def _add_server_options(group: _ArgumentGroup) -> None:
    group.add_argument(
        "--model-url",
        metavar="URL",
        type=http_url,
        help="the server of openai: and openai-text: models, such as http://127.0.0.1:11434/v1 "
        "(default: OPENAI_BASE_URL)",
    )
    group.add_argument(
        "--model-key",
        metavar="KEY",
        type=Secret,
        help="its key; better kept in the environment (default: OPENAI_API_KEY; TGI_API_KEY for "
        "tgi:)",
    )
    group.add_argument(
        "--model-grammar",
        choices=("llama.cpp", "vllm"),
        help="what the server is, if it takes grammars: a llama.cpp that was built with llguidance "
        "(another ends its process), or vLLM from 0.12",
    )
    group.add_argument(
        "--model-timeout",
        metavar="SECONDS",
        type=number(0),
        default=120.0,
        help="how long it may be silent",
    )
    group.add_argument(
        "--model-retries",
        metavar="N",
        type=integer(0, 100),
        default=3,
        help="how often it is asked again after an overload, a failure or a broken reply",
    )
    group.add_argument(
        "--model-concurrency",
        metavar="N",
        type=integer(1, 10_000),
        help="requests to it at the same time (default: no limit)",
    )
    group.add_argument(
        "--model-rate",
        metavar="N",
        type=integer(1, 1_000_000),
        help="requests to it in any minute (default: no limit)",
    )
    group.add_argument(
        "--model-price",
        metavar="IN,OUT[,CACHED]",
        type=price,
        help="US dollars for a million tokens of prompts, of replies, and of cached prompts, where "
        "it does not say itself what a reply costs",
    )


def price(text: str) -> Price:
    """Two or three prices with commas between them, as the type of an argument."""
    from toolalpaca.llm.pricing import Price

    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not all(0 <= number < float("inf") for number in numbers):
        raise ArgumentTypeError(f"{text!r} is not IN,OUT or IN,OUT,CACHED, such as 2.5,10,1.25")
    return Price(*numbers)


def model_name(text: str) -> str:
    """A name that the model table knows, as the type of an argument."""
    from toolalpaca.llm.registry import check_model_name

    try:
        return check_model_name(text)
    except UsageError as error:
        raise ArgumentTypeError(str(error)) from error


def settings_from_options(options: Namespace) -> ModelSettings:
    """The settings that the command line chose."""
    from toolalpaca.llm.settings import ModelSettings

    key: Secret | None = options.model_key
    return ModelSettings(
        base_url=options.model_url,
        api_key=key.reveal() if key else None,
        server_grammar=options.model_grammar,
        timeout=options.model_timeout,
        retries=options.model_retries,
        concurrency=options.model_concurrency,
        rate=options.model_rate,
        price=options.model_price,
        threads=options.threads,
        adapters=tuple(options.adapter or ()),
        chat_template=options.chat_template,
        device=options.device,
        dtype=options.dtype,
        verbose=options.verbose >= 2,
    )


def model_from_options(options: Namespace) -> LanguageModel:
    """The model that the command line chose; without a choice the baseline, which it says.

    Raises:
        ToolAlpacaError: As :func:`toolalpaca.llm.registry.open_model`.
    """
    from toolalpaca.llm.registry import DEFAULT_MODEL, open_model

    name: str | None = options.model
    if name is None:
        name = DEFAULT_MODEL
        print(
            f"toolalpaca: no --model given: using {name!r}, a rule-based planner and no language "
            "model (see: toolalpaca models list)",
            file=sys.stderr,
        )
    return open_model(name, settings_from_options(options))
