"""The page, as a person uses it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca_mockserver.observation.observing import Watch

from ...conftest import EXAMPLES
from .conftest import OpenPage

pytestmark = pytest.mark.xdist_group("browser")

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
expect = sync_api.expect
RAILWAY = EXAMPLES / "railway.yaml"
WEATHER = EXAMPLES / "weather.yaml"


def url_of(page: Any) -> str:
    url: str = page.evaluate("location.origin")
    return url


def choose(page: Any, api: str, operation: str) -> None:
    page.get_by_role("link", name=re.compile(api)).click()
    page.get_by_role("link", name=re.compile(operation)).click()
    expect(page.get_by_role("button", name="Send")).to_be_visible()


def bookings(page: Any) -> Any:
    return page.locator("#state details[data-collection='/bookings']")


def test_a_person_creates_something_finds_it_and_resets_the_session(open_page: OpenPage) -> None:
    page = open_page(RAILWAY, WEATHER)
    expect(page.locator("#live")).to_have_text("live")
    page.get_by_role("link", name=re.compile("Alpenline")).click()
    page.get_by_label("Search operations").fill("book seats on a train")
    expect(page.locator("#operations a")).to_have_count(1)
    page.get_by_role("link", name=re.compile("Book seats")).click()
    body = page.get_by_label("Body", exact=True)
    sent = json.loads(body.input_value())
    body.fill(json.dumps({**sent, "passenger_name": "Ada Byron"}))
    page.get_by_role("button", name="Send").click()

    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".status")).to_have_text("201")
    expect(answer.locator("pre")).to_contain_text('"passenger_name": "Ada Byron"')
    row = page.locator("#log-rows tr").first
    expect(row).to_contain_text("POST")
    expect(row).to_contain_text("/railway/bookings")
    expect(row).to_contain_text("201")
    expect(row).to_contain_text("state")

    made = json.loads(answer.locator("pre").inner_text())
    item = bookings(page).locator(f"details[data-item='{made['id']}']")
    expect(item).to_have_count(1)  # what has changed is unfolded
    item.locator("summary").click()
    expect(item).to_contain_text("Ada Byron")

    page.get_by_role("button", name="Reset").click()
    page.get_by_role("button", name="Cancel").click()
    expect(item).to_be_visible()
    page.get_by_role("button", name="Reset").click()
    page.get_by_role("dialog").get_by_role("button", name="Reset").click()
    expect(item).to_have_count(0)
    expect(page.locator("#state-about")).to_contain_text("Nothing yet")
    held = httpx2.get(f"{url_of(page)}/_toolalpaca/sessions/default").json()
    assert held["collections"] == {}


def test_a_wrong_request_shows_its_verdict(open_page: OpenPage) -> None:
    page = open_page(RAILWAY, WEATHER)
    choose(page, "Alpenline", "Search trains")
    page.get_by_label(re.compile("^date")).fill("yesterday")
    page.get_by_label(re.compile("^amenities")).fill("wifi, pool")
    expect(page.locator("#curl")).to_contain_text("amenities=wifi,pool")
    expect(page.locator("#curl")).to_contain_text("curl -X GET")
    page.get_by_role("button", name="Send").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".status")).to_have_text("400")
    expect(answer.locator(".verdict.bad")).to_contain_text("the query parameter date")
    row = page.locator("#log-rows tr").first
    expect(row.locator(".verdict.bad")).to_contain_text("the query parameter date")
    expect(row).to_contain_text("validator")


def test_an_answer_can_be_preferred_and_a_session_chosen(open_page: OpenPage) -> None:
    page = open_page(RAILWAY)
    page.get_by_role("textbox", name="Session").or_(
        page.get_by_role("combobox", name="Session", exact=True)
    ).first.fill("alice")
    page.keyboard.press("Enter")
    expect(page.locator("#state-title")).to_have_text("State of alice")
    page.get_by_role("link", name=re.compile("Get one booking")).click()
    page.get_by_label("Prefer").select_option("code=404")
    page.get_by_role("button", name="Send").click()
    answer = page.get_by_role("region", name="Answer")
    expect(answer.locator(".status")).to_have_text("404")
    expect(page.locator("#log-rows tr").first.locator(".session")).to_have_text("alice")
    page.get_by_label("Prefer").select_option("")
    page.get_by_label("Prefer").press("Control+Enter")
    expect(answer.locator(".status")).to_have_text("200")  # the id in the path is of alice's world
    page.reload()
    expect(page.locator("#state-title")).to_have_text("State of alice")
    expect(bookings(page)).to_have_count(1)


def test_requests_from_outside_are_seen_as_they_come(open_page: OpenPage) -> None:
    page = open_page(RAILWAY, WEATHER)
    expect(page.locator("#live")).to_have_text("live")
    with httpx2.Client(base_url=url_of(page)) as client:
        key = "cAnArY-31337"
        for path in ("/railway/stations", "/weather/nope", f"/railway/bookings?note={key}"):
            client.get(path, headers={"X-Api-Key": key})
    rows = page.locator("#log-rows tr")
    expect(rows).to_have_count(3)
    # No API is chosen: collections are called in full.
    expect(page.locator("#collections")).to_contain_text("railway:/bookings")

    page.locator("#log-filter").get_by_label("Status").select_option("4xx")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("/weather/nope")
    page.locator("#log-filter").get_by_label("Status").select_option("")
    page.locator("#log-filter").get_by_label("API").select_option("railway")
    expect(rows).to_have_count(2)

    page.get_by_role("button", name="/railway/bookings").click()
    told = page.get_by_role("region", name=re.compile("railway.bookings"))
    expect(told).to_contain_text("listBookings")
    told.locator("summary").first.click()
    expect(told).to_contain_text("x-api-key")
    expect(told).to_contain_text("?note=***")
    assert key not in page.content()
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()

    page.get_by_role("button", name="Pause").click()
    httpx2.get(f"{url_of(page)}/railway/trains")
    page.get_by_role("button", name="Resume (1)").click()
    expect(rows).to_have_count(3)
    page.get_by_role("button", name="Clear").click()
    expect(rows).to_have_count(0)
    assert httpx2.get(f"{url_of(page)}/_toolalpaca/requests").json() == []


EVIL = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


def test_hostile_texts_stay_texts(
    open_page: OpenPage, make_document: Callable[..., dict[str, Any]]
) -> None:
    thing = {
        "type": "object",
        "required": ["id", "name"],
        "properties": {"id": {"type": "string", "readOnly": True}, "name": {"type": "string"}},
    }
    content = {"application/json": {"schema": thing}}
    many = {"application/json": {"schema": {"type": "array", "items": thing}}}
    evil = {
        "operationId": EVIL,
        "summary": EVIL,
        "description": EVIL,
        "tags": [EVIL],
        "parameters": [
            {"name": EVIL, "in": "query", "description": EVIL, "schema": {"enum": [EVIL]}}
        ],
        "requestBody": {"content": content},
        "responses": {"201": {"description": EVIL, "content": content}},
    }
    listing = {"responses": {"200": {"description": EVIL, "content": many}}}
    document = make_document({"/things": {"post": evil, "get": listing}, f"/{EVIL}": {"get": evil}})
    document["info"]["title"] = EVIL
    page = open_page(document)
    expect(page.locator("#api-list")).to_contain_text("<script>")
    page.locator("#operations a", has_text="/things").first.click()
    page.get_by_label("Body", exact=True).fill(json.dumps({"name": EVIL}))
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="Answer").locator("pre")).to_contain_text("<script>")
    httpx2.get(f"{url_of(page)}/things/{EVIL}", params={"q": EVIL}, headers={"x-evil": EVIL})
    expect(page.locator("#log-rows tr")).to_have_count(2)
    page.locator("#log-rows button").first.click()
    expect(page.locator("#exchange")).to_contain_text("x-evil")
    expect(page.locator("#state details.item").first).to_contain_text("<script>")
    page.locator("#resources summary").click()
    expect(page.locator(".resources")).to_contain_text("/things")
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img, aside img, #apis img, #log img").count() == 0


def test_the_page_without_a_journal_says_so(open_page: OpenPage) -> None:
    page = open_page(RAILWAY, watch=Watch(journal=None))
    expect(page.locator("#log-empty")).to_contain_text("--journal 0")
    page.get_by_role("link", name=re.compile("List stations")).click()
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="Answer").locator(".status")).to_have_text("200")


def test_a_narrow_screen_shows_one_part_at_a_time(open_page: OpenPage) -> None:
    page = open_page(RAILWAY, WEATHER, viewport={"width": 400, "height": 800})
    choose(page, "Alpenline", "Search trains")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="Answer")).to_be_in_viewport()
    parts = page.get_by_role("navigation", name="Parts of the page")
    for part, seen in (("Requests", "#log-rows"), ("State", "#collections"), ("APIs", "#api-list")):
        parts.get_by_role("button", name=part).click()
        expect(page.locator(seen)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == 400


CONTRASTS = """() => {
  const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255)
      .map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      if (colour.length < 4 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = {};
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.disabled) continue;
    const [a, b] = [light(numbers(getComputedStyle(element).color)), light(behind(element))];
    const contrast = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (contrast < 4.5) found[`${element.tagName}.${element.className}`] = contrast;
  }
  return found;
}"""
NAMELESS = """() => [...document.querySelectorAll("input, select, textarea, button, dialog, a")]
  .filter((e) => !(e.labels?.length || e.ariaLabel || e.getAttribute("aria-labelledby")
    || e.textContent.trim())).map((e) => e.outerHTML)"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_stand_out_and_controls_have_names(open_page: OpenPage, scheme: str) -> None:
    page = open_page(RAILWAY, WEATHER, color_scheme=scheme, reduced_motion="reduce")
    choose(page, "Alpenline", "Book seats")
    for body in (None, "{}"):
        if body is not None:
            page.get_by_label("Body", exact=True).fill(body)
        page.get_by_role("button", name="Send").click()
        expect(page.locator("#log-rows tr")).to_have_count(1 if body is None else 2)
    page.locator("#log-rows button").last.click()
    expect(page.locator("#exchange pre").first).to_be_visible()
    expect(bookings(page)).to_be_visible()
    assert page.evaluate(CONTRASTS) == {}
    assert page.evaluate(NAMELESS) == []
