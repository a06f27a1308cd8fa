"""The page of traces, as a person reads it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca.llm.protocol import ToolSpec
from toolalpaca.trace import AssistantEvent, Call, HttpResponse, ObservationEvent, UserEvent
from toolalpaca_runtime.traces.article import trace_article
from toolalpaca_runtime.traces.page import trace_page, write_page

from .conftest import OpenPage, pet_trace

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

HOSTILE = (
    "</pre></script></style><script>alert(1)</script><img src=x onerror=alert(1)>"
    "<a href='javascript:alert(1)'>\"'&amp;${x}$policy\x00\x1b[2J\u202e"
)


def hostile() -> Any:
    """A trace in which every text that somebody else writes attacks the page."""
    call = Call(id=HOSTILE, tool=HOSTILE, arguments={HOSTILE: HOSTILE}, problem=HOSTILE)
    events = [
        UserEvent(index=0, at=0, text=HOSTILE),
        AssistantEvent(
            index=1, at=0, thought=HOSTILE, calls=(call,), answer=HOSTILE, problem=HOSTILE,
            raw=HOSTILE,
        ),
        ObservationEvent(
            index=2, at=0, source="real", call=HOSTILE, tool=HOSTILE, text=HOSTILE,
            response=HttpResponse(status=200, headers={HOSTILE: HOSTILE}, body=HOSTILE),
            fault=HOSTILE,
        ),
        ObservationEvent(index=3, at=0, source="runtime", tool=HOSTILE, text=HOSTILE),
    ]  # fmt: skip
    tool = ToolSpec(name=HOSTILE, description=HOSTILE, parameters={HOSTILE: HOSTILE})
    return pet_trace(
        id=HOSTILE, task=HOSTILE, toolset=HOSTILE, model=HOSTILE, prompt_format=HOSTILE,
        base_url=HOSTILE, tools=(tool,), events=events,
    )  # fmt: skip


def saved(folder: Path, *traces: Any) -> Path:
    path = folder / "runs.html"
    write_page(path, traces)
    return path


@pytest.mark.xdist_group("browser")
def test_a_run_is_read_from_its_file_and_unfolded(tmp_path: Path, open_file: OpenPage) -> None:
    page = open_file(saved(tmp_path, pet_trace()))
    expect(page.get_by_text("I look which dogs there are.").first).to_be_visible()
    expect(page.locator(".answer")).to_have_text("It did not work, Ada.")
    expect(page.locator(".facts")).to_contain_text("4 steps, 3 calls, 1,200 + 40 tokens, $0.0021")
    response = page.get_by_text('"name": "Rex"')
    expect(response).to_be_hidden()
    page.get_by_text('listPets(kind="dog")').click()
    expect(response).to_be_visible()
    expect(page.get_by_text("http://h/pets?kind=dog")).to_be_visible()
    expect(page.get_by_text("content-type")).to_be_hidden()
    page.get_by_text("1 header").last.click()
    expect(page.get_by_text("content-type")).to_be_visible()
    said = page.locator(".said")
    expect(said).to_have_count(2)
    expect(said.last).to_contain_text("Ada")
    expect(page.locator("aside.tools")).to_contain_text("listPets")


@pytest.mark.xdist_group("browser")
def test_several_runs_are_searched_filtered_and_reached(
    tmp_path: Path, open_file: OpenPage
) -> None:
    other = pet_trace(id="b" * 32, events=[UserEvent(index=0, at=0, text="Find a cat")])
    stopped = other.model_copy(
        update={"outcome": other.outcome.model_copy(update={"status": "stopped"})}
    )
    page = open_file(saved(tmp_path, pet_trace(), stopped))
    traces = page.locator("article.trace:visible")
    expect(traces).to_have_count(2)
    page.get_by_label("Search").fill("rex")
    expect(traces).to_have_count(1)
    expect(page.get_by_text('"name": "Rex"')).to_be_visible()  # unfolded, since it is sought
    expect(page.locator("#found")).to_have_text("1 of 2")
    page.get_by_label("Search").fill("")
    page.get_by_label("Outcome").select_option("stopped")
    expect(traces).to_have_count(1)
    expect(traces).to_contain_text("Find a cat")
    page.get_by_label("Outcome").select_option("")
    page.get_by_role("button", name="Fold all", exact=True).click()
    page.get_by_role("button", name="Unfold all").click()
    expect(page.get_by_text("content-type").first).to_be_visible()


@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_read_without_javascript_in_a_narrow_window(
    tmp_path: Path, open_file: OpenPage, scheme: str
) -> None:
    other = pet_trace(id="b" * 32)
    page = open_file(
        saved(tmp_path, pet_trace(), other),
        java_script_enabled=False,
        color_scheme=scheme,
        viewport={"width": 360, "height": 640},
    )
    expect(page.get_by_label("Search")).to_be_hidden()
    answer = page.locator("#trace-2 .answer")
    expect(answer).to_be_hidden()
    page.get_by_role("link", name="Adopt a dog").last.click()
    expect(answer).to_be_visible()
    box = page.locator("body").bounding_box()
    assert box is not None
    assert box["width"] <= 360


@pytest.mark.xdist_group("browser")
def test_print_shows_what_is_folded(tmp_path: Path, open_file: OpenPage) -> None:
    page = open_file(saved(tmp_path, pet_trace(), pet_trace(id="b" * 32)))
    page.emulate_media(media="print")
    expect(page.get_by_text('"name": "Rex"').first).to_be_visible()
    expect(page.locator("form#tools")).to_be_hidden()


@pytest.mark.xdist_group("browser")
def test_hostile_texts_are_texts(tmp_path: Path, open_file: OpenPage) -> None:
    page = open_file(saved(tmp_path, hostile(), hostile()))
    page.get_by_role("button", name="Unfold all").click()
    expect(page.locator("article .answer").first).to_contain_text("<script>alert(1)</script>")
    assert page.locator("article :is(script, img, style, a)").count() == 0


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@given(st.text() | st.just(HOSTILE))
def test_no_text_becomes_markup(text: str) -> None:
    response = HttpResponse(status=200, headers={text: text}, body=text)
    events = [
        UserEvent(index=0, at=0, text=text),
        AssistantEvent(index=1, at=0, thought=text, calls=(Call(id="c", tool=text),), raw=text),
        ObservationEvent(
            index=2, at=0, source="real", call="c", tool=text, text=text, response=response
        ),
    ]
    tags = Tags()
    tags.feed(trace_article(pet_trace(events=events, toolset=text)))
    assert tags.open == []
    assert not tags.seen & {"script", "img", "a", "style"}
    assert tags.attributes <= {"class", "id", "open", "dir", "data-outcome", "data-class"}


def test_the_page_allows_nothing_but_itself() -> None:
    page = trace_page([pet_trace()])
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy[1]
    assert not re.search(r"(src|href)=[\"']?(https?:)?//", page)
    assert "://" not in re.sub(r"http://h\S*", "", page)
