"""Webhooks go out into the world, and not into the network that the service is in."""

from __future__ import annotations

import socket
from ipaddress import ip_address

import pytest

from service.errors import InvalidInput
from service.webhooks.network import addresses, check_url, is_public
from tests.names import places


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "2a00:1450:4001:82a::200e"],
)
def test_addresses_of_the_world_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("127.0.0.1", id="loopback"),
        pytest.param("127.255.255.254", id="the last loopback"),
        pytest.param("0.0.0.0", id="this host"),  # noqa: S104 - nothing listens
        pytest.param("10.0.0.1", id="private, large"),
        pytest.param("172.16.0.1", id="private, medium"),
        pytest.param("172.31.255.254", id="private, the last medium"),
        pytest.param("192.168.1.1", id="private, small"),
        pytest.param("169.254.169.254", id="metadata of most clouds"),
        pytest.param("100.64.0.1", id="shared by a provider's customers"),
        pytest.param("100.100.100.200", id="metadata of Alibaba"),
        pytest.param("192.0.0.192", id="metadata of Oracle"),
        pytest.param("168.63.129.16", id="Azure's own services"),
        pytest.param("192.0.2.1", id="documentation"),
        pytest.param("198.18.0.1", id="benchmarks"),
        pytest.param("224.0.0.1", id="multicast"),
        pytest.param("239.255.255.250", id="multicast of a site"),
        pytest.param("240.0.0.1", id="reserved"),
        pytest.param("255.255.255.255", id="broadcast"),
        pytest.param("::", id="IPv6: none"),
        pytest.param("::1", id="IPv6: loopback"),
        pytest.param("fe80::1", id="IPv6: link-local"),
        pytest.param("fe80::1%eth0", id="IPv6: link-local of an interface"),
        pytest.param("fc00::1", id="IPv6: unique local"),
        pytest.param("fd00:ec2::254", id="IPv6: metadata of Amazon"),
        pytest.param("fec0::1", id="IPv6: site-local"),
        pytest.param("ff02::1", id="IPv6: multicast"),
        pytest.param("2001:db8::1", id="IPv6: documentation"),
        pytest.param("3fff::1", id="IPv6: documentation, new"),
        pytest.param("::ffff:127.0.0.1", id="loopback in IPv6"),
        pytest.param("::ffff:8.8.8.8", id="a public one in IPv6"),
        pytest.param("::127.0.0.1", id="loopback in old IPv6"),
        pytest.param("64:ff9b::7f00:1", id="loopback translated"),
        pytest.param("64:ff9b::a9fe:a9fe", id="metadata translated"),
        pytest.param("64:ff9b:1::808:808", id="translated locally"),
        pytest.param("2002:7f00:1::", id="loopback by 6to4"),
        pytest.param("2001:0:808:808::1", id="by Teredo"),
    ],
)
def test_addresses_inside_are_not(address: str) -> None:
    assert not is_public(ip_address(address))


def test_where_there_is_no_ipv4_its_public_addresses_are_still_reached() -> None:
    assert is_public(ip_address("64:ff9b::808:808"))


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.1", "0x7f.1", "2130706433", "017700000001", "::1", "0"],
)
def test_however_it_is_written_loopback_is_refused(host: str) -> None:
    with pytest.raises(InvalidInput, match="private address"):
        addresses(host, 80, private=False)

    assert addresses(host, 80, private=True)


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param(("127.0.0.1",), id="private"),
        pytest.param(("8.8.8.8", "127.0.0.1"), id="public, private"),
        pytest.param(("127.0.0.1", "8.8.8.8"), id="private, public"),
        pytest.param(("8.8.8.8", "1.1.1.1", "10.0.0.1"), id="the last of three"),
        pytest.param(("2606:4700:4700::1111", "10.0.0.1"), id="IPv6, private"),
        pytest.param(("8.8.8.8", "::1"), id="public, private in IPv6"),
    ],
)
def test_a_name_with_one_private_address_is_refused_wherever_that_stands(
    monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places(*hosts))

    with pytest.raises(InvalidInput, match=r"news\.example has a private address"):
        addresses("news.example", 443, private=False)
    with pytest.raises(InvalidInput, match=r"news\.example has a private address"):
        check_url("https://news.example/hook", private=False)
    assert addresses("news.example", 443, private=True) == list(hosts)


def test_all_public_addresses_of_a_name_are_used_in_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hosts = ("8.8.8.8", "2606:4700:4700::1111", "1.1.1.1", "8.8.8.8")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: places(*hosts))

    assert addresses("news.example", 443, private=False) == list(hosts[:3])


def test_a_public_address_is_what_it_is() -> None:
    assert addresses("8.8.8.8", 443, private=False) == ["8.8.8.8"]


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64, "a..b", "-"])
def test_a_host_that_cannot_be_resolved_is_named(host: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be resolved"):
        addresses(host, 80, private=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://8.8.8.8/hook?site=a",
        "http://8.8.8.8:8080",
        "HTTPS://[2606:4700:4700::1111]/",
    ],
)
def test_web_addresses_will_do(url: str) -> None:
    assert check_url(url, private=False) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "news.example/hook",
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "https://",
        "https:///hook",
        "https://8.8.8.8:99999/",
        "https://8.8.8.8:0x50/",
        "https://[::1/",
        "https://ann@8.8.8.8/",
        "https://ann:secret@8.8.8.8/",
        "https://8.8.8.8/#part",
        "https://8.8.8.8/a b",
        "https://8.8.8.8/\n",
        "https://8.8.8.8/\r\nX-Other: 1",
        "https://ex\u00e4mple.org/",
        "https://8.8.8.8/" + "a" * 2000,
    ],
)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="The URL"):
        check_url(url, private=True)


def test_a_private_url_is_refused_unless_that_is_allowed() -> None:
    with pytest.raises(InvalidInput, match="private address"):
        check_url("http://127.0.0.1:8080/", private=False)

    assert check_url("http://127.0.0.1:8080/", private=True)
