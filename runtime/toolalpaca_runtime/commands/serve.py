"""``toolalpaca serve``: an agent behind HTTP, for people with a browser and for chat front ends."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from argparse import Namespace

from toolalpaca.command import CommandParser
from toolalpaca_runtime.commands.options import add_agent_options
from toolalpaca_runtime.commands.web_options import add_web_options, check_web_options

_EXAMPLES = """\
  # the page at the URL that is printed, OpenAI's chat completions at http://127.0.0.1:8080/v1
  toolalpaca serve examples/library.yaml --mock

  # a real API behind Open WebUI, LibreChat or any other front end; it only reads
  toolalpaca serve https://api.example.com/openapi.json --read-only --no-page

  # for others on the network
  TOOLALPACA_SERVE_API_KEY=... toolalpaca serve openapi.yaml --host 0.0.0.0
"""


def configure(parser: CommandParser) -> None:
    """Declare the arguments of ``serve``."""
    add_agent_options(parser)
    add_web_options(parser, optional=False)
    parser.set_examples(_EXAMPLES)


def run(options: Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    return serve_agent(options, page=not options.no_page)


def serve_agent(options: Namespace, *, page: bool = True, browser: bool = False) -> int:
    """Serve the agent that the command line describes, until SIGINT or SIGTERM.

    Args:
        options: Of the agent and of the server.
        page: Whether there is a page for people.
        browser: Whether it is opened.

    Raises:
        ToolAlpacaError: The API or the model cannot be opened, or the address cannot be had.
    """
    check_web_options(options)
    asyncio.run(_serve(options, page=page, browser=browser))
    return 0


async def _serve(options: Namespace, *, page: bool, browser: bool) -> None:
    from toolalpaca.listening import bind, url_of
    from toolalpaca.logs import conceal
    from toolalpaca_runtime.commands.session import open_assembly
    from toolalpaca_runtime.web.access import Keys
    from toolalpaca_runtime.web.app import create_app
    from toolalpaca_runtime.web.server import WebServer

    key = options.api_key.reveal() if options.api_key else None
    keys = Keys(api_key=key, names=tuple(options.allow_host or ()))
    conceal([keys.token, *([key] if key else [])])
    with bind(options.host, options.port) as listener:
        url = url_of(listener)
        # Behind the number sign: browsers neither send that part nor tell it to other pages.
        entrance = f"{url}/#token={keys.token}"
        async with open_assembly(options) as assembly:

            def ready() -> None:
                print(entrance if page else f"{url}/v1", flush=True)
                if page:
                    print(f"toolalpaca: for programs: {url}/v1", file=sys.stderr)
                print("toolalpaca: Ctrl-C ends it", file=sys.stderr)
                if browser:
                    _open_browser(entrance)

            app = create_app(assembly, keys, page=page)
            await WebServer(app, ready).serve_on(listener)
            if assembly.trace_path is not None:
                print(f"toolalpaca: trace: {assembly.trace_path}", file=sys.stderr)


def _open_browser(url: str) -> None:
    """Open *url* where there is a screen: a browser in the terminal would take it over."""
    import webbrowser

    screens = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform in ("darwin", "win32") or any(os.environ.get(name) for name in screens):
        # In a thread: some browsers return when they are closed.
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
