"""Gives each request its credentials, and gets those that have to be got."""

from __future__ import annotations

from urllib.parse import urljoin

from toolalpaca.openapi.model import Document, Operation
from toolalpaca_runtime.auth.authorization import Authorization, authorize, chosen
from toolalpaca_runtime.auth.credentials import Credentials, client_flow, is_client
from toolalpaca_runtime.auth.oauth2 import Grant, TokenError, Tokens
from toolalpaca_runtime.network.hosts import host_of
from toolalpaca_runtime.network.origins import authority, origin


class Authorizer:
    """The credentials of one API, at work.

    Args:
        document: The API.
        credentials: What the user gave.
        base_url: Against which token URLs are resolved.
        tokens: Gets access tokens.
    """

    def __init__(
        self, document: Document, credentials: Credentials, base_url: str, tokens: Tokens
    ) -> None:
        self._document = document
        self._credentials = credentials
        self._base_url = base_url
        self._tokens = tokens

    async def authorize(
        self, operation: Operation, url: str, refused: Authorization | None = None
    ) -> Authorization:
        """What a request to *url* carries.

        Args:
            operation: What is called.
            url: Where the request goes.
            refused: What the API has just refused; access tokens in it are got anew.

        Raises:
            ApiError: A token endpoint gives no token, or cannot be reached.
            NoAnswer: It is too slow, or where nothing may be sent.
        """
        if not self._credentials:
            return Authorization()
        where = authority(url)
        old = [value.partition(" ")[2] for _, value in refused.headers] if refused else []
        tokens = {}
        for grant in self._grants(operation, where):
            token = await self._tokens.get(grant)
            tokens[grant.scheme] = (
                await self._tokens.get(grant, refused=token) if token in old else token
            )
        return authorize(
            operation, self._document, self._credentials, authority=where, tokens=tokens
        )

    def renews(self, operation: Operation, url: str) -> bool:
        """Whether a request to *url* carries an access token that can be got anew."""
        return bool(self._credentials) and bool(self._grants(operation, authority(url)))

    def recorded(self, operation: Operation, url: str) -> Authorization:
        """What a request to *url* would carry, for its record: nothing is got for it."""
        if not self._credentials:
            return Authorization()
        return authorize(operation, self._document, self._credentials, authority=authority(url))

    def _grants(self, operation: Operation, where: str) -> list[Grant]:
        grants = []
        needed = chosen(operation, self._document, self._credentials, where)
        for name, scopes in needed.items():
            scheme = self._document.security_schemes[name]
            secret = self._credentials[name]
            flow = client_flow(scheme)
            if flow is not None and is_client(scheme, secret):
                url = urljoin(f"{self._base_url}/", str(flow["tokenUrl"]))
                if not self._credentials.may_go_to(name, authority(url)):
                    raise TokenError(
                        f"the secret for {name!r} is not meant for this host",
                        where=origin(url),
                        hint=f"write it under [{host_of(url)!r}] in the credentials file, too",
                    )
                grants.append(Grant(name, url, secret, tuple(sorted(scopes))))
        return grants
