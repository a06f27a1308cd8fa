"""A browser, as a person has one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from toolalpaca.openapi.loading import load_document
from toolalpaca_mockserver.app import create_app
from toolalpaca_mockserver.observation.observing import Watch

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip

Serve = Callable[[Any], str]
OpenPage = Callable[..., Any]


# Not longer than a module: while it runs, this thread has a running event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, as the system has it; it writes only into a folder that is removed again."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=20_000)  # a machine may be busy; 5 seconds are the default
    if CHROMIUM is None:
        pytest.skip("there is no chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Any, serve_in_thread: Serve) -> Iterator[OpenPage]:
    """Serves documents and opens the page on them.

    What the browser complains of, and every request that leaves the server, fails the test.
    """
    contexts = []
    complaints: list[str] = []

    def open_on(*documents: Any, at: str = "", watch: Watch | None = None, **options: Any) -> Any:
        app = create_app(list(map(load_document, documents)), watch=watch)
        url = serve_in_thread(app)
        options = {"viewport": {"width": 1400, "height": 900}, "base_url": url} | options
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(20_000)

        def see(request: Any) -> None:
            if not request.url.startswith(f"{url}/"):
                complaints.append(f"a request to {request.url}")

        def hear(message: Any) -> None:
            # That a request was refused is what some tests are about.
            if (
                message.type in ("error", "warning")
                and "Failed to load resource" not in message.text
            ):
                complaints.append(message.text)

        context.on("request", see)
        page = context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(f"/_toolalpaca/{at}")
        return page

    yield open_on
    for context in contexts:
        context.close()
    assert complaints == []
