"""Where a webhook may go: whether a URL will do, and what its host resolves to.

Connects to nothing.  Whoever does has to use the addresses found here: a name that is
resolved again may by then lead into the network that the service stands in.
"""

from __future__ import annotations

import re
import socket
import threading
from concurrent.futures import Future, wait
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from service.errors import InvalidInput

MAX_URL = 2000
WEB = re.compile(r"https?://[!-~]+", re.ASCII | re.IGNORECASE)
PORTS = {"http": 80, "https": 443}

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

REFUSED: tuple[Network, ...] = tuple(
    ip_network(block)
    for block in (
        "192.0.0.0/24",  # IETF protocol assignments; Oracle's metadata service.
        "168.63.129.16/32",  # Azure's own services: a public address, yet inside.
        "192.88.99.0/24",  # To and from IPv6 by way of strangers, as the next two.
        "2001::/32",
        "2002::/16",
        "3fff::/20",  # For documentation (RFC 9637).
        "fec0::/10",  # Once what fc00::/7 is now (RFC 3879).
    )
)
"""What Python's registry counts as global, or only newer versions of it do not."""

NAT64 = IPv6Network("64:ff9b::/96")
"""IPv4 addresses, as networks without IPv4 see them (RFC 6052)."""


def check_url(url: str, *, private: bool) -> str:
    """Return a URL to which webhooks may be sent, as it is.

    Args:
        url: as typed.
        private: whether private addresses will do.

    Raises:
        InvalidInput: it is no http or https URL, names a user or a fragment, its host
            is unknown just now or has an address that is refused.
    """
    if len(url) > MAX_URL or not WEB.fullmatch(url):
        raise InvalidInput("", "The URL must be http or https, in ASCII, no blanks.")
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise InvalidInput("", "The URL has no proper host or port.") from error
    if not parts.hostname or "@" in parts.netloc or "#" in url:
        raise InvalidInput("", "The URL must name a host, no user and no fragment.")
    addresses(parts.hostname, port, private=private)
    return url


def addresses(
    host: str, port: int, *, private: bool, wait_s: float | None = None
) -> list[str]:
    """Resolve a host, once: the addresses to connect to, in the system's order.

    Args:
        host: a name or an address, in any form that the system resolves.
        port: to connect to.
        private: whether private addresses will do.
        wait_s: how long it may take; None for as long as the system tries.

    Raises:
        InvalidInput: it cannot be resolved, or one of its addresses is refused: who
            points a name to the inside and the outside at once wants no good.
        TimeoutError: it is not resolved in time.
    """
    answer = _asking(host, port)
    if not wait([answer], wait_s).done:
        raise TimeoutError
    try:
        hosts = answer.result()
    except (OSError, UnicodeError) as error:
        raise InvalidInput("", f"The host {host} cannot be resolved.") from error
    if not private and not all(is_public(ip_address(each)) for each in hosts):
        raise InvalidInput("", f"The host {host} has a private address.")
    return hosts


def _asking(host: str, port: int) -> Future[list[str]]:
    """Have a host resolved by a thread, for the system lets nobody say how long.

    One that is no longer waited for ends when the system gives up.
    """
    answer: Future[list[str]] = Future()

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.set_result(list(dict.fromkeys(str(place[4][0]) for place in found)))
        except BaseException as error:  # Raised where it is waited for.
            answer.set_exception(error)

    # A daemon: no pool's, whose threads are waited for when the program ends.
    threading.Thread(target=ask, daemon=True).start()
    return answer


def is_public(address: Address) -> bool:
    """Whether an address belongs to one host somewhere in the public internet.

    Loopback, private, shared, link-local (where metadata services listen), multicast,
    reserved and documentation addresses do not, nor IPv4 addresses mapped into IPv6.
    """
    if address in NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFF_FFFF))
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in block for block in REFUSED)
    )
