"""The options that choose a model, for every command that uses one."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError, Namespace
from typing import TYPE_CHECKING

from toolalpaca.arguments import http_url, integer
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
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
    group.add_argument(
        "--model-url",
        metavar="URL",
        type=http_url,
        help="the OpenAI-compatible server of openai: models, such as http://127.0.0.1:11434/v1 "
        "(default: OPENAI_BASE_URL)",
    )
    group.add_argument(
        "--model-key",
        metavar="KEY",
        type=Secret,
        help="its key; better kept in the environment (default: OPENAI_API_KEY)",
    )
    group.add_argument(
        "--threads",
        metavar="N",
        type=integer(1, 256),
        default=1,
        help="processor threads for a model on this machine",
    )


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
        threads=options.threads,
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
