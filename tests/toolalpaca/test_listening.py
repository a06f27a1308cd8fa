from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest

from toolalpaca.listening import bind, url_of


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::"])  # noqa: S104
def test_the_url_of_a_listener_reaches_it(host: str) -> None:
    if host == "::" and not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no IPv6")
    with bind(host, 0) as listener:
        listener.listen()
        url = urlsplit(url_of(listener))
        assert url.hostname is not None
        socket.create_connection((url.hostname, url.port), timeout=10).close()
