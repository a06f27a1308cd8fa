"""The page, as a person uses it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.errors import ModelUnavailable
from toolalpaca.llm.protocol import Restart
from toolalpaca.trace import read_traces
from toolalpaca_runtime.tools.functions import unsafe

from .conftest import HOSTILE, Open, Served, calling

pytestmark = pytest.mark.xdist_group("browser")

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect

OpenPage = Callable[..., Any]


def tell(page: Any, text: str) -> None:
    field = page.get_by_label("Words to the agent")
    field.fill(text)
    field.press("Enter")


def test_a_conversation_with_its_steps(open_agent: Open, open_page: OpenPage) -> None:
    hold = threading.Event()
    served = open_agent(calling("getPet", "I look.", pet_id=3), ["It is ", hold, "Pet 3."])
    page = open_page(served)
    expect(page.locator("#about")).to_have_text("Pets · staged")
    assert "token" not in page.url
    tell(page, "Show pet 3")
    expect(page.locator(".live-text")).to_have_text("It is ")  # as it comes
    hold.set()
    expect(page.locator(".answer p")).to_have_text("It is Pet 3.")
    expect(page.locator(".live-text")).to_have_count(0)
    expect(page.locator(".user p")).to_have_text("Show pet 3")

    thought, call = page.locator(".step.thought"), page.locator(".step.call")
    expect(thought.locator("summary")).to_contain_text("I look.")
    summary = call.locator("> summary")
    expect(summary).to_contain_text("getPet(pet_id=3)")
    expect(summary.locator(".status")).to_have_text(re.compile(r"^200 · \d+ ms$"))
    expect(call.locator(".url")).to_be_hidden()
    summary.click()
    expect(call.locator(".url")).to_have_text(re.compile(r"^GET http://127.0.0.1:\d+/pets/3$"))
    expect(call.locator("pre").nth(1)).to_have_text('{\n  "id": 3,\n  "name": "Pet 3"\n}')
    expect(page.locator("#conversations .title")).to_have_text("Show pet 3")


def test_a_reload_and_another_tab_show_the_same(open_agent: Open, open_page: OpenPage) -> None:
    hold = threading.Event()
    served = open_agent(["One ", hold, "two."], "Three.")
    page = open_page(served)
    tell(page, "Count")
    expect(page.locator(".live-text")).to_have_text("One ")
    page.reload()
    expect(page.locator(".user p")).to_have_text("Count")
    expect(page.locator(".live-text")).to_have_text("One ")
    other = open_page(served, page=page)
    other.get_by_role("link", name="Count").click()
    expect(other.locator(".live-text")).to_have_text("One ")
    hold.set()
    for tab in (page, other):
        expect(tab.locator(".answer p")).to_have_text("One two.")
    tell(other, "Go on")
    for tab in (page, other):
        expect(tab.locator(".answer p")).to_have_text(["One two.", "Three."])


def test_a_reply_that_begins_again_replaces_its_beginning(
    open_agent: Open, open_page: OpenPage
) -> None:
    hold = threading.Event()
    page = open_page(open_agent(["It br", Restart("the server broke off"), "It is ", hold, "so."]))
    tell(page, "Is it so?")
    expect(page.locator(".live-text")).to_have_text("It is ")
    hold.set()
    expect(page.locator(".answer p")).to_have_text("It is so.")


def test_a_question_is_answered_in_the_page(open_agent: Open, open_page: OpenPage) -> None:
    served = open_agent(
        calling("getDetails", question="Which pet?"), calling("getPet", pet_id=7), "Pet 7 it is."
    )
    page = open_page(served)
    tell(page, "Show a pet")
    expect(page.locator(".question p")).to_have_text("Which pet?")
    expect(page.locator("#conversations .asks")).to_have_text("asks you")
    other = open_page(served, page=page)
    other.get_by_role("link", name=re.compile("Show a pet")).click()
    expect(other.get_by_label("Your answer to the agent")).to_be_visible()
    field = page.get_by_label("Your answer to the agent")
    expect(field).to_be_focused()
    field.fill("number\n7")
    field.press("Enter")
    expect(page.locator(".answer p")).to_have_text("Pet 7 it is.")
    expect(page.locator(".user p")).to_have_text(["Show a pet", "number\n7"])
    expect(page.get_by_label("Words to the agent")).to_be_focused()
    expect(other.get_by_label("Your answer to the agent")).to_have_count(0)
    (trace,) = [conversation.agent for conversation in served.web.conversations]
    assert trace is not None
    assert [e.text for e in trace.trace.events if e.source == "user"] == ["Show a pet", "number\n7"]  # type: ignore[union-attr]


def test_what_changes_something_is_approved_or_refused(
    open_agent: Open, open_page: OpenPage
) -> None:
    names = ("Ada", "Bob", "Cleo", "Dora")
    served = open_agent(*(calling("adoptPet", name=name) for name in names), "Done.")
    page = open_page(served)
    tell(page, "Adopt four")
    approval = page.get_by_role("group", name="Approval")
    expect(approval.locator(".url")).to_contain_text("/pets?name=Ada")
    expect(approval.locator("pre")).to_have_text('{\n  "name": "Ada"\n}')
    assert served.api.adopted == []
    approval.get_by_role("button", name="Approve", exact=True).click()
    expect(approval.locator(".url")).to_contain_text("name=Bob")
    approval.get_by_role("button", name="Refuse").click()
    expect(approval.locator(".url")).to_contain_text("name=Cleo")
    approval.get_by_role("button", name="Approve all calls of adoptPet").click()
    expect(page.locator(".answer p")).to_have_text("Done.")
    assert served.api.adopted == ["Ada", "Cleo", "Dora"]
    calls = page.locator(".step.call")
    expect(calls.nth(1).locator("> summary .status")).to_contain_text("refused")
    calls.nth(1).locator("> summary").click()
    expect(calls.nth(1)).to_contain_text("You refused this call.")


def test_tools_that_are_no_api_are_shown_by_their_result(
    open_agent: Open, open_page: OpenPage
) -> None:
    @unsafe
    def feed(animal: str) -> dict[str, str]:
        """Feed an animal."""
        return {"fed": animal}

    served = open_agent(
        calling("feed", animal="alpaca"),
        calling("feed"),
        calling("nothing"),
        "Fed.",
        functions=[feed],
    )
    page = open_page(served)
    tell(page, "Feed the alpaca")
    approval = page.get_by_role("group", name="Approval")
    expect(approval.locator(".url")).to_have_text("feed")
    expect(approval.locator("pre")).to_have_text('{\n  "animal": "alpaca"\n}')
    approval.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator(".answer")).to_be_visible()
    status = page.locator(".step.call > summary .status")
    expect(status).to_have_text([re.compile(word) for word in ("^done", "^not sent", "^not made")])
    page.locator(".step.call > summary").first.click()
    expect(page.locator(".result pre").first).to_contain_text('"fed": "alpaca"')


def test_the_agent_can_be_stopped_and_goes_on(open_agent: Open, open_page: OpenPage) -> None:
    served = open_agent(calling("waitForever"), "Here I am again.")
    page = open_page(served)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    tell(page, "Wait")
    assert served.api.reached.wait(30)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".warning")).to_have_text("You stopped the agent.")
    assert served.api.left.wait(30)
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    tell(page, "Go on")
    expect(page.locator(".answer p")).to_have_text("Here I am again.")


def test_conversations_stand_side_by_side(open_agent: Open, open_page: OpenPage) -> None:
    page = open_page(open_agent("One.", "Two."))
    tell(page, "First")
    expect(page.locator(".answer p")).to_have_text("One.")
    page.get_by_role("button", name="New conversation").click()
    expect(page.locator("#welcome")).to_be_visible()
    tell(page, "Second")
    expect(page.locator(".answer p")).to_have_text("Two.")
    expect(page.locator("#conversations .title")).to_have_text(["Second", "First"])
    page.get_by_role("link", name="First").click()
    expect(page.locator(".answer p")).to_have_text("One.")
    page.go_back()
    expect(page.locator(".answer p")).to_have_text("Two.")
    page.get_by_role("button", name="Forget").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(page.locator("#conversations .title")).to_have_text(["First"])
    expect(page.locator("#welcome")).to_be_visible()


def test_what_another_tab_forgets_is_over(open_agent: Open, open_page: OpenPage) -> None:
    served = open_agent("One.")
    page = open_page(served)
    tell(page, "First")
    expect(page.locator(".answer p")).to_have_text("One.")
    other = open_page(served, page=page)
    other.get_by_role("link", name="First").click()
    other.get_by_role("button", name="Forget").click()
    other.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(page.locator(".warning")).to_have_text("This conversation has been forgotten.")
    expect(page.locator("#conversations a")).to_have_count(0)


def test_a_new_token_is_taken_in_an_old_tab(open_agent: Open, open_page: OpenPage) -> None:
    served = open_agent("One.")
    page = open_page(served)
    tell(page, "First")
    expect(page.locator(".answer p")).to_have_text("One.")
    page.evaluate("localStorage.clear()")  # as if the token were that of a server before
    page.goto(served.entrance)  # which changes the fragment only
    page.get_by_role("link", name="First").click()
    expect(page.locator(".answer p")).to_have_text("One.")
    assert "token" not in page.url


def test_the_trace_is_exported(open_agent: Open, open_page: OpenPage, tmp_path: Path) -> None:
    served = open_agent(calling("getPet", pet_id=3), "It is Pet 3.")
    page = open_page(served)
    tell(page, "Show pet 3")
    expect(page.locator(".answer")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSONL").click()
    path = tmp_path / "export.jsonl"
    download.value.save_as(path)
    (trace,) = read_traces(path)
    assert trace.outcome.answer == "It is Pet 3."
    (recorded,) = served.traces()
    assert trace.events == recorded.events
    with page.expect_download() as download:
        page.get_by_role("button", name="Export HTML").click()
    path = tmp_path / "export.html"
    download.value.save_as(path)
    assert "getPet" in path.read_text()
    with served.client() as client:
        conversation = page.url.rpartition("#")[2]
        shown = client.get(f"/api/conversations/{conversation}/trace.html")
    assert shown.headers["content-security-policy"] == "sandbox"


def test_hostile_texts_are_texts(open_agent: Open, open_page: OpenPage) -> None:
    served = open_agent(
        calling("getHostile", f"Thought {HOSTILE}"),
        calling("getDetails", question=HOSTILE),
        calling("adoptPet", name=HOSTILE),
        f"Answer {HOSTILE}",
    )
    page = open_page(served)
    tell(page, f"Words {HOSTILE}")
    page.get_by_label("Your answer to the agent").fill(HOSTILE)
    page.get_by_role("button", name="Answer").click()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator(".answer p")).to_have_text(f"Answer {HOSTILE}")
    page.get_by_role("button", name="Unfold all").click()
    for step in page.locator(".tool > summary").all():
        step.click()
    expect(page.locator(".step.call").first).to_contain_text(HOSTILE)
    assert page.locator("#talk img, #tools img, body script").count() == 0


def test_a_picture_is_shown_and_a_drawing_is_not(open_agent: Open, open_page: OpenPage) -> None:
    served = open_agent(calling("getPicture"), calling("getDrawing"), "Look.")
    page = open_page(served)
    tell(page, "Show me")
    expect(page.locator(".answer")).to_be_visible()
    image = page.get_by_role("img", name="Picture image_1.png of the response")
    expect(image).to_be_visible()
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
    expect(page.locator("figure")).to_have_count(2)
    expect(page.locator("figure img")).to_have_count(1)


def test_tools_are_found_with_their_parameters(open_agent: Open, open_page: OpenPage) -> None:
    page = open_page(open_agent())
    expect(page.locator("#tools-title")).to_have_text("Tools (8)")
    page.get_by_label("Search tools").fill("get pet")
    expect(page.locator(".tool")).to_have_count(1)
    page.locator(".tool > summary").click()
    expect(page.locator(".tool dt")).to_have_text("pet_id integer required")
    page.get_by_label("Search tools").fill("nothing like that")
    expect(page.locator("#no-tools")).to_be_visible()


def test_a_failure_is_told_and_the_conversation_goes_on(
    open_agent: Open, open_page: OpenPage
) -> None:
    page = open_page(open_agent(ModelUnavailable("nobody is there"), RuntimeError(), "Hello."))
    tell(page, "Hello")
    expect(page.locator(".failure")).to_have_text("nobody is there")
    tell(page, "Hello?")
    expect(page.locator(".failure").nth(1)).to_contain_text("an error of ToolAlpaca's own")
    tell(page, "Hello!")
    expect(page.locator(".answer p")).to_have_text("Hello.")


def test_without_the_token_nothing_is_told(open_agent: Open, browser: Any) -> None:
    served = open_agent("Never.")
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{served.url}/#token=guessed")
    expect(page.locator("#live")).to_have_text("open the URL that the terminal shows")
    expect(page.get_by_role("button", name="Send")).to_be_disabled()
    assert "Pets" not in page.content()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_screen(open_agent: Open, open_page: OpenPage, scheme: str) -> None:
    served: Served = open_agent(calling("adoptPet", name="x" * 200), "Done." * 100)
    page = open_page(served, viewport={"width": 400, "height": 700}, color_scheme=scheme)
    tell(page, "Adopt")
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.locator(".answer")).to_be_visible()
    page.get_by_role("button", name="Unfold all").click()
    for name in ("Conversations", "Tools", "Talk"):
        page.get_by_role("button", name=name, exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
    ground = page.evaluate("getComputedStyle(document.querySelector('#talk')).backgroundColor")
    assert ground == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(28, 30, 36)")


def test_the_keyboard_is_enough(open_agent: Open, open_page: OpenPage) -> None:
    page = open_page(open_agent("Done."))
    field = page.get_by_label("Words to the agent")
    expect(field).to_be_focused()
    page.keyboard.type("One")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Two")
    page.keyboard.press("Enter")
    expect(page.locator(".user p")).to_have_text("One\nTwo")
    expect(page.get_by_role("log", name="Conversation")).to_have_attribute("aria-live", "polite")
    expect(page.locator("#title")).to_have_text("One Two")
