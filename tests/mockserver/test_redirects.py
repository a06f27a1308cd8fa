"""Redirects lead to something of the same API that answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca.openapi.loading import load_document

Open = Callable[..., httpx2.Client]
FINE = {"200": {"description": "Fine", "content": {"text/plain": {"schema": {"type": "string"}}}}}


def redirect(status: str, schema: Any = None) -> dict[str, Any]:
    headers = {"headers": {"Location": {"schema": schema}}} if schema is not None else {}
    return {"responses": {status: {"description": "There", **headers}}}


URI = {"type": "string", "format": "uri"}
PATHS = {
    "/news/latest": {"get": redirect("302"), "post": redirect("307"), "put": redirect("303", URI)},
    "/about": {"get": {"responses": FINE}},
    "/news": {"get": {"responses": FINE}, "post": {"responses": FINE}},
    "/news/today": {"delete": {"responses": FINE}, "get": redirect("301")},
    "/news/{id}": {"get": {"responses": FINE}},
    "/out": {"get": redirect("302", {"type": "string", "pattern": "^https://far/[a-z]+$"})},
    "/broken": {"get": redirect("302", {"type": "string", "minLength": 5, "maxLength": 2})},
    "/kept": {"get": redirect("304")},
}


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(
    ("method", "path", "leads"),
    [
        ("GET", "/news/latest", "/news"),
        ("POST", "/news/latest", "/news"),
        ("PUT", "/news/latest", "/news"),
        ("GET", "/news/today", "/news"),
        ("GET", "/broken", "/about"),
    ],
)
def test_a_redirect_can_be_followed(
    open_client: Open,
    make_document: Callable[..., Any],
    several: bool,
    method: str,
    path: str,
    leads: str,
) -> None:
    document = load_document(make_document(PATHS), name="paper")
    others = [load_document(make_document({}), name="other")] if several else []
    client = open_client(document, *others)
    prefix = "/paper" if several else ""
    led = client.request(method, prefix + path)
    assert led.is_redirect
    assert led.headers["location"] == str(client.base_url).rstrip("/") + prefix + leads
    assert client.request(method, prefix + path, follow_redirects=True).status_code == 200


def test_what_is_declared_of_the_location_is_kept(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    client = open_client(make_document(PATHS))
    assert client.get("/out").headers["location"].startswith("https://far/")
    assert "location" not in client.get("/kept").headers


def test_an_api_with_nothing_else_leads_to_its_document(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    client = open_client(make_document({"/go": {"get": redirect("302")}}))
    assert client.get("/go", follow_redirects=True).json()["openapi"] == "3.1.0"
    kept = client.get("/_session/mine/go").headers["location"]
    assert httpx2.get(kept).status_code == 200


def test_a_header_that_cannot_be_made_is_logged(
    open_client: Open,
    make_document: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "toolalpaca_mockserver")
    header = {"X-No": {"schema": {"type": "string", "minLength": 5, "maxLength": 2}}}
    fine = {"200": {**FINE["200"], "headers": header}}
    client = open_client(make_document({"/thing": {"get": {"responses": fine}}}))
    response = client.get("/thing")
    assert response.status_code == 200
    assert "x-no" not in response.headers
    assert "goes without its header X-No" in caplog.text
