"""``toolalpaca mock``: serve OpenAPI documents as live, stateful mock APIs."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from toolalpaca.arguments import PORT, integer
from toolalpaca.command import CommandParser
from toolalpaca.errors import UsageError

if TYPE_CHECKING:
    from toolalpaca.openapi.model import Document
    from toolalpaca_mockserver.api import EngineFactory
    from toolalpaca_mockserver.app import MockServerApp
    from toolalpaca_mockserver.journal import Entry

_EXAMPLES = """\
  toolalpaca mock openapi.yaml                         # at http://127.0.0.1:8000
  toolalpaca mock examples/*.yaml --port 0             # several, each at /{name}, on a free port
  toolalpaca mock https://example.com/openapi.json     # from a URL; - is standard input
  toolalpaca mock openapi.yaml --engine llm --model smollm2   # a language model plays the API
"""
_PROBLEMS_SHOWN = 5


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
        help="what makes up answers: the schemas, or a language model (--model)",
    )
    parser.add_argument(
        "--open-world",
        action="store_true",
        help="imagine an item with an unknown id instead of answering 404",
    )
    parser.add_argument(
        "--json", action="store_true", help="one JSON object a line: ready, then each request"
    )
    add_model_options(parser)


def run(options: Namespace) -> int:
    """Serve until interrupted.

    Raises:
        DocumentError: A document cannot be read.
        ModelError: The model cannot be used.
        ApiError: The address cannot be had.
    """
    from toolalpaca.openapi.loading import load_documents
    from toolalpaca_mockserver.app import create_app
    from toolalpaca_mockserver.server import bind, serve, url_of

    make_engine = _engine(options)
    documents = load_documents(options.source)
    listener = bind(options.host, options.port)
    show: Callable[[Entry], None] = _show_json if options.json else _show_line
    app = create_app(
        documents,
        seed=options.seed,
        engine=make_engine,
        journal=show,
        open_world=options.open_world,
    )
    url = url_of(listener)
    say_ready = _ready_json if options.json else _ready_lines
    try:
        serve(app, listener, lambda: say_ready(app, url, documents, options))
    finally:
        listener.close()
    return 0


def _engine(options: Namespace) -> EngineFactory:
    from toolalpaca_mockserver.engines.schema import SchemaEngine

    if options.engine == "schema":
        if options.model:
            raise UsageError(
                "a model plays no part in --engine schema", where="--model", hint="add --engine llm"
            )
        return SchemaEngine
    if not options.model:
        raise UsageError(
            "--engine llm needs a model", where="--model", hint="for instance --model smollm2"
        )
    from toolalpaca.llm.options import model_from_options
    from toolalpaca_mockserver.engines.llm import LlmEngine

    model = model_from_options(options)
    return lambda generator: LlmEngine(model, SchemaEngine(generator), options.seed)


def _ready_json(
    app: MockServerApp, url: str, documents: list[Document], options: Namespace
) -> None:
    del documents, options
    _print_json({"event": "ready", "url": url, "apis": _apis(app, url)})


def _ready_lines(
    app: MockServerApp, url: str, documents: list[Document], options: Namespace
) -> None:
    served = _apis(app, url)
    width = max(len(api["name"]) for api in served)
    for api, document in zip(served, documents, strict=True):
        count = f"{api['operations']} operations"
        print(f"  {api['name']:<{width}}  {api['url']}  {count}  {document.title}")
        for problem in document.problems[:_PROBLEMS_SHOWN]:
            print(f"    {problem.pointer or '#'}: {problem.message}; {problem.consequence}")
        more = len(document.problems) - _PROBLEMS_SHOWN
        if more > 0:
            print(f"    and {more} more problems")
    engine = f"{options.engine} ({options.model})" if options.model else options.engine
    print(f"Serving {url} with the {engine} engine; see {url}/_toolalpaca/. Stop with Ctrl-C.")
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
