"""Who is let in."""

from __future__ import annotations

import httpx2
import pytest

from toolalpaca_runtime.web.access import Keys

from .conftest import KEYS, Open

PATHS = ("/", "/page/page.js", "/api/about", "/v1/models")


def test_a_stranger_cannot_call_the_server_by_another_name(open_agent: Open) -> None:
    served = open_agent()
    port = served.url.rpartition(":")[2]
    with served.client() as client:
        for path in PATHS:
            for name in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "["):
                assert client.get(path, headers={"host": name}).status_code == 421, (path, name)
            for name in (f"127.0.0.1:{port}", f"localhost:{port}", "LOCALHOST", "[::1]:80"):
                assert client.get(path, headers={"host": name}).status_code == 200, (path, name)


def test_no_page_of_another_origin_may_call(open_agent: Open) -> None:
    served = open_agent()
    with served.client() as client:
        for path in PATHS:
            for origin in ("http://evil.example", "http://127.0.0.1:1", "null", "http://localhost"):
                answer = client.get(path, headers={"origin": origin})
                assert answer.status_code == 403, (path, origin)
                assert "access-control-allow-origin" not in answer.headers
            assert client.get(path, headers={"origin": served.url}).status_code == 200


def test_names_can_be_allowed(open_agent: Open) -> None:
    served = open_agent(keys=Keys(token=KEYS.token, names=("Agent.Example",)))
    with served.client(host="agent.example:80") as client:
        assert client.get("/api/about").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/about"),
        ("GET", "/api/conversations"),
        ("POST", "/api/conversations"),
        ("GET", "/api/nothing/there"),
        ("DELETE", "/api/conversations/x"),
    ],
)
def test_the_page_needs_its_token(open_agent: Open, method: str, path: str) -> None:
    served = open_agent()
    for headers in (
        {},
        {"authorization": "Bearer guess"},
        {"authorization": f"Basic {KEYS.token}"},
    ):
        answer = httpx2.request(method, served.url + path, headers=headers)
        assert answer.status_code == 401
        assert "token of the URL" in answer.json()["detail"]


def test_a_key_is_demanded_where_there_is_one(open_agent: Open) -> None:
    served = open_agent(keys=Keys(token=KEYS.token, api_key="key-of-programs"))
    for key in ("wrong", KEYS.token, "key-of-program"):
        answer = httpx2.get(f"{served.url}/v1/models", headers={"authorization": f"Bearer {key}"})
        assert answer.status_code == 401
        assert answer.json()["error"]["type"] == "authentication_error"
    with served.client(authorization="Bearer key-of-programs", host="docker.internal") as client:
        assert client.get("/v1/models").status_code == 200
        assert client.get("/api/about").status_code == 421


def test_tokens_differ() -> None:
    assert Keys().token != Keys().token
    assert len(Keys().token) >= 43


def test_the_page_may_use_its_files_only(open_agent: Open) -> None:
    served = open_agent()
    answer = httpx2.get(served.url)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert httpx2.get(f"{served.url}/page/../app.py").status_code == 404
    assert httpx2.get(f"{served.url}/page/%2e%2e%2fapp.py").status_code == 404
    assert httpx2.get(f"{served.url}/openapi.json").status_code == 404
