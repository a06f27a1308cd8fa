"""The secrets of an API's security schemes, and where each may be sent."""

from __future__ import annotations

import base64
import os
import re
from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from toolalpaca.errors import UsageError
from toolalpaca.llm.options import Secret
from toolalpaca.openapi.model import Document, SecurityScheme

VARIABLE_PREFIX: Final = "TOOLALPACA_AUTH_"
PLACEHOLDER: Final = "simulated"
"""What a simulated API is given: it takes any credential that is well formed."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret for one security scheme; its text shows in no repr.

    Attributes:
        scheme: The scheme's name in the document.
        secret: In the form that the scheme takes: a key, a token, ``user:password``, or
            ``client_id:client_secret``.
        hosts: The only hosts that it is sent to, each with its port where that matters; empty for
            wherever the document has the scheme used.
    """

    scheme: str
    secret: Secret
    hosts: tuple[str, ...] = ()


def credential(text: str) -> Credential:
    """``SCHEME=VALUE`` as the type of an argument; the value never shows in an error."""
    scheme, equals, value = text.partition("=")
    if not scheme or not equals or not value:
        raise ArgumentTypeError("a credential is written SCHEME=VALUE")
    return Credential(scheme, Secret(value))


def variable(scheme: str) -> str:
    """The environment variable that holds the credential of *scheme*.

    >>> variable("api-key")
    'TOOLALPACA_AUTH_API_KEY'
    """
    return VARIABLE_PREFIX + re.sub(r"[^A-Za-z0-9]+", "_", scheme).upper()


class Credentials:
    """The secrets of one API's security schemes, by scheme name.

    Args:
        secrets: By scheme name.
        hosts: The only hosts that a scheme's secret is sent to, where there is such a bound.
    """

    def __init__(
        self,
        secrets: Mapping[str, Secret] | None = None,
        hosts: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self._secrets = dict(secrets or {})
        self._hosts = dict(hosts or {})

    @classmethod
    def find(
        cls,
        document: Document,
        given: Iterable[Credential] = (),
        environment: Mapping[str, str] = os.environ,
        *,
        kept: Iterable[Credential] = (),
        certificate: bool = False,
    ) -> Credentials:
        """The credentials for *document*: those *given*, of the environment, and *kept*, in turn.

        Args:
            document: Says which schemes there are.
            given: By the command line.
            environment: Holds ``TOOLALPACA_AUTH_*``.
            kept: Read from files; those for schemes that the document does not have are passed
                over.
            certificate: Whether requests show a client certificate (``mutualTLS``).

        Raises:
            UsageError: One that was given is for a scheme that the document does not have, or one
                has no form that its scheme takes.
        """
        schemes = document.security_schemes
        found = {item.scheme: item for item in kept if item.scheme in schemes}
        for name in schemes:
            if environment.get(variable(name)):
                found[name] = Credential(name, Secret(environment[variable(name)]))
        for item in given:
            if item.scheme not in schemes:
                known = ", ".join(schemes) or "none"
                raise UsageError(
                    f"{document.title} has no security scheme {item.scheme!r}",
                    where="--auth",
                    hint=f"its schemes: {known}",
                )
            found[item.scheme] = item
        for name, item in found.items():
            _check(schemes[name], item.secret)
        if certificate:
            shown = [name for name, scheme in schemes.items() if scheme.type == "mutualTLS"]
            found.update({name: Credential(name, Secret("")) for name in shown})
        return cls(
            {name: item.secret for name, item in found.items()},
            {name: item.hosts for name, item in found.items() if item.hosts},
        )

    @classmethod
    def placeholders(cls, document: Document) -> Credentials:
        """Well-formed credentials for every scheme of a simulated API; they are no secrets."""
        return cls(
            {
                name: Secret(f"{PLACEHOLDER}:{PLACEHOLDER}" if is_basic(scheme) else PLACEHOLDER)
                for name, scheme in document.security_schemes.items()
                if scheme.type != "mutualTLS"
            }
        )

    def __contains__(self, scheme: str) -> bool:
        return scheme in self._secrets

    def __getitem__(self, scheme: str) -> str:
        return self._secrets[scheme].reveal()

    def __repr__(self) -> str:
        return f"Credentials({', '.join(self._secrets)})"

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def may_go_to(self, scheme: str, authority: str) -> bool:
        """Whether the secret of *scheme* is there and may be sent to *authority* (host and port).

        An empty authority asks whether it is there at all.
        """
        hosts = self._hosts.get(scheme)
        return scheme in self._secrets and (
            not hosts or not authority or not {authority, host_alone(authority)}.isdisjoint(hosts)
        )

    def texts(self) -> list[str]:
        """Every text that must not show: the secrets, and what is made of them to be sent."""
        texts = []
        for secret in self._secrets.values():
            text = secret.reveal()
            texts += [text, base64.b64encode(text.encode()).decode()]
            # A password after its user, a token after "Bearer" or "Token": servers echo it alone.
            texts += [rest for mark in ": " for rest in [text.partition(mark)[2]] if rest]
        return [text for text in texts if text not in (PLACEHOLDER, f"{PLACEHOLDER}:{PLACEHOLDER}")]


def host_alone(authority: str) -> str:
    """The host in host and port.

    >>> host_alone("[::1]:80")
    '::1'
    """
    return authority.rpartition(":")[0].strip("[]")


def is_basic(scheme: SecurityScheme) -> bool:
    """Whether *scheme* takes a user name and a password (RFC 7617)."""
    return scheme.type == "http" and scheme.scheme == "basic"


def is_client(scheme: SecurityScheme, text: str) -> bool:
    """Whether *text* names an OAuth 2.0 client; a token has no colon (RFC 6750, section 2.1)."""
    return scheme.type == "oauth2" and ":" in text


def client_flow(scheme: SecurityScheme) -> Mapping[str, object] | None:
    """The client credentials flow of *scheme*, if it has one that says where tokens are."""
    flow = scheme.flows.get("clientCredentials")
    return flow if isinstance(flow, Mapping) and isinstance(flow.get("tokenUrl"), str) else None


def _check(scheme: SecurityScheme, secret: Secret) -> None:
    text = secret.reveal()
    if is_basic(scheme) and ":" not in text:
        raise UsageError(
            f"the credential for {scheme.name!r} lacks its password",
            hint=f"basic credentials are written {scheme.name}=USER:PASSWORD",
        )
    if not text.isprintable():
        raise UsageError(f"the credential for {scheme.name!r} holds control characters")
    if scheme.type == "mutualTLS":
        raise UsageError(
            f"{scheme.name!r} takes a client certificate", hint="give --client-cert FILE"
        )
    if is_client(scheme, text) and client_flow(scheme) is None:
        flows = ", ".join(map(str, scheme.flows)) or "none"
        raise UsageError(
            f"{scheme.name!r} has no client credentials flow, the one flow that is supported "
            f"(its flows: {flows})",
            hint=f"get an access token by another program, and give {scheme.name}=TOKEN",
        )
