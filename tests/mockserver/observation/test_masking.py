"""No secret is shown by anything that shows exchanges."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_mockserver.answers import Answer
from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.observation.masking import MaskedExchange, Secrets
from toolalpaca_mockserver.observation.request_log import RequestLog
from toolalpaca_mockserver.printing import print_json
from toolalpaca_mockserver.reading.requests import Request

Open = Callable[..., httpx2.Client]
CANARY = "cAnArY-31337"
BOUNDARY = "multipart/form-data; boundary=b"


def visible(masked: MaskedExchange) -> str:
    return repr({name: value for name, value in vars(masked).items() if name[0] != "_"})


def sent(body: str, content_type: str) -> Exchange:
    request = Request("POST", "/", headers={"content-type": content_type}, body=body.encode())
    return Exchange(request, Answer(200), "default", 0.0, 0.1)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (f'{{"password": "{CANARY}"}}', "application/json"),
        (f'{{"a": [{{"apiKey": {{"x": ["{CANARY}"]}}}}]}}', "application/json"),
        (f'{{"token": "{CANARY}", "token": "x"}}', "application/json"),
        (f'{{"a": {{"token": "{CANARY}"}}, "a": 1}}', "application/json"),
        (f'{{"a": {{"token": "{CANARY}', "application/json"),
        (f'{{"credentials": {{"user": 1, "x": "{CANARY}"', "application/problem+json"),
        (f'{{"echo": "{CANARY}", "secret": "{CANARY}"}}', "application/json"),
        (f'{{"secret": "{CANARY}"}}\n{{"a": 1}}\n', "application/x-ndjson"),
        (f'{{"tokens": ["{CANARY}"], "max_tokens": 7}}', "application/json"),
        (f"user=a&password={CANARY}", "application/x-www-form-urlencoded"),
        (f"<a><b>1</b><password>{CANARY}</password></a>", "application/xml"),
        (f"<a><credentials type='x'><u>1</u><p>{CANARY}</p></credentials></a>", "text/xml"),
        (f"<a><secret>1<i/>{CANARY}", "text/xml"),
        (f'<a id="1" api-key="{CANARY}"/>', "application/xml"),
        (f"password: {CANARY}\nuser: a", "text/plain"),
        (
            '--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b\r\n'
            f'Content-Disposition: form-data; name="password"\r\n\r\n{CANARY}\r\n--b--',
            BOUNDARY,
        ),
    ],
)
def test_what_is_called_like_a_secret_is_masked_in_every_kind_of_body(
    body: str, content_type: str
) -> None:
    exchange = sent(body, content_type)
    masked = visible(MaskedExchange(exchange, Secrets()))
    assert CANARY not in masked
    assert "***" in masked


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"name":  "Rex", "has_password": false}', "application/json"),
        ("<a><b c='d'>1</b></a>", "application/xml"),
        ('{"usage": {"total_tokens": 12}, "max_tokens": 0.5}', "application/json"),
        ('{"max_tokens": 12, "a": "', "application/problem"),
        ("a=1&b=%20&max_tokens=3", "application/x-www-form-urlencoded"),
        ("just words: and more", "text/plain"),
    ],
)
def test_everything_else_is_shown_as_it_was_sent(body: str, content_type: str) -> None:
    masked = MaskedExchange(sent(body, content_type), Secrets())
    told = masked.request_body or ""
    assert json.loads(told) == json.loads(body) if "json" in content_type else told == body


def test_a_number_is_hidden_unless_it_counts_tokens() -> None:
    body = '{"token": 31337, "password": 1234, "max_tokens": 7}'
    shown = MaskedExchange(sent(body, "application/json"), Secrets()).request_body
    assert json.loads(shown or "") == {"token": "***", "password": "***", "max_tokens": 7}


@given(st.binary(max_size=200), st.sampled_from(["application/json", "text/xml", BOUNDARY, ""]))
def test_any_body_can_be_shown(body: bytes, content_type: str) -> None:
    request = Request("POST", "/", headers={"content-type": content_type}, body=body)
    MaskedExchange(Exchange(request, Answer(200, body), "default", 0.0, 0.1), Secrets())


@pytest.fixture
def guarded(make_document: Callable[..., Any]) -> dict[str, Any]:
    """Every way to send a secret."""
    responses = {
        "200": {
            "description": "Fine",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    }
    schemes = {
        "h": {"type": "apiKey", "in": "header", "name": "X-Doorbell"},
        "q": {"type": "apiKey", "in": "query", "name": "appid"},
        "c": {"type": "apiKey", "in": "cookie", "name": "sid"},
    }
    token = {"name": "token", "in": "path", "required": True, "schema": {"type": "string"}}
    number = {"name": "n", "in": "query", "schema": {"type": "integer"}}
    anything = {"content": {"application/json": {"schema": {"type": "object"}}}}
    found: dict[str, Any] = make_document(
        {
            "/reset/{token}/now": {
                "post": {
                    "operationId": "reset",
                    "parameters": [token, number],
                    "requestBody": anything,
                    "responses": responses,
                }
            }
        },
        components={"securitySchemes": schemes},
        security=[{"h": [], "q": [], "c": []}],
    )
    return found


@pytest.mark.parametrize("number", ["1", "one"])
def test_a_canary_comes_out_nowhere(
    open_client: Open,
    guarded: dict[str, Any],
    number: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = open_client(guarded, listeners=[RequestLog(sys.stdout), print_json])
    basic = base64.b64encode(f"me:{CANARY}".encode()).decode()
    answer = client.post(
        f"/reset/{CANARY}/now",
        params={"appid": CANARY, "n": number, "next": f"/x?{CANARY}"},
        headers={
            "X-Doorbell": CANARY,
            "Authorization": f"Basic {basic}",
            "Cookie": f"sid={CANARY}",
            "X-Note": f"say {CANARY}",
        },
        json={"password": CANARY, "echo": f"<{CANARY}>", "note": basic},
    )
    assert answer.status_code == (200 if number == "1" else 422)
    outputs = [
        capsys.readouterr().out,
        client.get("/_toolalpaca/requests").text,
        client.get("/_toolalpaca/requests/1").text,
    ]
    with client.stream("GET", "/_toolalpaca/requests/stream") as stream:
        outputs.append(next(line for line in stream.iter_lines() if line.startswith("data:")))
    for output in outputs:
        assert "/reset/***/now" in output
        assert CANARY not in output
        assert basic not in output
    assert '"x-note":"say ***"' in outputs[1]
    assert "Basic ***" in outputs[1]


def test_a_problem_does_not_tell_what_the_path_hides(
    open_client: Open, make_document: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    thing = {"type": "object", "required": ["token"], "properties": {"token": {"type": "string"}}}
    content = {"application/json": {"schema": thing}}
    many = {"application/json": {"schema": {"type": "array", "items": thing}}}
    document = make_document(
        {
            "/keys": {"get": {"responses": {"200": {"description": "", "content": many}}}},
            "/keys/{token}": {
                "get": {
                    "responses": {
                        "200": {"description": "", "content": content},
                        "404": {"description": ""},
                    }
                }
            },
        }
    )
    client = open_client(document, listeners=[RequestLog(sys.stdout), print_json])
    lost = client.get(f"/keys/{CANARY}")
    assert CANARY in lost.headers["toolalpaca-problem"]  # whoever asks knows it
    said = capsys.readouterr().out
    assert said.count("there is no key ***") == 2
    assert CANARY not in said + client.get("/_toolalpaca/requests").text
