"""The real API answers, and both directions are held to the document."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import Response
from fastapi.responses import JSONResponse

from toolalpaca_mockserver.observation.exchange import Exchange
from toolalpaca_mockserver.reading.addressing import split_path

Open = Callable[..., httpx2.Client]


def told(response: httpx2.Response) -> str:
    return str(response.headers.get("toolalpaca-problem", ""))


def test_what_the_real_api_says_comes_back(open_proxy: Open, real: Any) -> None:
    exchanges: list[Exchange] = []
    client = open_proxy(listeners=[exchanges.append])
    response = client.get("/pets?kind=dog&limit=2", headers={"X-Trace": "7"})
    assert response.json() == real.pets
    assert response.headers["x-count"] == "1"
    assert response.headers["toolalpaca-source"] == "proxy"
    assert told(response) == ""
    assert str(real.seen[0].url) == f"{real.url}/v1/pets?kind=dog&limit=2"
    assert real.seen[0].headers["x-trace"] == "7"
    assert real.seen[0].headers["host"] == real.url.removeprefix("http://")
    assert exchanges[-1].answer.conforming is True


def test_what_is_created_is_created_there(open_proxy: Open, real: Any) -> None:
    response = open_proxy().post("/pets", json={"name": "New", "kind": "dog"})
    assert response.status_code == 201
    assert real.bodies == [b'{"name":"New","kind":"dog"}']
    assert [c.partition(";")[0] for c in response.headers.get_list("set-cookie")] == ["a=1", "b=2"]


def test_sessions_and_hops_stay_here(open_proxy: Open, real: Any) -> None:
    headers = {
        "toolalpaca-session": "s",
        "TE": "trailers",
        "Connection": "close, X-Hop",
        "X-Hop": "1",
    }
    open_proxy().get("/pets", headers=headers)
    assert not {"toolalpaca-session", "te", "x-hop"} & set(real.seen[0].headers)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (JSONResponse([{"id": "one"}]), "the answer's body at /0/id"),
        (JSONResponse([], 418), "the status 418 is not documented"),
        (Response("[]", media_type="text/plain"), "text/plain where the document has"),
        (Response("[", media_type="application/json"), "is not JSON"),
    ],
)
def test_an_answer_that_breaks_the_document_is_named(
    open_proxy: Open, real: Any, answer: Response, problem: str
) -> None:
    real.answers["pets"] = answer
    exchanges: list[Exchange] = []
    response = open_proxy(listeners=[exchanges.append]).get("/pets")
    assert response.status_code == answer.status_code
    assert response.content == answer.body
    assert problem in told(response)
    assert exchanges[-1].answer.conforming is False


def test_a_request_that_breaks_the_document_is_named_or_refused(
    open_proxy: Open, real: Any
) -> None:
    warned = open_proxy().get("/pets?limit=many")
    assert warned.status_code == 200
    assert "limit" in told(warned)
    assert len(real.seen) == 1
    assert open_proxy(validation="strict").get("/pets?limit=many").status_code == 422
    assert len(real.seen) == 1


def test_a_redirect_leads_back_here(open_proxy: Open, pets: dict[str, Any]) -> None:
    pets["paths"]["/pets/{petId}"]["get"]["parameters"] = []
    client = open_proxy()
    response = client.get("/pets/old", follow_redirects=False)
    assert response.headers["location"] == str(client.base_url.join("/pets/1"))
    assert client.get("/pets/old", follow_redirects=True).json()["name"] == "Rex"


def test_no_path_climbs_out_of_the_api(open_proxy: Open, real: Any, pets: dict[str, Any]) -> None:
    pets["paths"]["/pets/{petId}"]["get"]["parameters"] = []
    assert open_proxy().get("/pets/%2E%2e").status_code == 400
    assert real.seen == []


def test_nobody_there_is_502(open_proxy: Open, real: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        real.url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    response = open_proxy().get("/pets")
    assert response.status_code == 502
    assert "cannot be reached" in told(response)


def test_an_api_that_does_not_answer_is_504(open_proxy: Open, real: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        real.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        response = open_proxy(seconds=0.1).get("/pets")
    assert response.status_code == 504


def test_a_path_that_the_document_has_not_is_not_forwarded(open_proxy: Open, real: Any) -> None:
    assert open_proxy().get("/nowhere").status_code == 404
    assert real.seen == []


@pytest.mark.parametrize(
    ("template", "path", "parts"),
    [
        ("/pets", "/pets", ("", "/pets")),
        ("/pets/{id}", "/shop/v1/pets/a%2Fb", ("/shop/v1", "/pets/a%2Fb")),
        ("/pets/", "/shop/pets/", ("/shop", "/pets/")),
        ("/", "/shop/", ("/shop", "/")),
        ("/pets?all=1", "/shop/pets", ("/shop", "/pets")),
    ],
)
def test_paths_are_split_where_the_document_begins(
    template: str, path: str, parts: tuple[str, str]
) -> None:
    assert split_path(template, path) == parts


def test_the_length_of_what_head_would_bring_is_not_made_up(open_proxy: Open, real: Any) -> None:
    client = open_proxy()
    assert int(client.get("/pets").headers["content-length"]) > 0
    headers = client.head("/pets").headers
    assert headers["toolalpaca-source"] == "proxy"
    assert "content-length" not in headers
    assert real.seen[-1].method == "HEAD"
