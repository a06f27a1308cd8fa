"""Which hosts requests may be sent to.

A document says where its API is, and whoever wrote the document need not be a friend: a server of
``http://169.254.169.254`` would have the agent read the keys of the machine that it runs on
(https://cwe.mitre.org/data/definitions/918.html). So only public addresses are spoken to, and
those that the user named. Names are judged by the addresses that they resolve to, at the moment of
the connection (:mod:`toolalpaca_runtime.network.connections`).
"""

from __future__ import annotations

import ipaddress
import socket
from argparse import ArgumentTypeError
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from toolalpaca.hosts import is_loopback
from toolalpaca_runtime.network.origins import bracketed

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_THIS_MACHINE: Final = "this machine"
_METADATA_SERVICE: Final = "the metadata service of a cloud"
_METADATA_NAMES: Final = ("metadata.google.internal", "metadata.goog", "metadata")
_METADATA: Final = frozenset(
    map(
        ipaddress.ip_address,
        # AWS, Google, Azure and others; AWS over IPv6; Alibaba; Oracle; Azure's host.
        (
            "169.254.169.254",
            "169.254.170.2",
            "fd00:ec2::254",
            "100.100.100.200",
            "192.0.0.192",
            "168.63.129.16",
        ),
    )
)
_INTERNAL: Final = (".internal", ".local", ".localhost", ".home.arpa", ".lan", ".corp", ".home")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
"""All that is assigned of IPv6 for use between networks (RFC 4291, section 2.4)."""
_IPV4_COMPATIBLE: Final = ipaddress.ip_network("::/96")


class HostRefused(Exception):
    """A request that was not sent, because of where it would have gone; the text says why."""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """What ``--reach`` names: a host, or addresses."""

    name: str = ""
    network: Network | None = None


def allowed_host(text: str) -> AllowedHost:
    """A host name, an address or a network (``10.0.0.0/8``) as the type of an argument."""
    name = text.strip().strip("[]").lower().rstrip(".")
    try:
        return AllowedHost(network=ipaddress.ip_network(name, strict=False))
    except ValueError:
        pass
    if not name or not all(c.isalnum() or c in "-._" for c in name):
        raise ArgumentTypeError(
            f"{text!r} is neither a host name nor an address nor a network such as 10.0.0.0/8"
        )
    return AllowedHost(name=name)


@dataclass(frozen=True, slots=True)
class HostRules:
    """Public addresses, and what the user allowed besides.

    Attributes:
        allowed: By ``--reach``, wherever it resolves to. Redirects may lead there, too.
        named: Hosts of URLs that the user wrote, in lower case. An address is allowed so, and a
            name that no public name server answers. Any other name could resolve to an address
            inside at any time, if whoever owns it likes.
        loopback: Whether what is this machine by its very name may be reached.
    """

    allowed: tuple[AllowedHost, ...] = ()
    named: frozenset[str] = frozenset()
    loopback: bool = False

    @classmethod
    def of(cls, *urls: str, allowed: Iterable[AllowedHost] = ()) -> HostRules:
        """The rules for a user who wrote *urls* and *allowed*."""
        hosts = frozenset(map(host_of, urls)) - {""}
        return cls(tuple(allowed), hosts, any(is_loopback(url) for url in urls))

    def allows(self, host: str) -> bool:
        """Whether ``--reach`` allows *host*."""
        return self._allows(_plain(host), literal(host))

    def refusal(self, host: str) -> str:
        """Why nothing is sent to *host* as it is written, or ``""``; names are not resolved."""
        name, address = _plain(host), literal(host)
        if name in _METADATA_NAMES and not self._allows(name, None):
            return _told(name, _METADATA_SERVICE)
        return "" if address is None else self.address_refusal(name, address)

    def address_refusal(self, host: str, address: Address) -> str:
        """Why nothing is sent to *host* at *address*, to which it resolved, or ``""``."""
        name = _plain(host)
        what = _not_public(address)
        if not what or self._allows(name, address):
            return ""
        is_address = literal(name) is not None
        if name in self.named and (
            is_address or (_is_internal(name) and what != _METADATA_SERVICE)
        ):
            return ""
        if self.loopback and is_loopback(f"http://{bracketed(name)}") and what == _THIS_MACHINE:
            return ""
        return _told(name, what) if is_address else _told(name, what, f"{name} ({address})")

    def _allows(self, name: str, address: Address | None) -> bool:
        return any(
            (item.name == name)
            if item.network is None
            else address is not None and _within(address, item.network)
            for item in self.allowed
        )


def host_of(url: str) -> str:
    """The host of *url* in lower case, without the full stop that ends a complete name.

    >>> host_of("http://LocalHost.:80/a")
    'localhost'
    """
    try:
        return _plain(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def literal(host: str) -> Address | None:
    """The address that *host* writes, in any form that a resolver takes, or None for a name.

    >>> literal("0x7f.1")
    IPv4Address('127.0.0.1')
    """
    text = host.strip("[]").partition("%")[0]
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        pass
    # Decimal, octal and hexadecimal numbers, and fewer than four of them (inet_aton(3)).
    if not text or not all(c in "0123456789abcdefxABCDEFX." for c in text):
        return None
    try:
        return IPv4Address(socket.inet_aton(text))
    except OSError:
        return None


def _not_public(address: Address) -> str:
    """What *address* is when it is not public, else ``""``."""
    inner = _embedded(address)
    if inner is not None:
        return _not_public(inner)
    if address in _METADATA:
        return _METADATA_SERVICE
    if address.is_loopback:
        return _THIS_MACHINE
    if address.is_link_local:
        return "a link-local address"
    if address.is_multicast:
        return "a multicast address"
    public = address.version == 4 or address in _GLOBAL_UNICAST
    return "" if public and address.is_global else "a private or reserved address"


def _embedded(address: Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for, if it does (RFC 4291, 6052, 3056, 4380)."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _IPV4_COMPATIBLE and int(address) > 1:
        return IPv4Address(int(address))
    return None


def _within(address: Address, network: Network) -> bool:
    inner = _embedded(address)
    return address in network or (inner is not None and inner in network)


def _is_internal(name: str) -> bool:
    """Whether public name servers know nothing of *name* (RFC 6762, 8375; ICANN keeps the rest)."""
    return "." not in name or name.endswith(_INTERNAL)


def _told(host: str, what: str, shown: str = "") -> str:
    return f"{shown or host} is {what}; --reach {host} allows it"


def _plain(host: str) -> str:
    return host.strip("[]").lower().rstrip(".")
