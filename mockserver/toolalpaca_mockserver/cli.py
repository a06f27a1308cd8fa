"""``toolalpaca mock``: serve OpenAPI documents as live, stateful mock APIs."""

from __future__ import annotations

import gc
import json
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolalpaca.arguments import PORT, integer
from toolalpaca.command import CommandParser
from toolalpaca.counting import counted
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from toolalpaca.llm.protocol import LanguageModel
    from toolalpaca.openapi.model import Document, Problem
    from toolalpaca_mockserver.api import EngineFactory
    from toolalpaca_mockserver.app import MockServerApp
    from toolalpaca_mockserver.journal import Entry
    from toolalpaca_mockserver.state.corrections import CorrectionsFile

_EXAMPLES = """\
  toolalpaca mock openapi.yaml                         # at http://127.0.0.1:8000
  toolalpaca mock examples/*.yaml --port 0             # several, each at /{name}, on a free port
  toolalpaca mock https://example.com/openapi.json     # from a URL; - is standard input
  toolalpaca mock openapi.yaml --check                 # what is wrong with it, and what follows
  toolalpaca mock openapi.yaml --explain               # which resources it has, and why
  toolalpaca mock openapi.yaml --engine llm --model smollm2   # a language model makes things up
"""
_FAULTS_SHOWN = 5


def configure(parser: CommandParser) -> None:
    """Declare the arguments."""
    from toolalpaca.llm.options import add_model_options

    parser.set_examples(_EXAMPLES)
    parser.add_argument(
        "source", nargs="+", help="an OpenAPI document: a file, a folder of them, a URL, or -"
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=PORT, default=8000, help="the port; 0 for any free one")
    parser.add_argument("--seed", type=integer(0), default=0, help="other seed, other data")
    parser.add_argument(
        "--engine",
        choices=("schema", "llm"),
        default="schema",
        help="what makes up values: the schemas, or a language model (--model), which is asked for "
        "what POST creates and for answers that are about no resource; lists and items are "
        "answered by what is remembered",
    )
    parser.add_argument(
        "--open-world",
        action="store_true",
        help="imagine an item with an unknown id instead of answering 404",
    )
    parser.add_argument(
        "--no-auth", action="store_true", help="demand no credentials, whatever the documents say"
    )
    parser.add_argument(
        "--credential",
        action="append",
        default=[],
        metavar="TEXT",
        help="a key, token or user:password that opens; without any, every well-formed one does",
    )
    parser.add_argument(
        "--validation",
        choices=("strict", "warn", "off"),
        default="strict",
        help="refuse requests that break the document, answer and name what is wrong in the "
        "header toolalpaca-problem, or check nothing",
    )
    parser.add_argument(
        "--validator",
        choices=("compiled", "openapi-core"),
        default="compiled",
        help="what judges requests; openapi-core is slow and needs toolalpaca[openapi-core]",
    )
    parser.add_argument(
        "--check", action="store_true", help="name every fault of the documents and do not serve"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say which resources were inferred, and why, and do not serve",
    )
    parser.add_argument(
        "--corrections",
        type=Path,
        metavar="FILE",
        help="YAML that corrects what is inferred; see the mock server's README",
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="one JSON object a line: ready, then each request; with --check and --explain, "
        "one a document",
    )
    add_model_options(parser)


def run(options: Namespace) -> int:
    """Serve until interrupted, or check; 1 when a check finds faults.

    Raises:
        DocumentError: A document cannot be read.
        ModelError: The model cannot be used.
        ApiError: The address cannot be had.
        MissingExtra: The validator is not installed.
        UsageError: Corrections do not fit the documents.
    """
    from toolalpaca.openapi.loading import load_documents
    from toolalpaca_mockserver.app import create_app
    from toolalpaca_mockserver.server import bind, serve, url_of
    from toolalpaca_mockserver.validators import validator_factory

    model = _model(options)
    validator = validator_factory(options.validator)
    documents = load_documents(options.source)
    gc.freeze()  # see server.py; the collector would look at them once more before it comes to that
    if options.check:
        return _check(create_app(documents, seed=options.seed), options)
    corrections = _corrections(options, documents)
    if options.explain:
        return _explain(create_app(documents, corrections=corrections), options)
    show: Callable[[Entry], None] = _show_json if options.json else _show_line
    app = create_app(
        documents,
        seed=options.seed,
        engine=_engine(model, options.seed),
        journal=show,
        open_world=options.open_world,
        authenticate=not options.no_auth,
        credentials=frozenset(options.credential) or None,
        validator=validator,
        validation=options.validation,
        corrections=corrections,
    )
    _refuse_misfits(app)
    listener = bind(options.host, options.port)
    url = url_of(listener)
    say_ready = _ready_json if options.json else _ready_lines
    try:
        serve(app, listener, lambda: say_ready(app, url, options), _check_of(model))
    finally:
        listener.close()
    return 0


def _model(options: Namespace) -> LanguageModel | None:
    """The model that ``--engine llm`` composes with, or None for the other engine."""
    if options.engine == "schema":
        if options.model:
            raise UsageError(
                "a model plays no part in --engine schema", where="--model", hint="add --engine llm"
            )
        return None
    if not options.model:
        raise UsageError(
            "--engine llm needs a model", where="--model", hint="for instance --model smollm2"
        )
    from toolalpaca.llm.options import model_from_options

    return model_from_options(options)


def _engine(model: LanguageModel | None, seed: int) -> EngineFactory:
    from toolalpaca_mockserver.engines.schema import SchemaEngine

    if model is None:
        return SchemaEngine
    from toolalpaca_mockserver.engines.llm import LlmEngine

    return lambda generator: LlmEngine(model, SchemaEngine(generator), seed)


def _check_of(model: LanguageModel | None) -> Callable[[], Awaitable[None]] | None:
    """What finds out, before anything is served, whether the model can be used."""
    if model is None:
        return None
    from toolalpaca_mockserver.engines.llm import check_model

    return lambda: check_model(model)


def _corrections(options: Namespace, documents: Sequence[Document]) -> CorrectionsFile | None:
    """The file of corrections, which must have a place in the documents."""
    from toolalpaca_mockserver.state.corrections import read_corrections_file, unmet

    if options.corrections is None:
        return None
    file = read_corrections_file(options.corrections)
    _refuse(unmet(file, documents))
    return file


def _explain(app: MockServerApp, options: Namespace) -> int:
    """Print what was inferred; 1 when corrections do not fit it."""
    from toolalpaca_mockserver.explanation import explain, lines

    faults = 0
    for api in app.apis:
        explained = explain(api)
        faults += len(explained["mistakes"])
        if options.json:
            _print_json(explained)
        else:
            print("\n".join(lines(explained)))
    return 1 if faults else 0


def _refuse_misfits(app: MockServerApp) -> None:
    """Refuse corrections, in documents or the file, that do not fit what they are about."""
    from toolalpaca_mockserver.explanation import mistakes

    _refuse([mistake for api in app.apis for mistake in mistakes(api.simulation.resources)])


def _refuse(mistakes: Sequence[UsageError]) -> None:
    """Say every mistake, a line each."""
    for mistake in mistakes[:-1]:
        print(f"toolalpaca: error: {mistake}", file=sys.stderr)
    if mistakes:
        raise mistakes[-1]


def _check(app: MockServerApp, options: Namespace) -> int:
    """Print every fault of the documents; 1 when there is one."""
    from toolalpaca_mockserver.faults import checked

    found = 0
    for api in app.apis:
        document, faults = api.document, checked(api)
        found += len(faults)
        if options.json:
            told = [asdict(fault) for fault in faults]
            size = len(document.operations)
            _print_json({"name": document.name, "operations": size, "faults": told})
            continue
        operations = counted(len(document.operations), "operation")
        print(f"{document.source}: {operations}, {counted(len(faults), 'fault')}")
        print("".join(f"  {_line(fault)}\n" for fault in faults), end="")
    return 1 if found else 0


def _line(problem: Problem) -> str:
    return f"{problem.pointer or '#'}: {problem.message}; {problem.consequence}"


def _ready_json(app: MockServerApp, url: str, options: Namespace) -> None:
    del options
    _print_json({"event": "ready", "url": url, "apis": _apis(app, url)})


def _ready_lines(app: MockServerApp, url: str, options: Namespace) -> None:
    from toolalpaca_mockserver.faults import known_faults

    served = _apis(app, url)
    width = max(len(api["name"]) for api in served)
    for api, shown in zip(app.apis, served, strict=True):
        count = counted(shown["operations"], "operation")
        print(f"  {shown['name']:<{width}}  {shown['url']}  {count}  {api.document.title}")
        faults = known_faults(api)
        for fault in faults[:_FAULTS_SHOWN]:
            print(f"    {_line(fault)}")
        if len(faults) > _FAULTS_SHOWN:
            print(f"    and {len(faults) - _FAULTS_SHOWN} more; --check shows all")
    if options.model:
        print(
            f"  {options.model} composes what POST creates and answers about no resource; "
            "lists and items come from the state"
        )
    print(
        f"Serving {url} with the {options.engine} engine; see {url}/_toolalpaca/. Stop with Ctrl-C."
    )
    sys.stdout.flush()


def _apis(app: MockServerApp, url: str) -> list[dict[str, Any]]:
    return [
        {
            "name": api.document.name,
            "title": api.document.title,
            "url": url + api.prefix,
            "operations": len(api.document.operations),
            "problems": len(api.document.problems) + len(api.unreachable),
        }
        for api in app.apis
    ]


def _show_json(entry: Entry) -> None:
    _print_json(entry.as_json())


def _show_line(entry: Entry) -> None:
    print(entry.as_line(), flush=True)


def _print_json(value: dict[str, Any]) -> None:
    print(json.dumps(value), flush=True)
