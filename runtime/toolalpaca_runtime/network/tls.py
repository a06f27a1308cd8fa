"""Whose certificates are trusted, and which one is shown."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx2

from toolalpaca.errors import UsageError


def load_tls_context(
    ca_file: Path | None = None, client_cert: Path | None = None
) -> ssl.SSLContext | None:
    """The TLS settings of the command line; None for the usual ones.

    Args:
        ca_file: Certificates of authorities (PEM) that are trusted besides the system's own.
        client_cert: A certificate with its key (PEM, one file), shown to servers that ask.

    Raises:
        UsageError: A file holds no such thing.
    """
    if ca_file is None and client_cert is None:
        return None
    context = httpx2.create_ssl_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise _unusable(ca_file, "--ca-file", "certificates", error) from error
    if client_cert is not None:
        try:
            # An empty password is no password: OpenSSL would ask at the terminal.
            context.load_cert_chain(client_cert, password="")
        except (OSError, ssl.SSLError) as error:
            raise _unusable(
                client_cert, "--client-cert", "a certificate and its unencrypted key", error
            ) from error
    return context


def _unusable(path: Path, option: str, what: str, error: OSError) -> UsageError:
    reason = error.strerror if not isinstance(error, ssl.SSLError) else None
    return UsageError(
        f"{option} cannot be read: {reason or 'it is not what it should be'}",
        where=str(path),
        hint=f"it holds {what} in PEM form",
    )
