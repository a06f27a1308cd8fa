"""The options that choose and bound what makes values up."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.arguments import integer, number
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from toolalpaca_mockserver.engines import Engine
    from toolalpaca_mockserver.engines.cache import Cache
    from toolalpaca_mockserver.settings import EngineFactory
    from toolalpaca_mockserver.values import ValueGenerator

_CONCURRENCY = 4
_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the command line chose.

    Attributes:
        engine: Makes the engine of each document.
        prepare: Finds out, before anything is served, whether it can be used; None for no need.
        note: What a person should know of it, a line, or ``""``.
    """

    engine: EngineFactory
    prepare: Callable[[], Awaitable[None]] | None = None
    note: str = ""


def add_engine_options(parser: CommandParser) -> None:
    """Declare ``--engine``, the model's options, and what bounds it."""
    from toolalpaca.llm.options import add_model_options

    parser.add_argument(
        "--engine",
        choices=("schema", "llm"),
        default="schema",
        help="what makes values up: the schemas, or a language model (--model), which writes what "
        "collections hold at first, what POST creates, and answers that are about no resource; "
        "what is remembered is then told as it is",
    )
    add_model_options(parser)
    group = parser.add_argument_group("language model as engine")
    group.add_argument(
        "--llm-cache",
        type=Path,
        metavar="FILE",
        help="keep what the model makes in FILE, and take from there what it made before",
    )
    group.add_argument(
        "--llm-cache-only",
        action="store_true",
        help="ask no model: what is not in the cache is made up from the schemas, and says so",
    )
    group.add_argument(
        "--llm-concurrency",
        type=integer(1, 1024),
        default=_CONCURRENCY,
        metavar="N",
        help="questions to the model at the same time",
    )
    group.add_argument(
        "--llm-seconds",
        type=number(0),
        default=_SECONDS,
        metavar="SECONDS",
        help="time for one answer; after it the schemas answer, and say so",
    )


def engine_from_options(options: Namespace) -> Chosen:
    """The engine that the command line chose.

    Raises:
        UsageError: The options contradict each other.
        ModelError: The model cannot be used.
        DataError: The cache cannot be used.
    """
    from toolalpaca_mockserver.engines.schema import SchemaEngine

    if options.engine == "schema":
        _refuse_llm_options(options)
        return Chosen(SchemaEngine)
    if options.llm_cache_only:
        return _from_cache(options)
    if not options.model:
        raise UsageError(
            "--engine llm needs a model", where="--model", hint="for instance --model smollm2"
        )
    return _from_model(options)


def _refuse_llm_options(options: Namespace) -> None:
    said = {
        "--model": options.model,
        "--llm-cache": options.llm_cache,
        "--llm-cache-only": options.llm_cache_only,
    }
    for name in (name for name, value in said.items() if value):
        raise UsageError(
            "a model plays no part in --engine schema", where=name, hint="add --engine llm"
        )


def _from_cache(options: Namespace) -> Chosen:
    from toolalpaca_mockserver.engines.cache import FileCache
    from toolalpaca_mockserver.engines.llm import LlmEngine
    from toolalpaca_mockserver.engines.schema import SchemaEngine

    if options.llm_cache is None:
        raise UsageError(
            "--llm-cache-only needs a cache", where="--llm-cache-only", hint="add --llm-cache FILE"
        )
    cache = FileCache(options.llm_cache, options.model, read_only=True)

    def make(values: ValueGenerator) -> Engine:
        return LlmEngine(None, SchemaEngine(values), options.seed, cache, cache.model)

    return Chosen(
        make, note=f"  what {cache.model or 'no model'} made is told again; no model is asked"
    )


def _from_model(options: Namespace) -> Chosen:
    from toolalpaca.llm.options import model_from_options
    from toolalpaca_mockserver.engines.asking import Asker, Limits, check_model
    from toolalpaca_mockserver.engines.cache import FileCache
    from toolalpaca_mockserver.engines.llm import LlmEngine
    from toolalpaca_mockserver.engines.schema import SchemaEngine

    limits = Limits(options.llm_concurrency, options.llm_seconds)
    model = model_from_options(options)
    asker = Asker(model, limits)
    cache: Cache | None = None
    if options.llm_cache is not None:
        cache = FileCache(options.llm_cache, model.name)

    def make(values: ValueGenerator) -> Engine:
        return LlmEngine(asker, SchemaEngine(values), options.seed, cache)

    return Chosen(
        make,
        lambda: check_model(model),
        f"  {options.model} writes what collections hold at first, what POST creates and answers "
        "about no resource; what is remembered is told as it is",
    )
