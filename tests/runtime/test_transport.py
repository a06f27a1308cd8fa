from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response

from toolalpaca.calling.request import PreparedRequest
from toolalpaca_runtime.auth import Authorization
from toolalpaca_runtime.network.connections import new_api_client
from toolalpaca_runtime.network.hosts import HostRules, allowed_host
from toolalpaca_runtime.network.origins import same_origin
from toolalpaca_runtime.network.settings import Bounds
from toolalpaca_runtime.transport import NoAnswer, RawResponse, send

from .conftest import Serve

SECRETS = Authorization(
    headers=(("authorization", "Bearer canary"),),
    query=(("key", "canary"),),
    cookies=(("sid", "canary"),),
)


class Redirecting:
    """A server that redirects, and one that is redirected to, who notes what reaches it."""

    def __init__(self) -> None:
        self.reached: list[dict[str, Any]] = []
        self.app = FastAPI()

        @self.app.api_route("/to", methods=["GET", "POST", "PUT"])
        def to(status: int, url: str) -> Response:
            return Response(status_code=status, headers={"location": url})

        @self.app.api_route("/end", methods=["GET", "POST", "PUT"])
        async def end(request: Request) -> None:
            body = (await request.body()).decode()
            sent = {"method": request.method, "body": body, "headers": dict(request.headers)}
            self.reached.append(sent | {"query": request.url.query})


def sent(
    url: str, method: str, status: int, target: str, rules: HostRules | None = None
) -> RawResponse:
    body = None if method == "GET" else b"body"
    headers = (("content-type", "text/plain"), ("x-own", "mine")) if body else ()
    request = PreparedRequest(
        method, f"{url}/to", (f"status={status}", f"url={target}"), headers, ("own=1",), body
    )
    rules = rules or HostRules.of(url)

    async def make() -> RawResponse:
        async with new_api_client(rules) as client:
            return await send(client, request, Bounds(), authorization=SECRETS, rules=rules)

    return asyncio.run(make())


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [
        ("GET", 301, "GET"),
        ("GET", 303, "GET"),
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("PUT", 303, "GET"),
        ("POST", 307, "POST"),
        ("PUT", 302, "PUT"),
        ("PUT", 308, "PUT"),
    ],
)
def test_methods_of_redirected_requests(serve: Serve, method: str, status: int, then: str) -> None:
    server = Redirecting()
    assert sent(serve(server.app), method, status, "/end").status == 200
    (reached,) = server.reached
    assert reached["method"] == then
    assert reached["body"] == ("body" if then != "GET" else "")
    assert ("content-type" in reached["headers"]) == (then != "GET")
    assert reached["headers"]["authorization"] == "Bearer canary"


def test_credentials_stay_behind_where_a_redirect_leads_elsewhere(serve: Serve) -> None:
    server, elsewhere = Redirecting(), Redirecting()
    url, target = serve(server.app), serve(elsewhere.app) + "/end"
    refused = sent(url, "POST", 307, target)
    assert refused.status == 307
    assert "that was not followed (--reach 127.0.0.1 allows it)" in refused.note
    assert elsewhere.reached == []
    rules = HostRules.of(url, allowed=[allowed_host("127.0.0.1")])
    assert sent(url, "POST", 307, target, rules).status == 200
    (reached,) = elsewhere.reached
    assert reached["body"] == "body"
    assert "canary" not in str(reached)
    assert "cookie" not in reached["headers"]
    assert "x-own" not in reached["headers"]


@pytest.mark.parametrize("location", ["", "http://[half", "//"])
def test_a_redirect_to_nowhere_is_the_answer(serve: Serve, location: str) -> None:
    assert sent(serve(Redirecting().app), "GET", 302, location).status == 302


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.dev/x", "https://A.dev:443/y", True),
        ("http://a.dev", "https://a.dev/", True),  # nothing that was hidden is shown
        ("https://a.dev", "http://a.dev/", False),
        ("http://a.dev:8000", "https://a.dev/", False),
        ("http://a.dev", "https://a.dev:8443/", False),
        ("https://a.dev", "https://b.a.dev/", False),
        ("http://a.dev", "https://b.dev/", False),
        ("https://a.dev", "https://a.dev@evil.dev/", False),
        ("https://a.dev", "https://a.dev:444/", False),
    ],
)
def test_what_counts_as_the_same_origin(one: str, other: str, same: bool) -> None:
    assert same_origin(one, other) is same


def test_a_server_that_drips_headers_is_given_up() -> None:
    async def make() -> RawResponse:
        async def drip(_reader: Any, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            try:
                while True:
                    writer.write(b"x-a: b\r\n")
                    await writer.drain()
                    await asyncio.sleep(0.005)
            except ConnectionError:
                pass  # the client has gone
            finally:
                writer.close()

        async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            async with new_api_client(HostRules.of(url)) as client:
                return await send(client, PreparedRequest("GET", url), Bounds(seconds=0.3))

    with pytest.raises(NoAnswer, match=r"within 0\.3 seconds|broke off"):
        asyncio.run(make())


def test_of_a_body_without_an_end_the_beginning_is_read() -> None:
    async def make() -> RawResponse:
        async def pour(_reader: Any, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while True:
                    writer.write(b"x" * 1000)
                    await writer.drain()
            except ConnectionError:
                pass  # the client has gone
            finally:
                writer.close()

        async with await asyncio.start_server(pour, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            async with new_api_client(HostRules.of(url)) as client:
                return await send(client, PreparedRequest("GET", url), Bounds(bytes=5000))

    response = asyncio.run(make())
    assert response.body == b"x" * 5000
    assert response.cut_off


@pytest.mark.parametrize("answer", [b"", b"garbage\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-le"])
def test_what_is_no_http_is_said(answer: bytes) -> None:
    async def make() -> RawResponse:
        async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            writer.close()

        async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
            async with new_api_client(HostRules.of(url)) as client:
                return await send(client, PreparedRequest("GET", url), Bounds())

    with pytest.raises(NoAnswer, match="broke off"):
        asyncio.run(make())
