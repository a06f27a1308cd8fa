from __future__ import annotations

import ipaddress
from argparse import ArgumentTypeError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolalpaca_runtime.network.hosts import HostRules, allowed_host, host_of, literal

STRANGER = HostRules.of("https://api.acme.dev/openapi.json")
"""For a user who named a public document."""


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0.0.0.0",
        "10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254", "0xa9fea9fe",
        "2852039166", "0251.0376.0251.0376", "169.254.170.2", "100.100.100.200", "168.63.129.16",
        "192.0.0.192", "224.0.0.1", "255.255.255.255", "[::1]", "::1", "::", "fe80::1",
        "fe80::1%eth0", "fd00:ec2::254", "fc00::1", "ff02::1", "fec0::1", "4000::1",
        "::ffff:127.0.0.1", "64:ff9b:1::5db8:d822",
        "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::",
        "64:ff9b:1::a00:1", "metadata.google.internal", "METADATA.google.internal.", "metadata",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused_however_it_is_written(host: str) -> None:
    reason = STRANGER.refusal(host)
    assert reason
    assert "--reach" in reason


@pytest.mark.parametrize("host", ["93.184.216.34", "2606:4700::1111", "api.acme.dev", "0x5db8d822"])
def test_public_hosts_are_not_refused(host: str) -> None:
    assert STRANGER.refusal(host) == ""


@given(st.ip_addresses())
def test_an_address_is_reached_only_when_it_is_global(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    if not STRANGER.address_refusal("api.acme.dev", address):
        assert address.is_global
        assert not address.is_multicast


PUBLIC = ipaddress.ip_address("93.184.216.34")
EMBEDDED = {
    "mapped (RFC 4291)": lambda v4: 0xFFFF << 32 | v4,
    "compatible (RFC 4291)": lambda v4: v4,
    "NAT64 (RFC 6052)": lambda v4: 0x64FF9B << 96 | v4,
    "6to4 (RFC 3056)": lambda v4: 0x2002 << 112 | v4 << 80,
    "Teredo (RFC 4380)": lambda v4: 0x20010000 << 96 | int(PUBLIC) << 64 | v4 ^ 0xFFFFFFFF,
}


@pytest.mark.parametrize("form", EMBEDDED)
@given(address=st.ip_addresses(v=4) | st.just(PUBLIC))
def test_an_address_within_another_is_judged_as_what_it_is(
    form: str, address: ipaddress.IPv4Address
) -> None:
    whole = ipaddress.IPv6Address(EMBEDDED[form](int(address)))
    assert bool(STRANGER.address_refusal("h.dev", whole)) == bool(
        STRANGER.address_refusal("h.dev", address)
    )


@given(st.ip_addresses(v=4))
def test_every_form_of_a_literal_is_the_same_address(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    octets = address.packed
    forms = [
        str(number),
        hex(number),
        f"0{number:o}",
        ".".join(map(hex, octets)),
        f"{octets[0]}.{number & 0xFFFFFF}",
    ]
    assert {literal(form) for form in forms} == {address}


@pytest.mark.parametrize("host", ["api.acme.dev", "face", "dead.beef", "", "1.2.3.4.5", "xn--a"])
def test_names_are_no_literals(host: str) -> None:
    assert literal(host) is None


def refused(rules: HostRules, host: str, address: str) -> bool:
    return bool(rules.refusal(host) or rules.address_refusal(host, ipaddress.ip_address(address)))


def test_a_name_is_judged_by_what_it_resolves_to() -> None:
    assert refused(STRANGER, "api.acme.dev", "127.0.0.1")  # even the one that the user wrote
    assert refused(STRANGER, "cdn.acme.dev", "10.0.0.1")
    assert refused(STRANGER, "localhost", "127.0.0.1")
    assert not refused(STRANGER, "api.acme.dev", "93.184.216.34")


def test_an_address_that_the_user_wrote_is_allowed_and_no_other() -> None:
    rules = HostRules.of("http://10.0.0.5:8080/openapi.json")
    assert not refused(rules, "10.0.0.5", "10.0.0.5")
    assert refused(rules, "10.0.0.6", "10.0.0.6")
    assert refused(rules, "127.0.0.1", "127.0.0.1")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]"])
def test_who_writes_this_machine_allows_this_machine(url: str) -> None:
    rules = HostRules.of(url)
    assert not refused(rules, "127.0.0.1", "127.0.0.1")
    assert not refused(rules, "localhost", "::1")
    assert refused(rules, "evil.dev", "127.0.0.1")
    assert refused(rules, "10.0.0.1", "10.0.0.1")


@pytest.mark.parametrize("host", ["mock", "api.corp", "printer.local", "api.internal"])
def test_names_that_only_an_inner_network_knows_are_allowed_when_written(host: str) -> None:
    rules = HostRules.of(f"http://{host}:8000/railway")
    assert not refused(rules, host, "10.0.0.7")
    assert refused(rules, host, "169.254.169.254")
    assert refused(STRANGER, host, "10.0.0.7")


def test_allow_host_takes_names_addresses_and_networks() -> None:
    rules = HostRules.of(allowed=map(allowed_host, ["api.acme.dev", "10.0.0.0/8", "[::1]"]))
    assert not refused(rules, "API.acme.dev.", "192.168.0.1")
    assert not refused(rules, "elsewhere.dev", "10.200.0.1")
    assert not refused(rules, "10.9.9.9", "10.9.9.9")
    assert not refused(rules, "::1", "::1")
    assert refused(rules, "elsewhere.dev", "192.168.0.1")
    assert rules.allows("api.acme.dev")
    assert rules.allows("10.0.0.1")
    assert not rules.allows("elsewhere.dev")


@pytest.mark.parametrize("text", ["", "http://a/", "a b", "10.0.0.0/33"])
def test_what_is_no_host_is_no_argument(text: str) -> None:
    with pytest.raises(ArgumentTypeError):
        allowed_host(text)


def test_the_host_of_what_is_no_url_is_nothing() -> None:
    assert host_of("http://[half") == ""
    assert host_of("") == ""
