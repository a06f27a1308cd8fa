"""Credentials are demanded as the document says; any well-formed one opens."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from toolalpaca_mockserver.reading.tokens import issue, scopes_of

Open = Callable[..., httpx2.Client]

SCHEMES = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "session"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {
        "tokenUrl": "https://auth.example.com/token", "scopes": {"read": "", "write": ""}}}},
}  # fmt: skip
BASIC = "Basic " + base64.b64encode(b"me:it").decode()


@pytest.fixture
def guarded(open_client: Open, make_document: Callable[..., Any]) -> Callable[..., httpx2.Client]:
    def client(*alternatives: dict[str, list[str]], **options: Any) -> httpx2.Client:
        operation = {"security": list(alternatives), "responses": {"204": {"description": "Fine"}}}
        schemes = {"securitySchemes": SCHEMES}
        made = make_document({"/it": {"get": operation}}, components=schemes)
        return open_client(made, **options)

    return client


@pytest.mark.parametrize(
    ("scheme", "options", "challenge"),
    [
        ("header", {"headers": {"x-key": "k"}}, 'ApiKey realm="toolalpaca", in="header"'),
        ("query", {"params": {"key": "k"}}, 'ApiKey realm="toolalpaca", in="query"'),
        ("cookie", {"headers": {"cookie": "a=1; session=k"}}, 'ApiKey realm="toolalpaca"'),
        ("basic", {"headers": {"authorization": BASIC}}, 'Basic realm="toolalpaca"'),
        ("bearer", {"headers": {"authorization": "bearer abc"}}, 'Bearer realm="toolalpaca"'),
        ("oauth", {"headers": {"authorization": "Bearer abc"}}, 'Bearer realm="toolalpaca"'),
    ],
)
def test_credentials_open_and_their_absence_is_401(
    guarded: Callable[..., httpx2.Client], scheme: str, options: Any, challenge: str
) -> None:
    client = guarded({scheme: []})
    assert client.get("/it", **options).status_code == 204
    refused = client.get("/it")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith(challenge)
    assert refused.json()["status"] == 401


@pytest.mark.parametrize(
    ("scheme", "authorization"),
    [
        ("basic", "Basic !!!"),
        ("basic", "Basic " + base64.b64encode(b"no colon").decode()),
        ("bearer", "Bearer"),
        ("bearer", "Bearer two words"),
        ("bearer", BASIC),
    ],
)
def test_malformed_credentials_do_not_open(
    guarded: Callable[..., httpx2.Client], scheme: str, authorization: str
) -> None:
    headers = {"authorization": authorization}
    assert guarded({scheme: []}).get("/it", headers=headers).status_code == 401


def test_alternatives_and_combinations(guarded: Callable[..., httpx2.Client]) -> None:
    client = guarded({"header": [], "query": []}, {"bearer": []})
    assert client.get("/it", headers={"x-key": "k"}).status_code == 401
    assert client.get("/it", headers={"x-key": "k"}, params={"key": "k"}).status_code == 204
    assert client.get("/it", headers={"authorization": "Bearer t"}).status_code == 204


def test_two_credentials_in_one_header(guarded: Callable[..., httpx2.Client]) -> None:
    client = guarded({"basic": [], "bearer": []})
    both = [("authorization", BASIC), ("authorization", "Bearer t")]
    assert client.get("/it", headers=both).status_code == 204
    assert client.get("/it", headers=both[:1]).status_code == 401


def test_an_empty_alternative_makes_it_optional(guarded: Callable[..., httpx2.Client]) -> None:
    assert guarded({"header": []}, {}).get("/it").status_code == 204


def test_a_list_of_credentials_closes_to_all_others(
    guarded: Callable[..., httpx2.Client],
) -> None:
    client = guarded({"header": []}, {"basic": []}, credentials={"k", "me:it"})
    assert client.get("/it", headers={"x-key": "k"}).status_code == 204
    assert client.get("/it", headers={"authorization": BASIC}).status_code == 204
    assert client.get("/it", headers={"x-key": "other"}).status_code == 401


def test_credentials_need_not_be_demanded(guarded: Callable[..., httpx2.Client]) -> None:
    assert guarded({"header": []}, authenticate=False).get("/it").status_code == 204


def test_the_document_may_know_403_only(
    open_client: Open, make_document: Callable[..., Any]
) -> None:
    responses = {"204": {"description": "Fine"}, "403": {"description": "No"}}
    operation = {"security": [{"header": []}], "responses": responses}
    paths = {"/it": {"get": operation}}
    client = open_client(make_document(paths, components={"securitySchemes": SCHEMES}))
    refused = client.get("/it")
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"]


def test_a_token_that_says_its_scopes_has_no_others(
    guarded: Callable[..., httpx2.Client],
) -> None:
    client = guarded({"oauth": ["read", "write"]})

    def get(token: str) -> httpx2.Response:
        return client.get("/it", headers={"authorization": f"Bearer {token}"})

    assert get("opaque").status_code == 204
    assert get(issue(["read", "write"])).status_code == 204
    refused = get(issue(["read"]))
    assert refused.status_code == 403
    assert refused.headers["www-authenticate"] == (
        'Bearer realm="toolalpaca", error="insufficient_scope", scope="write"'
    )
    assert "write" in refused.json()["detail"]


def test_a_client_fetches_its_token_here(guarded: Callable[..., httpx2.Client]) -> None:
    client = guarded({"oauth": ["write"]})
    (api,) = client.get("/_toolalpaca/apis").json()
    document = client.get(api["document_url"]).json()
    flow = document["components"]["securitySchemes"]["oauth"]["flows"]["clientCredentials"]
    form = {"grant_type": "client_credentials", "scope": "read"}

    def get(scope: str) -> int:
        token = client.post(flow["tokenUrl"], data={**form, "scope": scope}).json()
        headers = {"authorization": f"{token['token_type']} {token['access_token']}"}
        return client.get("/it", headers=headers).status_code

    assert (get("write read"), get(""), get("read")) == (204, 204, 403)
    refused = client.post(flow["tokenUrl"], data={"grant_type": "magic"})
    assert (refused.status_code, refused.json()) == (400, {"error": "unsupported_grant_type"})
    assert client.post(flow["tokenUrl"]).json() == {"error": "invalid_request"}


@pytest.mark.parametrize("token", ["", "a.b.c", "a..c", "x" * 100, "a.W10.c", "a.eyJ.c"])
def test_tokens_that_say_nothing(token: str) -> None:
    assert scopes_of(token) is None


def test_scopes_survive_the_token() -> None:
    assert scopes_of(issue(["a:b", "c"])) == frozenset({"a:b", "c"})
