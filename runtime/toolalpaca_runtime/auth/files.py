"""Credentials that stand in files: our own by host and scheme, and ``.netrc``.

Our own is TOML, a table for each host, a line for each security scheme::

    ["api.example.com"]
    ApiKey = "..."
    oauth = "client_id:client_secret"

    ["localhost:8080"]
    basic = "user:password"

What stands under a host is sent to that host and to no other, whatever a document says. The
client of an API whose token endpoint is on another host stands there, too.
"""

from __future__ import annotations

import netrc
import os
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from toolalpaca.errors import UsageError
from toolalpaca.llm.options import Secret
from toolalpaca.openapi.model import Document
from toolalpaca_runtime.auth.credentials import Credential, host_alone, is_basic

_NAME: Final = "credentials.toml"
_FORM: Final = 'it has a table for each host, ["api.example.com"], and lines SCHEME = "VALUE" in it'


def kept_credentials(
    document: Document,
    authority: str,
    *,
    auth_file: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> list[Credential]:
    """What files hold for the API at *authority*.

    Args:
        document: Says which schemes there are.
        authority: The API's host and port, as ``api.example.com:443``.
        auth_file: Our own file; by default ``toolalpaca/credentials.toml`` in the user's folder of
            settings, if it is there.
        environment: Says where that is, and ``.netrc``.

    Raises:
        UsageError: A file that holds credentials is readable by others, or cannot be read.
    """
    found: dict[str, Credential] = {}
    basic = [name for name, scheme in document.security_schemes.items() if is_basic(scheme)]
    if basic:
        secret = _from_netrc(host_alone(authority), environment)
        if secret is not None:
            found = {name: Credential(name, secret, (authority,)) for name in basic}
    path = auth_file or _usual_file(environment)
    if path is not None:
        for item in _from_file(path, authority):
            if item.scheme in document.security_schemes:
                found[item.scheme] = item
    return list(found.values())


def _usual_file(environment: Mapping[str, str]) -> Path | None:
    home = _home(environment)
    settings = environment.get("XDG_CONFIG_HOME") or environment.get("APPDATA")
    folder = Path(settings) if settings else home / ".config" if home else None
    path = folder / "toolalpaca" / _NAME if folder else None
    return path if path is not None and path.exists() else None


def _home(environment: Mapping[str, str]) -> Path | None:
    home = environment.get("HOME") or environment.get("USERPROFILE")
    return Path(home) if home else None


def _from_file(path: Path, authority: str) -> Iterator[Credential]:
    """What stands under the host of *authority*; what stands under host and port comes last."""
    _check_private(path)
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        # The parser's message could quote the line, and with it a secret.
        raise UsageError("is no TOML", where=str(path), hint=_FORM) from None
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    entries = list(_entries(tables, (), path))
    for bound in (host_alone(authority), authority):
        for host, scheme, text in entries:
            if host == bound:
                also = {other for other, name, value in entries if (name, value) == (scheme, text)}
                yield Credential(scheme, Secret(text), tuple(sorted(also)))


def _entries(
    tables: Mapping[str, Any], names: tuple[str, ...], path: Path
) -> Iterator[tuple[str, str, str]]:
    """Host, scheme and secret; ``[a.example]`` without quotes is a table in a table."""
    for name, value in tables.items():
        if isinstance(value, Mapping):
            yield from _entries(value, (*names, name), path)
        elif names and isinstance(value, str) and value:
            yield ".".join(names).lower().strip("[]"), name, value
        else:
            raise UsageError(f"{name!r} is no credential", where=str(path), hint=_FORM)


def _from_netrc(host: str, environment: Mapping[str, str]) -> Secret | None:
    """The user and password for *host*; the ``default`` entry, which is for any host, is not."""
    home = _home(environment)
    named = environment.get("NETRC")
    path = Path(named) if named else home / ".netrc" if home else None
    if path is None or not path.is_file():
        return None
    try:
        entry = netrc.netrc(str(path)).hosts.get(host)
    except netrc.NetrcParseError as error:
        place = f"{path}:{error.lineno}"
        raise UsageError("cannot be understood", where=place, hint="see man netrc") from None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UsageError(f"cannot be read: {reason}", where=str(path)) from None
    if entry is None or not entry[0] or entry[2] is None:
        return None
    _check_private(path)
    return Secret(f"{entry[0]}:{entry[2]}")


def _check_private(path: Path) -> None:
    """Refuse a file that others than its owner can use, as ssh does."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from error
    if not stat.S_ISREG(mode):
        raise UsageError("is no file", where=str(path))
    if os.name == "posix" and mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            "holds credentials, and others can read it", where=str(path), hint=f"chmod 600 {path}"
        )
