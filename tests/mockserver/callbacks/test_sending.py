"""Callbacks and webhooks, received by a real server on loopback."""

from __future__ import annotations

import queue
from collections.abc import Callable
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from toolalpaca_mockserver.callbacks.hosts import refusal
from toolalpaca_mockserver.callbacks.sender import Delivery, Sender
from toolalpaca_mockserver.catalog import Catalog

Open = Callable[..., httpx2.Client]
Serve = Callable[[Any], str]

EVENT = {
    "type": "object",
    "required": ["event", "order"],
    "additionalProperties": False,
    "properties": {
        "event": {"const": "order.created"},
        "order": {"$ref": "#/components/schemas/Order"},
    },
}
ORDER = {
    "type": "object",
    "required": ["id", "item"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "item": {"type": "string"},
        "callbackUrl": {"type": "string"},
    },
}


class Receiver:
    """Takes what is sent to it."""

    def __init__(self) -> None:
        self.got: queue.Queue[tuple[str, str, dict[str, str], bytes]] = queue.Queue()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        message = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.got.put((scope["method"], scope["path"], headers, message["body"]))
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def shop(make_document: Callable[..., Any]) -> Any:
    order = {"$ref": "#/components/schemas/Order"}
    content = {"application/json": {"schema": order}}
    post = {
        "operationId": "createOrder",
        "requestBody": {"required": True, "content": content},
        "responses": {"201": {"description": "Made", "content": content}},
        "callbacks": {
            "created": {
                "{$request.body#/callbackUrl}/orders/{$response.body#/id}": {
                    "post": {
                        "requestBody": {"content": {"application/json": {"schema": EVENT}}},
                        "responses": {"204": {"description": "Thanks"}},
                    }
                }
            }
        },
    }
    listed = {"type": "array", "items": order}
    get = {
        "responses": {
            "200": {"description": "All", "content": {"application/json": {"schema": listed}}}
        }
    }
    webhook = {"post": {"requestBody": {"content": {"application/json": {"schema": EVENT}}}}}
    return make_document(
        {"/orders": {"post": post, "get": get}, "/orders/{id}": {}},
        schemas={"Order": ORDER},
        webhooks={"shipped": webhook},
    )


@pytest.fixture
def reports() -> queue.Queue[Delivery]:
    """What became of each request that was sent."""
    return queue.Queue()


@pytest.fixture
def client(open_client: Open, shop: Any, reports: queue.Queue[Delivery]) -> httpx2.Client:
    """A client of the shop."""
    apis = Catalog(())
    sender = Sender(apis, (), reports.put)
    return open_client(
        shop,
        listeners=[sender.hear],
        parts=[sender],
        routes=[sender.routes],
        on_app=lambda app: apis.replace(list(app.apis)),
    )


def test_a_callback_tells_of_what_was_created(
    client: httpx2.Client, serve_in_thread: Serve, reports: queue.Queue[Delivery], shop: Any
) -> None:
    receiver = Receiver()
    url = serve_in_thread(receiver)
    made = client.post("/orders", json={"item": "hat", "callbackUrl": f"{url}/hook"}).json()
    method, path, headers, body = receiver.got.get(timeout=10)
    assert (method, path) == ("POST", f"/hook/orders/{made['id']}")
    assert headers["toolalpaca-callback"] == "created"
    event = jsonschema_rs.validator_for({**EVENT, "components": shop["components"]})
    told = httpx2.Response(200, content=body).json()
    event.validate(told)
    assert told["order"] == made
    delivery = reports.get(timeout=10)
    assert (delivery.status, delivery.problem) == (204, "")
    assert "created" in delivery.as_line()


def test_without_a_url_nothing_is_sent(
    client: httpx2.Client, reports: queue.Queue[Delivery]
) -> None:
    assert client.post("/orders", json={"item": "hat"}).status_code == 201
    bad = client.post("/orders", json={"item": 7, "callbackUrl": "http://127.0.0.1:9"})
    assert bad.status_code == 422
    last = client.post("/orders", json={"item": "hat", "callbackUrl": "http://127.0.0.1:1/last"})
    assert last.status_code == 201
    assert reports.get(timeout=10).url.startswith("http://127.0.0.1:1/last")


def test_nothing_is_sent_elsewhere(client: httpx2.Client, reports: queue.Queue[Delivery]) -> None:
    body = {"item": "hat", "callbackUrl": "http://169.254.169.254/latest?key=secret"}
    assert client.post("/orders", json=body).status_code == 201
    delivery = reports.get(timeout=10)
    assert delivery.status is None
    assert "--callback-host 169.254.169.254" in delivery.problem
    assert "secret" not in delivery.as_line()


def test_who_does_not_listen_is_reported(
    client: httpx2.Client, reports: queue.Queue[Delivery]
) -> None:
    body = {"item": "hat", "callbackUrl": "http://127.0.0.1:1"}
    assert client.post("/orders", json=body).status_code == 201
    assert "ConnectError" in reports.get(timeout=10).problem


def test_what_a_callback_asks_for_calls_nobody_back(
    client: httpx2.Client, reports: queue.Queue[Delivery]
) -> None:
    urls = [f"http://127.0.0.1:1/{name}" for name in ("callback", "client")]
    for url, headers in zip(urls, ({"toolalpaca-callback": "created"}, {}), strict=True):
        body = {"item": "hat", "callbackUrl": url}
        assert client.post("/orders", json=body, headers=headers).status_code == 201
    assert reports.get(timeout=10).url.startswith(urls[1])


def test_a_receiver_on_this_machine_is_reached_past_the_proxy_of_the_environment(
    client: httpx2.Client, serve_in_thread: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    receiver = Receiver()
    body = {"item": "hat", "callbackUrl": serve_in_thread(receiver)}
    assert client.post("/orders", json=body).status_code == 201
    assert receiver.got.get(timeout=10)[0] == "POST"


def test_a_webhook_is_sent_on_demand(client: httpx2.Client, serve_in_thread: Serve) -> None:
    receiver = Receiver()
    url = serve_in_thread(receiver)
    hooks = "/_toolalpaca/apis/test/webhooks"
    assert client.get(hooks).json() == ["shipped"]
    about = {"id": 7, "item": "hat"}
    sent = client.post(f"{hooks}/shipped", json={"url": url, "about": about})
    assert sent.json()["status"] == 204
    assert httpx2.Response(200, content=receiver.got.get(timeout=10)[3]).json()["order"] == about
    assert client.post(f"{hooks}/lost", json={"url": url}).status_code == 404
    assert client.post(f"{hooks}/shipped", json={}).status_code == 422


@pytest.mark.parametrize(
    ("url", "allowed", "sent"),
    [
        ("http://127.0.0.1:80/x", (), True),
        ("http://localhost/x", (), True),
        ("https://[::1]:8443/", (), True),
        ("http://10.0.0.1/", (), False),
        ("http://127.0.0.1.example.com/", (), False),
        ("http://127.0.0.1@example.com/", (), False),
        ("http://hooks.example.com/", ("hooks.example.com",), True),
        ("http://other.example.com/", ("hooks.example.com",), False),
        ("http://other.example.com/", ("*",), True),
        ("file:///etc/passwd", ("*",), False),
        ("http://[", ("*",), False),
        ("", ("*",), False),
    ],
)
def test_where_may_be_sent_to(url: str, allowed: tuple[str, ...], sent: bool) -> None:
    assert (refusal(url, allowed) == "") is sent
