"""Bodies that travel compressed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_mockserver.reading.content_codings import TooLarge, UnknownCoding, decoded

Open = Callable[..., httpx2.Client]
BODY = b'{"name": "Rex"}'
SCHEMA = {"required": ["name"], "properties": {"name": {"type": "string"}}}


@given(body=st.binary(max_size=50))
def test_what_was_coded_comes_back(body: bytes) -> None:
    twice = gzip.compress(zlib.compress(body))
    assert decoded(twice, "deflate, GZIP", 200) == body
    assert decoded(body, "identity", 200) == body


@pytest.mark.parametrize(
    ("body", "codings", "error"),
    [
        (BODY, "br", UnknownCoding),
        (BODY, "gzip", ValueError),
        (gzip.compress(BODY)[:-1], "gzip", ValueError),
        (gzip.compress(BODY) + b"x", "gzip", ValueError),
        (gzip.compress(b"x" * 101), "gzip", TooLarge),
    ],
    ids=["unknown", "plain", "cut short", "followed", "too large"],  # gzip holds the time
)
def test_what_cannot_be_decoded(body: bytes, codings: str, error: type[ValueError]) -> None:
    with pytest.raises(error):
        decoded(body, codings, 100)


@pytest.fixture
def client(open_client: Open, make_document: Callable[..., Any]) -> httpx2.Client:
    def takes(content: dict[str, Any], *parameters: dict[str, Any]) -> dict[str, Any]:
        responses = {
            "204": {"description": "Fine"},
            "415": {"description": "No", "content": {"text/plain": {"schema": {"type": "string"}}}},
        }
        body = {"required": True, "content": content}
        return {"put": {"parameters": parameters, "requestBody": body, "responses": responses}}

    coding = {"name": "Content-Encoding", "in": "header", "schema": {"type": "string"}}
    return open_client(
        make_document(
            {
                "/pet": takes({"application/json": {"schema": SCHEMA}}),
                "/blob": takes({"application/octet-stream": {}}, coding),
            }
        )
    )


@pytest.mark.parametrize(
    ("coding", "body", "status", "said"),
    [
        ("gzip", gzip.compress(BODY), 204, ""),
        ("deflate", zlib.compress(BODY), 204, ""),
        ("identity", BODY, 204, ""),
        ("gzip", gzip.compress(b"{}"), 422, "lacks the property name"),
        ("gzip", BODY, 400, "not gzip"),
        ("gzip", gzip.compress(b" " * 17_000_000), 413, "decoded, is larger than"),
        ("br", BODY, 415, "the content coding br is not understood"),
    ],
    ids=["gzip", "deflate", "identity", "wrong", "plain", "too large", "unknown"],
)
def test_bodies_are_decoded_or_refused(
    client: httpx2.Client, coding: str, body: bytes, status: int, said: str
) -> None:
    headers = {"content-type": "application/json", "content-encoding": coding}
    response = client.put("/pet", content=body, headers=headers)
    assert response.status_code == status
    assert said in response.headers.get("toolalpaca-problem", "")
    if status == 415:
        assert response.headers["accept-encoding"] == "gzip, deflate"
        assert said in response.text  # in the document's own error body


def test_an_operation_that_asks_for_the_coding_gets_the_body_as_it_is(
    client: httpx2.Client,
) -> None:
    headers = {"content-type": "application/octet-stream", "content-encoding": "aws-chunked"}
    assert client.put("/blob", content=b"x", headers=headers).status_code == 204
