"""The table of cases: where a request goes and what it carries to prove who sends it.

https://spec.openapis.org/oas/v3.1.1#server-object, #security-requirement-object; what parameters
and bodies become is in ``tests/toolalpaca/calling``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.llm.options import Secret
from toolalpaca.trace import Call
from toolalpaca_runtime.auth import Credential
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.policy import Policy
from toolalpaca_runtime.tools.api import PreparedCall

pytestmark = pytest.mark.anyio

SCHEMES: dict[str, Any] = {
    "inHeader": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "inQuery": {"type": "apiKey", "in": "query", "name": "api key"},
    "inCookie": {"type": "apiKey", "in": "cookie", "name": "sid"},
    "basic": {"type": "http", "scheme": "basic"},
    "bearer": {"type": "http", "scheme": "Bearer", "bearerFormat": "JWT"},
    "oauth": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": "https://t.dev/token", "scopes": {"r": ""}}},
    },
    "openId": {"type": "openIdConnect", "openIdConnectUrl": "https://t.dev/.well-known"},
}
SECRETS = {
    "inHeader": "h/1", "inQuery": "q&1", "inCookie": "c;1", "basic": "me:pä:ss", "bearer": "b.1",
    "oauth": "o1", "openId": "i1",
}  # fmt: skip


async def request(
    folder: Path,
    operation: dict[str, Any] | None = None,
    *,
    given: tuple[str, ...] = (),
    item: dict[str, Any] | None = None,
    base_url: str | None = None,
    **document: Any,
) -> PreparedRequest:
    """What would be sent, credentials included."""
    described = {
        "openapi": "3.1.0",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": "https://api.cases.dev/v1"}],
        "paths": {"/a": {**(item or {}), "get": {"responses": {}, **(operation or {})}}},
        "components": {"securitySchemes": SCHEMES},
        **document,
    }
    path = folder / "document.json"
    path.write_text(json.dumps(described))
    auth = [Credential(scheme, Secret(SECRETS[scheme])) for scheme in given]
    async with await open_api(
        str(path), base_url=base_url, auth=auth, policy=Policy(), environment={}
    ) as api:
        (spec,) = api.specs
        prepared = api.prepare(Call(id="1", tool=spec.name))
    assert isinstance(prepared, PreparedCall)
    return prepared.authorization.applied(prepared.request)


# -- servers ------------------------------------------------------------------------------------


def servers(*urls: str) -> dict[str, Any]:
    return {"servers": [{"url": url} for url in urls]}


VARIABLES = {
    "servers": [
        {
            "url": "https://{region}.cases.dev:{port}/{base}",
            "variables": {
                "region": {"default": "eu", "enum": ["eu", "us"]},
                "port": {"default": "8443"},
                "base": {"default": "v2"},
            },
        }
    ]
}


@pytest.mark.parametrize(
    ("document", "item", "operation", "url"),
    [
        ({}, {}, {}, "https://api.cases.dev/v1/a"),
        (servers("https://a.dev/", "https://b.dev"), {}, {}, "https://a.dev/a"),
        (servers("https://a.dev/v1/"), {}, {}, "https://a.dev/v1/a"),
        (VARIABLES, {}, {}, "https://eu.cases.dev:8443/v2/a"),
        ({}, servers("https://path.dev/p"), {}, "https://path.dev/p/a"),
        ({}, {}, servers("https://operation.dev"), "https://operation.dev/a"),
        ({}, servers("https://path.dev"), servers("https://own.dev"), "https://own.dev/a"),
        ({}, VARIABLES, {}, "https://eu.cases.dev:8443/v2/a"),
        ({}, {}, servers("/v2"), "https://api.cases.dev/v2/a"),
        ({}, {}, servers("//other.dev/x"), "https://other.dev/x/a"),
        ({}, {}, servers("beta"), "https://api.cases.dev/v1/beta/a"),
        ({}, {}, {"servers": []}, "https://api.cases.dev/v1/a"),
    ],
)
async def test_servers(
    document: dict[str, Any],
    item: dict[str, Any],
    operation: dict[str, Any],
    url: str,
    tmp_path: Path,
) -> None:
    assert (await request(tmp_path, operation, item=item, **document)).full_url == url


async def test_the_users_url_is_stronger_than_any_server(tmp_path: Path) -> None:
    own = servers("https://operation.dev")
    sent = await request(tmp_path, own, base_url="http://127.0.0.1:1/x/")
    assert sent.full_url == "http://127.0.0.1:1/x/a"


# -- security -----------------------------------------------------------------------------------

ALL = tuple(SCHEMES)
HEADER = ("header", "X-Key", "h/1")
QUERY = ("query", "api%20key=q%261")
COOKIE = ("cookie", "sid=c%3B1")
BASIC = ("header", "authorization", "Basic bWU6cMOkOnNz")
BEARER = ("header", "authorization", "Bearer b.1")


@pytest.mark.parametrize(
    ("security", "given", "carried"),
    [
        ([{"inHeader": []}], ALL, [HEADER]),
        ([{"inQuery": []}], ALL, [QUERY]),
        ([{"inCookie": []}], ALL, [COOKIE]),
        ([{"basic": []}], ALL, [BASIC]),
        ([{"bearer": []}], ALL, [BEARER]),
        ([{"oauth": ["r"]}], ALL, [("header", "authorization", "Bearer o1")]),
        ([{"openId": ["r"]}], ALL, [("header", "authorization", "Bearer i1")]),
        ([{"inHeader": [], "inQuery": [], "bearer": []}], ALL, [HEADER, BEARER, QUERY]),
        ([{"basic": []}, {"inHeader": []}], ("inHeader",), [HEADER]),
        ([{"basic": []}, {"inHeader": []}], ALL, [BASIC]),
        ([{"inHeader": [], "inQuery": []}, {"inCookie": []}], ("inHeader", "inCookie"), [COOKIE]),
        ([{"inHeader": []}], ("inCookie",), []),
        ([{}, {"inHeader": []}], ("inHeader",), [HEADER]),
        ([{}, {"inHeader": []}], (), []),
        ([], ALL, []),
        (None, ALL, [BEARER]),
    ],
)
async def test_security(
    security: Any, given: tuple[str, ...], carried: list[tuple[str, ...]], tmp_path: Path
) -> None:
    own = {} if security is None else {"security": security}
    sent = await request(tmp_path, own, given=given, security=[{"bearer": []}])
    found: list[tuple[str, ...]] = [
        ("header", name, value) for name, value in sent.headers if name != "accept"
    ]
    found += [("query", text) for text in sent.query] + [("cookie", text) for text in sent.cookies]
    assert found == carried


async def test_what_a_scheme_fills_is_no_argument(tmp_path: Path) -> None:
    parameters = [
        {"name": "api key", "in": "query", "required": True, "schema": {}},
        {"name": "X-Key", "in": "query", "schema": {}},
    ]
    operation = {"parameters": parameters, "security": [{"inQuery": []}, {"inHeader": []}]}
    sent = await request(tmp_path, operation, given=("inQuery",))
    assert sent.query == ("api%20key=q%261",)
