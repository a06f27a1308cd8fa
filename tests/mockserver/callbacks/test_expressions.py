"""Runtime expressions; the table is that of the specification's examples and more."""

from __future__ import annotations

import pytest

from toolalpaca.openapi.model import Operation
from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.callbacks.expressions import evaluated
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.reading.requests import Request

EXCHANGE = Exchange(
    Request(
        "POST",
        "/v1/users/a%20b/hooks",
        "queryUrl=https%3A%2F%2Fc.example&n=1",
        {"content-type": "application/json", "x-hook": "h"},
        b'{"url": "http://b.example/x", "user": {"uuid": "7"}, "urls": ["u0", "u1"], "yes": true}',
        "http://here",
    ),
    Answer(
        201,
        b'{"id": 12}',
        "application/json",
        {"Location": "/l"},
        operation=Operation("hook", "hook", "post", "/users/{id}/hooks"),
    ),
    "default",
    0.0,
    0.0,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$url", "http://here/v1/users/a%20b/hooks?queryUrl=https%3A%2F%2Fc.example&n=1"),
        ("$method", "POST"),
        ("$statusCode", "201"),
        ("$request.header.X-Hook", "h"),
        ("$request.query.queryUrl", "https://c.example"),
        ("$request.path.id", "a b"),
        ("$request.body#/user/uuid", "7"),
        ("$request.body#/urls/1", "u1"),
        ("$request.body#/yes", "true"),
        ("$response.body#/id", "12"),
        ("$response.header.location", "/l"),
        ("{$request.body#/url}", "http://b.example/x"),
        ("http://a.example?u={$request.body#/url}&i={$response.body#/id}",
         "http://a.example?u=http://b.example/x&i=12"),
        ("http://fixed.example/x", "http://fixed.example/x"),
        ("{$request.body#/none}", None),
        ("{$request.body#/user}", None),
        ("{$request.query.none}/x", None),
        ("$request.path.none", None),
        ("$nonsense", None),
    ],
)  # fmt: skip
def test_an_expression_means_what_the_exchange_says(text: str, value: str | None) -> None:
    assert evaluated(text, EXCHANGE) == value


def test_a_form_is_a_body_too() -> None:
    form = "application/x-www-form-urlencoded"
    request = Request("POST", "/", "", {"content-type": form}, b"url=http%3A%2F%2Fd.example")
    exchange = Exchange(request, Answer(200), "default", 0.0, 0.0)
    assert evaluated("{$request.body#/url}", exchange) == "http://d.example"
    assert evaluated("{$response.body#/url}", exchange) is None
