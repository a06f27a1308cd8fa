"""``toolalpaca mock``: serve OpenAPI documents as live, stateful mock APIs."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from toolalpaca.arguments import PORT, integer
from toolalpaca.command import CommandParser

_EXAMPLES = """\
  toolalpaca mock openapi.yaml                         # at http://127.0.0.1:8000
  toolalpaca mock examples/*.yaml --port 0             # several, each at /{name}, on a free port
  toolalpaca mock https://example.com/openapi.json     # from a URL; - is standard input
  toolalpaca mock openapi.yaml --check                 # what is wrong with it, and what follows
  toolalpaca mock openapi.yaml --explain               # which resources it has, and why
  toolalpaca mock openapi.yaml --state sqlite:///worlds.db --workers 4    # that last, shared
  toolalpaca mock openapi.yaml --engine llm --model smollm2   # a language model makes things up
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments."""
    from toolalpaca_mockserver.callbacks.options import add_callback_options
    from toolalpaca_mockserver.disturbance.options import add_disturbance_options
    from toolalpaca_mockserver.engines.options import add_engine_options
    from toolalpaca_mockserver.mcp.options import add_mcp_options
    from toolalpaca_mockserver.observation.observing import add_watch_options
    from toolalpaca_mockserver.recording.options import add_recording_options
    from toolalpaca_mockserver.state.options import add_state_options

    parser.set_examples(_EXAMPLES)
    parser.add_argument(
        "source", nargs="+", help="an OpenAPI document: a file, a folder of them, a URL, or -"
    )
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at")
    parser.add_argument("--port", type=PORT, default=8000, help="the port; 0 for any free one")
    add_mcp_options(parser)
    parser.add_argument("--seed", type=integer(0), default=0, help="other seed, other data")
    parser.add_argument(
        "--open-world",
        action="store_true",
        help="imagine an item with an unknown id instead of answering 404",
    )
    _add_checking_options(parser)
    _add_describing_options(parser)
    parser.add_argument(
        "--corrections",
        type=Path,
        metavar="FILE",
        help="YAML that corrects what is inferred; see the mock server's README",
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="serve documents anew when their files change, with the state that still fits",
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
    add_watch_options(parser)
    add_state_options(parser)
    add_engine_options(parser)


def _add_checking_options(parser: CommandParser) -> None:
    """What is demanded of requests."""
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
        "header toolalpaca-problem, or check nothing (default: strict; with --proxy and --replay "
        "warn)",
    )
    parser.add_argument(
        "--validator",
        choices=("compiled", "openapi-core"),
        default="compiled",
        help="what judges requests; openapi-core is slow and needs toolalpaca[openapi-core]",
    )


def _add_describing_options(parser: CommandParser) -> None:
    """What is said of the documents, instead of serving them."""
    parser.add_argument(
        "--check", action="store_true", help="name every fault of the documents and do not serve"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="say which resources were inferred, and why, and do not serve",
    )


def run(options: Namespace) -> int:
    """Serve until interrupted, or check; 1 when a check finds faults.

    Raises:
        DocumentError: A document cannot be read.
        ModelError: The model cannot be used.
        ApiError: The address cannot be had.
        MissingExtra: The validator, or the driver of the store, is not installed.
        UsageError: Corrections do not fit the documents, or workers the store.
        StateError: The store cannot be used.
    """
    if options.check or options.explain:
        return _describe(options)
    from toolalpaca.listening import bind, url_of
    from toolalpaca_mockserver.assembly import Assembly
    from toolalpaca_mockserver.printing import print_ready
    from toolalpaca_mockserver.serving.workers import serve_with

    assembly = Assembly(options)
    app = assembly.app()
    listener = bind(options.host, options.port)
    url = url_of(listener)

    def say_ready() -> None:
        print_ready(app.apis, url, assembly.notes(url), as_json=options.json)

    try:
        serve_with(options.workers, app, listener, say_ready, assembly.prepare, app.stop)
    finally:
        listener.close()
    return 0


def _describe(options: Namespace) -> int:
    from toolalpaca_mockserver.assembly import described
    from toolalpaca_mockserver.printing import print_checks, print_explanations

    apis, faults = described(options), 0
    if options.check:
        faults += print_checks(apis, as_json=options.json)
    if options.explain:
        faults += print_explanations(apis, as_json=options.json)
    return 1 if faults else 0
