from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

import pytest

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.errors import UsageError
from toolalpaca.llm.options import Secret
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.redaction import Redactor
from toolalpaca_runtime.auth import (
    Credentials,
    authorize,
    credential,
    lacking,
    variable,
)

SCHEMES: dict[str, dict[str, Any]] = {
    "header": {"type": "apiKey", "in": "header", "name": "X-Api-Key"},
    "query": {"type": "apiKey", "in": "query", "name": "api key"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "Basic"},
    "bearer": {"type": "http", "scheme": "bearer"},
    "oauth": {"type": "oauth2", "flows": {}},
    "openid": {"type": "openIdConnect", "openIdConnectUrl": "https://id.example/"},
    "tls": {"type": "mutualTLS"},
}


def document(security: list[dict[str, list[str]]]) -> Document:
    operation = {"security": security, "responses": {"200": {"description": "ok"}}}
    return load_document(
        {
            "openapi": "3.1.0",
            "info": {"title": "T", "version": "1"},
            "components": {"securitySchemes": SCHEMES},
            "paths": {"/a": {"get": operation}},
        }
    )


def sent(security: list[dict[str, list[str]]], **secrets: str) -> PreparedRequest:
    api = document(security)
    credentials = Credentials({name: Secret(text) for name, text in secrets.items()})
    authorization = authorize(api.operations[0], api, credentials)
    return authorization.applied(PreparedRequest("GET", "http://h/a", ("q=1",), (), ("t=2",)))


@pytest.mark.parametrize(
    ("scheme", "value", "header"),
    [
        ("header", "k 1", ("X-Api-Key", "k 1")),
        ("basic", "me:pass:word", ("authorization", "Basic bWU6cGFzczp3b3Jk")),
        ("bearer", "t", ("authorization", "Bearer t")),
        ("oauth", "t", ("authorization", "Bearer t")),
        ("openid", "t", ("authorization", "Bearer t")),
    ],
)
def test_each_scheme_in_its_header(scheme: str, value: str, header: tuple[str, str]) -> None:
    assert sent([{scheme: []}], **{scheme: value}).headers == (header,)


def test_keys_in_query_and_cookie() -> None:
    assert sent([{"query": []}], query="a&b").full_url == "http://h/a?q=1&api%20key=a%26b"
    assert sent([{"cookie": []}], cookie="a;b").all_headers() == [("cookie", "t=2; sid=a%3Bb")]


def test_the_first_alternative_that_can_be_met_in_full_is_used() -> None:
    alternatives: list[dict[str, list[str]]] = [{"header": [], "bearer": []}, {}, {"query": []}]
    assert sent(alternatives, query="k").query == ("q=1", "api%20key=k")
    assert sent(alternatives, header="k").headers == ()
    assert len(sent(alternatives, header="k", bearer="t", query="q").headers) == 2


def test_what_is_lacking_is_named_unless_nothing_is_needed() -> None:
    api = document([{"header": [], "bearer": []}, {"query": []}])
    operation = api.operations[0]
    assert lacking(operation, api, Credentials()) == ("query",)
    assert lacking(operation, api, Credentials({"query": Secret("k")})) == ()
    public = document([{"header": []}, {}])
    assert lacking(public.operations[0], public, Credentials()) == ()


def test_credentials_come_from_the_command_line_before_the_environment() -> None:
    api = document([])
    environment = {variable("header"): "from-env", variable("bearer"): "from-env", "OTHER": "x"}
    found = Credentials.find(api, [credential("header=from=line")], environment)
    assert found["header"] == "from=line"
    assert found["bearer"] == "from-env"
    assert "query" not in found


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nope=secret-value", "no security scheme 'nope'"),
        ("basic=secret-value", "lacks its password"),
        ("bearer=secret-\nvalue", "control characters"),
        ("tls=secret-value", "client certificate.*--client-cert"),
    ],
)
def test_credentials_that_do_not_fit_are_refused_without_showing_them(
    given: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        Credentials.find(document([]), [credential(given)], {})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "secret", "=secret", "name="])
def test_a_credential_without_name_or_value_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError) as caught:
        credential(text)
    assert "secret" not in str(caught.value)


def test_no_repr_shows_a_secret() -> None:
    assert "hidden" not in repr(credential("a=hidden"))
    assert "hidden" not in repr(Credentials({"a": Secret("hidden")}))


def test_placeholders_are_well_formed_and_no_secrets() -> None:
    api = document([{"basic": []}])
    placeholders = Credentials.placeholders(api)
    assert ":" in placeholders["basic"]
    assert Redactor(placeholders.texts())("a simulated pet") == "a simulated pet"


@pytest.mark.parametrize(
    "text",
    [
        'a "quoted" /sécret',
        "%22quoted%22",
        'a \\"quoted\\" /sécret',
        'a \\"quoted\\" /s\\u00e9cret',
        "a%20%22quoted%22%20%2Fs%C3%A9cret",
        "a+%22quoted%22+%2Fs%C3%A9cret",
    ],
)
def test_a_secret_is_masked_however_it_is_written(text: str) -> None:
    redact = Redactor(['a "quoted" /sécret', "%22quoted%22"])
    assert redact(f"before {text} after") == "before *** after"
