from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from toolalpaca.listening import bind, url_of


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])
def test_the_url_of_a_listener_reaches_it(host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with bind(host, 0) as listener:
        listener.listen()
        url = urlsplit(url_of(listener))
        assert url.hostname is not None
        socket.create_connection((url.hostname, url.port), timeout=10).close()


def test_answers_do_not_wait_for_acknowledgements() -> None:
    """asyncio switches Nagle's algorithm off for sockets that name TCP, and for no others."""
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        with socket.create_connection(listener.getsockname()):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP
