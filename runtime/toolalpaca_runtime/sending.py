"""Requests of one API sent with their credentials, of which nothing shows afterwards."""

from __future__ import annotations

from collections.abc import Iterable

import httpx2

from toolalpaca.calling.request import PreparedRequest
from toolalpaca.errors import ApiError
from toolalpaca.logs import conceal
from toolalpaca.openapi.model import Document, Operation
from toolalpaca.redaction import Redactor
from toolalpaca_runtime.auth import Authorization, Credentials
from toolalpaca_runtime.auth.authorizer import Authorizer
from toolalpaca_runtime.auth.oauth2 import TokenError, Tokens
from toolalpaca_runtime.network.hosts import HostRules
from toolalpaca_runtime.network.settings import Bounds
from toolalpaca_runtime.transport import NoAnswer, RawResponse, send


class AuthorizedSender:
    """Sends the requests of one API.

    Args:
        document: The API.
        base_url: Against which token URLs are resolved.
        credentials: By security scheme.
        client: Sends.
        bounds: Of each call.
        rules: Where redirects may lead.

    Attributes:
        redact: Masks the credentials, and every access token from the moment that it is got.
    """

    def __init__(
        self,
        document: Document,
        base_url: str,
        credentials: Credentials,
        *,
        client: httpx2.AsyncClient,
        bounds: Bounds,
        rules: HostRules,
    ) -> None:
        self.redact = Redactor(credentials.texts())
        self._client = client
        self._bounds = bounds
        self._rules = rules
        tokens = Tokens(self._post, self._learn)
        self._authorizer = Authorizer(document, credentials, base_url, tokens)

    def planned(self, operation: Operation, url: str) -> Authorization:
        """What a request to *url* will carry; access tokens that must be got are not among it."""
        return self._authorizer.recorded(operation, url)

    async def send(self, operation: Operation, request: PreparedRequest) -> RawResponse:
        """The response to *request*, which is sent again when its access token was refused.

        Raises:
            ApiError: Nobody is at the address, or a token endpoint gives no token.
            NoAnswer: As :func:`toolalpaca_runtime.transport.send`.
        """
        try:
            authorization = await self._authorizer.authorize(operation, request.url)
            response = await self._send_with(request, authorization)
            if response.status == 401 and self._authorizer.renews(operation, request.url):
                renewed = await self._authorizer.authorize(
                    operation, request.url, refused=authorization
                )
                response = await self._send_with(request, renewed)
        except ApiError as error:
            where = self.redact(error.where) if error.where else None
            raise type(error)(self.redact(error.what), where=where, hint=error.hint) from error
        return response

    async def _send_with(
        self, request: PreparedRequest, authorization: Authorization
    ) -> RawResponse:
        return await send(
            self._client, request, self._bounds, authorization=authorization, rules=self._rules
        )

    async def _post(self, request: PreparedRequest) -> tuple[int, bytes]:
        """Send a token request. It is never redirected, because it holds a secret."""
        try:
            response = await send(self._client, request, self._bounds, redirects=0)
        except NoAnswer as error:
            raise TokenError(f"gives no access token: {error}", where=request.url) from None
        return response.status, response.body

    def _learn(self, secrets: Iterable[str]) -> None:
        found = list(secrets)
        self.redact.learn(found)
        conceal(found)
