"""OAuth 2.0 client credentials against a FastAPI application with its own generated document."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
from typing import Any

import pytest
from fastapi import Depends, FastAPI, Form, Header, HTTPException, Request
from fastapi.openapi.models import OAuthFlowClientCredentials, OAuthFlows
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.security import OAuth2

from toolalpaca.errors import ApiError
from toolalpaca.llm.options import Secret
from toolalpaca.logs import configure_logging
from toolalpaca.openapi.loading import load_document
from toolalpaca.openapi.model import Document
from toolalpaca.trace import Call
from toolalpaca_runtime.auth import Credentials
from toolalpaca_runtime.auth.oauth2 import Grant, TokenError, Tokens
from toolalpaca_runtime.observation import Observation
from toolalpaca_runtime.tools.api import ApiTools

from ..conftest import Serve

SECRET = "c4n4ry/secret+1"
CLIENT = f"my app:{SECRET}"


class Shop:
    """An API and its token endpoint.

    Attributes:
        issued: The tokens that it gave.
        asked: What it was asked for them, by name of field; how the client proved who it is, too.
        good: The tokens that it takes.
    """

    def __init__(self, *, token_url: str = "token", takes: str = "header", **answer: Any) -> None:
        self.issued: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.good: set[str] = set()
        self.app = FastAPI(title="Shop")
        flow = OAuthFlowClientCredentials(tokenUrl=token_url, scopes={"read": "", "write": ""})
        oauth = OAuth2(flows=OAuthFlows(clientCredentials=flow), auto_error=False)

        @self.app.post("/token", include_in_schema=False)
        def token(
            grant_type: str = Form(),
            scope: str = Form(""),
            client_id: str = Form(""),
            client_secret: str = Form(""),
            authorization: str = Header(""),
        ) -> Any:
            how = "header" if authorization else "body"
            self.asked.append({"grant_type": grant_type, "scope": scope, "how": how})
            pair = f"{client_id}:{client_secret}"
            if authorization:
                pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
            known = {"header": "my+app:c4n4ry%2Fsecret%2B1", "body": CLIENT}[how]
            if pair != known or how != takes:
                said = {"error": "invalid_client", "error_description": f"no {pair}"}
                return JSONResponse(said, 401)
            text = f"t0k3n-canary-{len(self.issued)}"
            self.issued.append(text)
            self.good.add(text)
            return {"access_token": text, "token_type": "Bearer", "expires_in": 3600} | answer

        @self.app.get("/orders", operation_id="listOrders", dependencies=[Depends(oauth)])
        def orders(request: Request) -> dict[str, Any]:
            sent = request.headers.get("authorization", "")
            if sent.removeprefix("Bearer ") not in self.good:
                raise HTTPException(401, f"not with {sent}")
            return {"orders": [1], "you": dict(request.headers)}

    def document(self) -> Document:
        described = self.app.openapi()
        described["paths"]["/orders"]["get"]["security"] = [{"OAuth2": ["write", "read"]}]
        return load_document(described)


def use(shop: Shop, url: str, *, times: int = 1, client: str = CLIENT) -> list[Observation]:
    async def calls() -> list[Observation]:
        credentials = Credentials({"OAuth2": Secret(client)})
        async with ApiTools(shop.document(), url, credentials=credentials) as api:
            made = [api.call(Call(id=str(n), tool="listOrders")) for n in range(times)]
            return await asyncio.gather(*made)

    return asyncio.run(calls())


def test_a_token_is_got_once_for_many_calls_at_a_time_and_shows_nowhere(serve: Serve) -> None:
    shop = Shop()
    seen = use(shop, serve(shop.app), times=5)
    assert [o.response.status for o in seen if o.response] == [200] * 5
    asked = {"grant_type": "client_credentials", "scope": "read write", "how": "header"}
    assert shop.asked == [asked]
    assert '"authorization":"Bearer ***"' in seen[0].text
    shown = repr(seen)
    assert "canary" not in shown
    assert SECRET not in shown


def test_the_secret_goes_in_the_body_where_the_header_is_not_taken(serve: Serve) -> None:
    shop = Shop(takes="body")
    assert use(shop, serve(shop.app))[0].text.startswith("Status Code: 200")
    assert [asked["how"] for asked in shop.asked] == ["header", "body"]


def test_a_token_that_is_refused_is_got_anew_once(serve: Serve) -> None:
    shop = Shop()
    url = serve(shop.app)

    async def calls() -> list[str]:
        credentials = Credentials({"OAuth2": Secret(CLIENT)})
        async with ApiTools(shop.document(), url, credentials=credentials) as api:
            first = await api.call(Call(id="1", tool="listOrders"))
            shop.good.clear()  # the API forgets every token
            again = [api.call(Call(id=str(n), tool="listOrders")) for n in range(4)]
            return [first.text, *(seen.text for seen in await asyncio.gather(*again))]

    assert all(text.startswith("Status Code: 200") for text in asyncio.run(calls()))
    assert len(shop.issued) == 2


def test_an_api_that_refuses_every_token_is_an_observation(serve: Serve) -> None:
    shop = Shop()
    shop.good = frozenset()  # type: ignore[assignment]
    app = FastAPI()

    @app.post("/token")
    def token() -> dict[str, str]:
        return {"access_token": "t0k3n-canary"}

    @app.get("/orders")
    def orders(request: Request) -> None:
        raise HTTPException(401, f"not with {request.headers['authorization']}")

    (seen,) = use(shop, serve(app))
    assert seen.text == 'Status Code: 401. Response: {"detail":"not with Bearer ***"}'


def test_what_the_token_endpoint_refuses_is_one_error_without_the_secret(serve: Serve) -> None:
    shop = Shop()
    with pytest.raises(TokenError) as caught:
        use(shop, serve(shop.app), client=f"other:{SECRET}")
    message = str(caught.value)
    assert "/token: gives no access token for 'OAuth2': invalid_client: no" in message
    assert "CLIENT_ID:CLIENT_SECRET" in message
    assert SECRET not in message
    assert "c4n4ry" not in message


def test_the_header_of_a_short_secret_does_not_show_either(serve: Serve) -> None:
    app = FastAPI()
    sent: list[str] = []

    @app.post("/token")
    def token(authorization: str = Header()) -> JSONResponse:
        sent.append(authorization.removeprefix("Basic "))
        return JSONResponse({"error": "no", "error_description": f"not {authorization}"}, 403)

    with pytest.raises(TokenError, match=r"not Basic \*\*\*") as caught:
        use(Shop(), serve(app), client="my app:ab1c")
    assert sent[0] not in str(caught.value)


def test_a_token_request_is_never_redirected(serve: Serve) -> None:
    app = FastAPI()
    reached: list[str] = []

    @app.post("/token")
    def token() -> RedirectResponse:
        return RedirectResponse("/elsewhere", 307)

    @app.post("/elsewhere")
    def elsewhere() -> dict[str, str]:
        reached.append("elsewhere")
        return {"access_token": "t0k3n-canary"}

    with pytest.raises(TokenError, match="it answered 307"):
        use(Shop(), serve(app))
    assert reached == []


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"access_token": None}, "it answered 200"),
        ({"access_token": ""}, "it answered 200"),
        ({"access_token": "a\nb"}, "it answered 200"),
        ({"token_type": "mac"}, "no bearer tokens"),
    ],
)
def test_answers_that_hold_no_token_are_an_error(
    serve: Serve, answer: dict[str, Any], message: str
) -> None:
    shop = Shop(**answer)
    with pytest.raises(TokenError, match=message):
        use(shop, serve(shop.app))


@pytest.mark.parametrize(
    ("token_url", "message"),
    [
        ("http://auth.acme.dev/token", "without encryption"),
        ("https://169.254.169.254/token", "metadata service"),
        ("https://[fe80::1]/token", "link-local"),
        ("ftp://auth.acme.dev/token", "no http"),
    ],
)
def test_token_endpoints_are_under_the_rules_of_hosts(
    serve: Serve, token_url: str, message: str
) -> None:
    shop = Shop(token_url=token_url)
    url = serve(shop.app)
    with pytest.raises(ApiError, match=message) as caught:
        use(shop, url)
    assert "/token: " in str(caught.value)


def test_tokens_do_not_show_in_logs(serve: Serve, capsys: pytest.CaptureFixture[str]) -> None:
    shop = Shop()
    configure_logging(2)
    try:
        use(shop, serve(shop.app))
        logging.getLogger("any").warning("it was %s of %s", shop.issued[0], SECRET)
    finally:
        configure_logging(0)
    logged = capsys.readouterr().err
    assert "it was ***" in logged
    assert "canary" not in logged


class Endpoint:
    """A token endpoint without a network, and a clock."""

    def __init__(self, **answer: Any) -> None:
        self.answer = answer
        self.times = 0
        self.now = 1000.0

    async def __call__(self, request: Any) -> tuple[int, bytes]:
        self.times += 1
        return 200, json.dumps({"access_token": f"token-{self.times}"} | self.answer).encode()

    def tokens(self) -> Tokens:
        return Tokens(self, lambda secrets: None, clock=lambda: self.now)


GRANT = Grant("s", "https://auth.acme.dev/token", "a:b")


@pytest.mark.parametrize(
    ("lifetime", "good", "late"),
    [(3600, 3569, 3571), ("60", 29, 31), (10, 4, 6), (None, 1e9, None), ("soon", 1e9, None)],
)
def test_a_token_is_kept_until_shortly_before_its_end(
    lifetime: Any, good: float, late: float | None
) -> None:
    endpoint = Endpoint(expires_in=lifetime)

    async def use_token() -> None:
        tokens = endpoint.tokens()
        assert await tokens.get(GRANT) == "token-1"
        endpoint.now = 1000 + good
        assert await tokens.get(GRANT) == "token-1"
        if late is not None:
            endpoint.now = 1000 + late
            assert await tokens.get(GRANT) == "token-2"

    asyncio.run(use_token())


def test_each_set_of_scopes_has_a_token_of_its_own() -> None:
    endpoint = Endpoint()

    async def use_token() -> set[str]:
        tokens = endpoint.tokens()
        other = Grant("s", GRANT.url, GRANT.client, ("write",))
        return {await tokens.get(grant) for grant in (GRANT, other, GRANT)}

    assert asyncio.run(use_token()) == {"token-1", "token-2"}


def test_who_gives_up_waiting_does_not_keep_others_from_the_token() -> None:
    endpoint = Endpoint()
    began = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(request: Any) -> tuple[int, bytes]:
        began.set()
        await go_on.wait()
        return await endpoint(request)

    async def use_token() -> str:
        tokens = Tokens(slow, lambda secrets: None)
        first = asyncio.create_task(tokens.get(GRANT))
        await began.wait()
        second = asyncio.create_task(tokens.get(GRANT))
        first.cancel()
        go_on.set()
        return await second

    assert asyncio.run(use_token()) == "token-1"


def test_no_repr_shows_a_client() -> None:
    assert "hidden" not in repr(Grant("s", "https://a.dev", "me:hidden"))
