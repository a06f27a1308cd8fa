"""The model table: which names ``--model`` takes, and what each loads.

A name is ``prefix:argument`` or a plain name. The table holds import strings, so a backend and the
packages behind it are loaded when a model of theirs is opened, not before.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import cast

from toolalpaca.errors import UsageError
from toolalpaca.llm.protocol import LanguageModel
from toolalpaca.llm.settings import ModelSettings

__all__ = ["BACKENDS", "Backend", "ModelSettings", "check_model_name", "open_model"]


@dataclass(frozen=True, slots=True)
class Backend:
    """A line of the model table.

    Attributes:
        factory: ``module:function``. It is called with the argument and the settings; for a plain
            name the argument is the name itself.
        argument: What follows the colon, for people: ``NAME``; ``""`` for a plain name.
        summary: What it is, in half a line.
        packages: The import names of the optional packages that it needs.
        extra: The extra of this distribution that brings the packages.
        environment: Variables one of which must be set, unless options say the same.
    """

    factory: str
    argument: str
    summary: str
    packages: tuple[str, ...] = ()
    extra: str = ""
    environment: tuple[str, ...] = ()

    def usage(self, prefix: str) -> str:
        """How a name of this backend is written: ``openai:NAME``."""
        return f"{prefix}:{self.argument}" if self.argument else prefix


BACKENDS = {
    "baseline": Backend(
        "toolalpaca.llm.registry:_open_baseline", "", "rule-based planner; needs no model"
    ),
    "smollm2": Backend(
        "toolalpaca.llm.gguf:open_fetched",
        "",
        "SmolLM2-135M-Instruct, a language model on this machine",
        packages=("xllamacpp", "llguidance"),
        extra="local",
    ),
    "openai": Backend(
        "toolalpaca.llm.openai:open_openai",
        "NAME",
        "a model of an OpenAI-compatible server",
        environment=("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    ),
    "openai-text": Backend(
        "toolalpaca.llm.openai:open_openai_text",
        "NAME",
        "a text model of an OpenAI-compatible server: no chat template",
        environment=("OPENAI_API_KEY", "OPENAI_BASE_URL"),
    ),
    "tgi": Backend(
        "toolalpaca.llm.tgi:open_tgi",
        "URL",
        "the model of a TGI server, which continues a text",
    ),
    "gguf": Backend(
        "toolalpaca.llm.gguf:open_file",
        "PATH",
        "a GGUF file on this machine, run by llama.cpp",
        packages=("xllamacpp", "llguidance"),
        extra="local",
    ),
    "transformers": Backend(
        "toolalpaca.llm.transformers:open_folder",
        "PATH",
        "a checkpoint of transformers on this machine, such as one that train made",
        packages=("torch", "transformers", "llguidance"),
        extra="training",
    ),
    "scripted": Backend(
        "toolalpaca.llm.scripted:open_script", "FILE", "replies read from a file, for tests"
    ),
    "golden": Backend(
        "toolalpaca_corpus.perfect.model:open_golden",
        "DIR",
        "the golden calls of the tasks in a corpus: no model, but a check of everything else",
    ),
}

DEFAULT_MODEL = "baseline"


def open_model(name: str, settings: ModelSettings | None = None) -> LanguageModel:
    """The model with that name, ready for requests.

    Raises:
        UsageError: No model has that name.
        ModelUnavailable: It has not been fetched, or cannot be loaded.
        MissingExtra: The package that runs it is not installed.
    """
    prefix, argument = _split(name)
    module, _, function = BACKENDS[prefix].factory.partition(":")
    factory = getattr(importlib.import_module(module), function)
    return cast(LanguageModel, factory(argument or prefix, settings or ModelSettings()))


def check_model_name(name: str) -> str:
    """Return *name* when the table knows it, at the cost of a look: nothing is loaded.

    Raises:
        UsageError: No model can have that name.
    """
    _split(name)
    return name


def _split(name: str) -> tuple[str, str]:
    prefix, colon, argument = name.partition(":")
    usages = ", ".join(backend.usage(key) for key, backend in BACKENDS.items())
    backend = BACKENDS.get(prefix)
    if backend is None:
        raise UsageError(f"there is no model {name!r}", hint=f"models are named {usages}")
    if backend.argument and not argument:
        raise UsageError(
            f"the model {name!r} lacks its {backend.argument}",
            hint=f"write {backend.usage(prefix)}",
        )
    if colon and not backend.argument:
        raise UsageError(f"nothing follows the name of the model {prefix!r}", where=name)
    return prefix, argument


def _open_baseline(_name: str, _settings: ModelSettings) -> LanguageModel:
    # The planner has no settings, so it needs no factory of its own.
    module = importlib.import_module("toolalpaca.llm.baseline")
    return cast(LanguageModel, module.Baseline())
