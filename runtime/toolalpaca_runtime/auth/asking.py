"""Credentials that a person types, without an echo."""

from __future__ import annotations

import getpass
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from toolalpaca.errors import UsageError
from toolalpaca.llm.options import Secret
from toolalpaca.openapi.model import Document, SecurityScheme
from toolalpaca_runtime.auth.credentials import Credential, client_flow, is_basic


def ask_for(document: Document, schemes: Sequence[str], where: str) -> list[Credential]:
    """Ask at the terminal for the credentials of *schemes*; an empty line leaves one out.

    Args:
        document: Says what they are.
        schemes: Their names.
        where: The API's address, for the person to see whom they are given to.

    Raises:
        UsageError: There is no terminal.
    """
    if not sys.stdin.isatty():
        raise UsageError(
            "there is no terminal to ask at",
            where="--ask-auth",
            hint="give --auth, --auth-file or TOOLALPACA_AUTH_<SCHEME>",
        )
    found = []
    with _interruptible():
        for name in schemes:
            scheme = document.security_schemes.get(name)
            if scheme is None or scheme.type == "mutualTLS":
                continue
            question = f"{name} for {where} ({form(scheme)}, nothing for none): "
            # The name is the document's, and must not drive the terminal.
            text = getpass.getpass("".join(c if c.isprintable() else "?" for c in question))
            if text:
                found.append(Credential(name, Secret(text)))
    return found


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end the question: an event loop would wait until it was answered."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def form(scheme: SecurityScheme) -> str:
    """What the credential of *scheme* looks like, for a person."""
    if is_basic(scheme):
        return "USER:PASSWORD"
    if scheme.type == "oauth2" and client_flow(scheme) is not None:
        return "CLIENT_ID:CLIENT_SECRET or a token"
    return "key" if scheme.type == "apiKey" else "token"
