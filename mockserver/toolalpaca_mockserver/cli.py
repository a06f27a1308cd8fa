"""``toolalpaca mock``: serve OpenAPI documents as live, stateful mock APIs."""

from __future__ import annotations

import gc
import sys
from argparse import Namespace
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from toolalpaca.arguments import PORT, integer
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from toolalpaca.llm.protocol import LanguageModel
    from toolalpaca.openapi.model import Document
    from toolalpaca_mockserver.app import MockServerApp
    from toolalpaca_mockserver.settings import EngineFactory, Settings
    from toolalpaca_mockserver.state.corrections import CorrectionsFile

_EXAMPLES = """\
  toolalpaca mock openapi.yaml                         # at http://127.0.0.1:8000
  toolalpaca mock examples/*.yaml --port 0             # several, each at /{name}, on a free port
  toolalpaca mock https://example.com/openapi.json     # from a URL; - is standard input
  toolalpaca mock openapi.yaml --check                 # what is wrong with it, and what follows
  toolalpaca mock openapi.yaml --explain               # which resources it has, and why
  toolalpaca mock openapi.yaml --engine llm --model smollm2   # a language model makes things up
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments."""
    from toolalpaca.llm.options import add_model_options
    from toolalpaca_mockserver.callbacks.options import add_callback_options
    from toolalpaca_mockserver.disturbance.options import add_disturbance_options
    from toolalpaca_mockserver.recording.options import add_recording_options

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
        help="refuse requests that break the document, answer and name what is wrong in the "
        "header toolalpaca-problem, or check nothing (default: strict; warn with --proxy)",
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
    add_recording_options(parser)
    add_disturbance_options(parser)
    add_callback_options(parser)
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
    from toolalpaca_mockserver.printing import print_checks, print_explanations

    settings = _settings(options)
    documents = load_documents(options.source)
    gc.freeze()  # see server.py; the collector would look at them once more before it comes to that
    if options.check:
        found = print_checks(create_app(documents, settings).apis, as_json=options.json)
        return 1 if found else 0
    settings = replace(settings, corrections=_corrections(options, documents))
    if options.explain:
        apis = create_app(documents, settings).apis
        return 1 if print_explanations(apis, as_json=options.json) else 0
    return _serve(documents, settings, options)


def _serve(documents: Sequence[Document], settings: Settings, options: Namespace) -> int:
    from toolalpaca_mockserver import printing
    from toolalpaca_mockserver.app import create_app
    from toolalpaca_mockserver.callbacks.options import sender_from_options
    from toolalpaca_mockserver.disturbance.options import rules_from_options
    from toolalpaca_mockserver.recording.options import recording_from_options
    from toolalpaca_mockserver.server import bind, serve, url_of

    model = _model(options)
    recording = recording_from_options(options, documents)
    settings = replace(
        settings,
        answerer=recording.answerer,
        engine=_engine(model, options.seed),
        disturbances=rules_from_options(options, documents),
    )
    show = printing.print_json if options.json else printing.print_line
    sender = sender_from_options(
        options, printing.print_json if options.json else printing.print_line
    )
    app = create_app(
        documents,
        settings,
        listeners=[show, *recording.listeners, *([sender.hear] if sender else [])],
        parts=[*recording.parts, *([sender] if sender else [])],
        routes=[sender.routes] if sender else [],
    )
    if sender is not None:
        sender.apis = app.apis
    _refuse_misfits(app)
    listener = bind(options.host, options.port)
    url = url_of(listener)

    def say_ready() -> None:
        notes = [*recording.notes, *_notes(url, options)]
        printing.print_ready(app.apis, url, notes, as_json=options.json)

    try:
        serve(app, listener, say_ready, _check_of(model))
    finally:
        listener.close()
    return 0


def _settings(options: Namespace) -> Settings:
    from toolalpaca_mockserver.settings import Settings
    from toolalpaca_mockserver.validators import validator_factory

    return Settings(
        seed=options.seed,
        open_world=options.open_world,
        authenticate=not options.no_auth,
        credentials=frozenset(options.credential) or None,
        validator=validator_factory(options.validator),
        validation=options.validation or ("warn" if options.proxy else "strict"),
    )


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


def _notes(url: str, options: Namespace) -> list[str]:
    """What a person should know of how the APIs are served."""
    notes = []
    if options.model:
        notes.append(
            f"  {options.model} composes what POST creates and answers about no resource; "
            "lists and items come from the state"
        )
    return [
        *notes,
        f"Serving {url} with the {options.engine} engine; see {url}/_toolalpaca/. "
        "Stop with Ctrl-C.",
    ]
