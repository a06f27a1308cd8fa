"""How a user wants an API to be reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from toolalpaca_runtime.network.hosts import AllowedHost


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one call may take.

    Attributes:
        seconds: From the first byte sent to the last byte read.
        bytes: Of the decoded body; the rest is not read.
    """

    seconds: float = 30.0
    bytes: int = 1_000_000


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What the command line says about connections.

    Attributes:
        allowed: Hosts that may be reached though they are not public, and redirected to.
        ca_file: Certificates of authorities (PEM) that are trusted besides the system's.
        client_cert: A certificate and its key (PEM), shown to servers that ask.
        bounds: Of each call.
    """

    allowed: tuple[AllowedHost, ...] = ()
    ca_file: Path | None = None
    client_cert: Path | None = None
    bounds: Bounds = field(default_factory=Bounds)
