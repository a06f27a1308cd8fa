"""A real API that is not ours: pets, in FastAPI, with faults that can be asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from toolalpaca_mockserver.clients import Clients
from toolalpaca_mockserver.recording.proxy import Proxy

Open = Callable[..., httpx2.Client]
Serve = Callable[[Any], str]


class RealApi:
    """The API, and what it was asked.

    Attributes:
        url: Where it is.
        seen: The requests.
        answers: Answers in the place of its own, by path.
    """

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Request] = []
        self.bodies: list[bytes] = []
        self.answers: dict[str, Response] = {}
        self.pets = [{"id": 1, "name": "Rex", "kind": "dog", "created_at": "2026-01-02T03:04:05Z"}]

    def app(self) -> FastAPI:
        """The application."""
        app = FastAPI()

        @app.api_route("/v1/{path:path}", methods=["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD"])
        async def serve(path: str, request: Request) -> Response:
            self.seen.append(request)
            self.bodies.append(await request.body())
            if path in self.answers:
                return self.answers[path]
            return self.answer(path, request)

        return app

    def answer(self, path: str, request: Request) -> Response:
        if path == "pets" and request.method == "POST":
            made = {**self.pets[0], "id": len(self.pets) + 1, "name": "New"}
            self.pets.append(made)
            response: Response = JSONResponse(made, 201)
            response.set_cookie("a", "1")
            response.set_cookie("b", "2")
            return response
        if path == "pets":
            return JSONResponse(self.pets, headers={"X-Count": str(len(self.pets))})
        if path == "pets/old":
            return RedirectResponse(f"{self.url}/v1/pets/1")
        if path.startswith("pets/"):
            return JSONResponse(self.pets[0])
        return JSONResponse({"detail": "none"}, 404)


@pytest.fixture
def real(serve_in_thread: Serve) -> RealApi:
    """The real API, running."""
    api = RealApi()
    api.url = serve_in_thread(api.app())
    return api


@pytest.fixture
def open_proxy(open_client: Open, real: RealApi, pets: dict[str, Any]) -> Open:
    """Opens a client on a proxy of the real API."""

    def start(**options: Any) -> httpx2.Client:
        seconds = options.pop("seconds", 10.0)
        clients = Clients()
        options.setdefault("validation", "warn")
        return open_client(
            pets,
            answerer=lambda document, responder: Proxy(clients, f"{real.url}/v1", seconds),
            parts=[clients, *options.pop("parts", ())],
            **options,
        )

    return start
