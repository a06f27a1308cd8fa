"""httpbin, by its own Swagger document: what it answers, and what is made of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from toolalpaca.cli import main
from toolalpaca.errors import ApiError
from toolalpaca.trace import Call
from toolalpaca_runtime.auth import credential
from toolalpaca_runtime.connect import open_api
from toolalpaca_runtime.network.hosts import allowed_host
from toolalpaca_runtime.network.settings import Bounds, NetworkSettings
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.policy import Policy

from ..conftest import Serve

SECURED = {
    "/basic-auth/{user}/{passwd}": "basic",
    "/hidden-basic-auth/{user}/{passwd}": "basic",
    "/bearer": "bearer",
}


@pytest.fixture(scope="session")
def spec(httpbin: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """httpbin's document, with the security schemes that it tells in words only."""
    described = httpx2.get(f"{httpbin}/spec.json", trust_env=False).json()
    described["securityDefinitions"] = {
        "basic": {"type": "basic"},
        "bearer": {"type": "apiKey", "in": "header", "name": "Authorization"},
    }
    for place, scheme in SECURED.items():
        described["paths"][place]["get"]["security"] = [{scheme: []}]
    path = tmp_path_factory.mktemp("httpbin") / "httpbin.json"
    path.write_text(json.dumps(described))
    return str(path)


def call(spec: str, url: str, tool: str, /, *, auth: str = "", **more: Any) -> Observation:
    bounds = Bounds(seconds=more.pop("seconds", 20), bytes=more.pop("bytes", 1_000_000))
    network = NetworkSettings(bounds=bounds, **more.pop("network", {}))

    async def make() -> Observation:
        opened = open_api(
            spec,
            base_url=url,
            auth=[credential(auth)] if auth else [],
            policy=Policy(unsafe="allow"),
            network=network,
            environment={},
        )
        async with await opened as api:
            return await api.call(Call(id="1", tool=tool, arguments=more))

    return asyncio.run(make())


METHODS = ("get", "post", "put", "patch", "delete")

# Left out are TRACE and two forms of digest authentication, which say nothing new, and redirects by
# other methods than GET: httpbin reads their arguments from elsewhere than its document says.
ANSWERS: list[tuple[str, dict[str, Any], str]] = [
    *((f"{method}_anything", {}, f'"method":"{method.upper()}"') for method in METHODS),
    *((f"{m}_anything_by_anything", {"anything": "a b/c?d"}, "/a%20b/c%3Fd") for m in METHODS),
    *((f"{m}_status_by_codes", {"codes": "418"}, "Status Code: 418") for m in METHODS),
    *((f"{m}_delay_by_delay", {"delay": 0}, "Status Code: 200") for m in METHODS),
    ("delete_delete", {}, '"url":"'),
    ("get_base64_by_value", {"value": "SGVsbG8="}, "Hello"),
    ("get_bytes_by_n", {"n": 16}, "(application/octet-stream, 16 bytes)"),
    ("get_cache", {"If-None-Match": "x"}, "Status Code: 304. Response: (empty)"),
    ("get_cache_by_value", {"value": 60}, '"headers"'),
    ("get_cookies", {}, '{"cookies":{}}'),
    ("get_cookies_set_by_name_by_value", {"name": "a", "value": "b"}, '{"cookies":{}}'),
    ("get_deflate", {}, '"deflated":true'),
    ("get_deny", {}, "YOU SHOULDN'T BE HERE"),
    ("get_digest-auth_by_qop_by_user_by_passwd", {"qop": "auth", "user": "u", "passwd": "p"},
     "Status Code: 401"),
    ("get_drip", {"duration": 0, "numbytes": 3, "delay": 0}, "3 bytes"),
    ("get_encoding_utf8", {}, "STARGΛ̊TE"),
    ("get_etag_by_etag", {"etag": "x", "If-None-Match": "x"}, "Status Code: 304"),
    ("get_etag_by_etag", {"etag": "x", "If-Match": "y"}, "Status Code: 412"),
    ("get_get", {}, '"args":{}'),
    ("get_gzip", {}, '"gzipped":true'),
    ("get_headers", {}, '"User-Agent":"toolalpaca/'),
    ("get_html", {}, "Herman Melville"),
    ("get_image", {}, "image/"),
    ("get_image_jpeg", {}, "(image/jpeg, "),
    ("get_image_png", {}, "(image/png, 8,090 bytes)"),
    ("get_image_svg", {}, "<svg"),
    ("get_image_webp", {}, "(image/webp, "),
    ("get_ip", {}, '{"origin":"127.0.0.1"}'),
    ("get_json", {}, "Sample Slide Show"),
    ("get_links_by_n_by_offset", {"n": 3, "offset": 0}, "<a href='/links/3/1'>1</a>"),
    ("get_range_by_numbytes", {"numbytes": 26}, "(application/octet-stream, 26 bytes)"),
    ("get_redirect_by_n", {"n": 3}, 'Status Code: 200. Response: {"args":{}'),
    ("get_relative-redirect_by_n", {"n": 5}, 'Status Code: 200. Response: {"args":{}'),
    ("get_absolute-redirect_by_n", {"n": 2}, 'Status Code: 200. Response: {"args":{}'),
    ("get_relative-redirect_by_n", {"n": 6}, "redirects more than 5 times"),
    ("get_redirect-to", {"url": "/uuid"}, '"uuid":"'),
    ("get_redirect-to", {"url": "/status/404", "status_code": 307}, "Status Code: 404"),
    ("get_response-headers", {"freeform": "hello"}, '"freeform":"hello"'),
    ("get_robots_txt", {}, "Disallow: /deny"),
    ("get_stream-bytes_by_n", {"n": 10}, "(application/octet-stream, 10 bytes)"),
    ("get_stream_by_n", {"n": 2}, '"id": 1'),
    ("get_user-agent", {}, '"user-agent":"toolalpaca/'),
    ("get_uuid", {}, '"uuid":"'),
    ("get_xml", {}, "<slideshow"),
    ("patch_patch", {}, '"json":null'),
    ("post_post", {}, '"json":null'),
    ("put_put", {}, '"json":null'),
]  # fmt: skip


def test_every_operation_that_makes_sense(spec: str, httpbin: str) -> None:
    async def make() -> list[str]:
        opened = open_api(spec, base_url=httpbin, policy=Policy(unsafe="allow"), environment={})
        async with await opened as api:
            return [
                (await api.call(Call(id="1", tool=tool, arguments=arguments))).text
                for tool, arguments, _ in ANSWERS
            ]

    said = asyncio.run(make())
    wrong = [
        (tool, text[:200])
        for (tool, _, part), text in zip(ANSWERS, said, strict=True)
        if part not in text
    ]
    assert wrong == [], "\n".join(map(str, wrong))


@pytest.mark.parametrize(
    ("tool", "arguments", "auth", "status"),
    [
        ("get_basic-auth_by_user_by_passwd", {"user": "u", "passwd": "p"}, "basic=u:p", 200),
        ("get_basic-auth_by_user_by_passwd", {"user": "u", "passwd": "p"}, "basic=u:no", 401),
        ("get_basic-auth_by_user_by_passwd", {"user": "u", "passwd": "p"}, "", 401),
        ("get_hidden-basic-auth_by_user_by_passwd", {"user": "u", "passwd": "p"}, "basic=u:p", 200),
        ("get_hidden-basic-auth_by_user_by_passwd", {"user": "u", "passwd": "p"}, "", 404),
        ("get_bearer", {}, "bearer=Bearer t0ken", 200),
        ("get_bearer", {}, "", 401),
    ],
)
def test_credentials(
    spec: str, httpbin: str, tool: str, arguments: dict[str, str], auth: str, status: int
) -> None:
    seen = call(spec, httpbin, tool, auth=auth, **arguments)
    assert seen.text.startswith(f"Status Code: {status}.")
    assert "t0ken" not in seen.text


def test_a_coding_that_was_not_asked_for_is_said(spec: str, httpbin: str) -> None:
    said = call(spec, httpbin, "get_brotli").text
    assert said == (
        "No response: the API answered 200, and its body is in the coding 'br', which was not "
        "asked for."
    )


def test_slow_answers_are_given_up(spec: str, httpbin: str) -> None:
    late = call(spec, httpbin, "get_delay_by_delay", delay=10, seconds=0.3)
    assert late.text == "No response: the API did not answer within 0.3 seconds."
    # The headers come at once, and then a byte every second.
    slow = call(spec, httpbin, "get_drip", duration=10, numbytes=10, delay=0, seconds=0.3)
    assert slow.text == "No response: the API did not answer within 0.3 seconds."


def test_large_answers_are_cut(spec: str, httpbin: str) -> None:
    seen = call(spec, httpbin, "get_stream-bytes_by_n", n=100_000, bytes=1_000)
    assert "1,000 bytes or more" in seen.text
    assert "too large to be read whole" in seen.text


def test_redirects_elsewhere_are_not_followed(spec: str, httpbin: str, serve: Serve) -> None:
    reached = []

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        reached.append(dict(scope["headers"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    target = serve(elsewhere) + "/steal"
    seen = call(spec, httpbin, "get_redirect-to", url=target)
    assert seen.text.startswith("(Note: it redirects to http://127.0.0.1:")
    assert "Status Code: 302." in seen.text
    assert reached == []
    network = {"allowed": (allowed_host("127.0.0.1"),)}
    seen = call(spec, httpbin, "get_redirect-to", url=target, network=network)
    assert seen.text.startswith("Status Code: 204.")
    assert len(reached) == 1
    inside = call(spec, httpbin, "get_redirect-to", url="http://169.254.169.254/latest/meta-data")
    assert "that was not followed" in inside.text


def test_over_tls(spec: str, httpbin_tls: str, ca_file: Path) -> None:
    seen = call(spec, httpbin_tls, "get_anything", network={"ca_file": ca_file})
    assert f'"url":"{httpbin_tls}/anything"' in seen.text
    with pytest.raises(ApiError, match=r"certificate is not trusted: .*--ca-file"):
        call(spec, httpbin_tls, "get_anything")


def test_the_commands(
    spec: str, httpbin_tls: str, ca_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["call", spec, "get_bearer", "--base-url", httpbin_tls, "--ca-file", str(ca_file)]
    assert main([*words, "--auth", "bearer=Bearer t0ken"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out) == {"authenticated": True, "token": "***"}
    assert "200 OK" in err
    assert main(words[:-2]) == 1
    assert "its certificate is not trusted" in capsys.readouterr().err
