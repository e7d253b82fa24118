"""One POST to a stranger: to an address that was checked, and over in a given time.

Follows no redirect, uses no proxy and reads nothing but the status of the answer.  By
httpcore, which lets its user say how connections are made: httpx, which is built on it,
resolves names itself and limits each wait, but not all of them together.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterable, Mapping
from typing import Any

import httpcore
from httpcore import SOCKET_OPTION, NetworkBackend, NetworkStream, SyncBackend

from service.errors import InvalidInput
from service.webhooks.network import addresses

AT_ONCE = 1024
"""Bytes that are read at once: an answer's head takes few such, its body none."""

BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException)


class NotSent(Exception):
    """There is no answer; the message says why, in words of ours."""


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    context: ssl.SSLContext,
    timeout_s: float,
    private: bool,
) -> int:
    """Send a body, and return the status that is answered.

    Args:
        url: of `service.network.check_url`.
        body: to be sent.
        headers: besides those of HTTP itself.
        context: of `httpcore.default_ssl_context`, say.
        timeout_s: how long all of it may take.
        private: whether the host may have private addresses.

    Raises:
        NotSent: there was no answer in time.
    """
    backend = Guarded(time.monotonic() + timeout_s, private=private)
    pool = httpcore.ConnectionPool(ssl_context=context, network_backend=backend)
    try:
        with pool, pool.stream("POST", url, headers=_pairs(headers), content=body) as r:
            return r.status
    except InvalidInput as error:
        raise NotSent(str(error)) from error
    except BROKEN as error:
        raise NotSent(explained(error, timeout_s)) from error


class Guarded(NetworkBackend):
    """Connects to addresses that were checked, until a moment of the monotonic clock.

    The timeouts that httpcore hands to each of its waits are passed over.
    """

    def __init__(self, end: float, *, private: bool) -> None:
        self._end = end
        self._private = private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        """Connect to the first address of a host that lets us."""
        fault: Exception = httpcore.ConnectError()
        hosts = self._resolve(host, port)
        for others, address in zip(reversed(range(len(hosts))), hosts, strict=True):
            # One that is silent leaves the others their share of the time.
            wait_s = left(self._end) / (others + 1)
            try:
                stream = SyncBackend().connect_tcp(address, port, wait_s)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                return Limited(stream, self._end)
        raise fault

    def _resolve(self, host: str, port: int) -> list[str]:
        wait_s = left(self._end)
        try:
            return addresses(host, port, private=self._private, wait_s=wait_s)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout from error


class Limited(NetworkStream):
    """A stream on which every wait ends at the same moment."""

    def __init__(self, stream: NetworkStream, end: float) -> None:
        self._stream = stream
        self._end = end

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Read some bytes; none at the end."""
        return self._stream.read(min(max_bytes, AT_ONCE), left(self._end))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write all of them."""
        self._stream.write(buffer, left(self._end))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        """Encrypt from here on; the certificate has to be that of the host's name."""
        secure = self._stream.start_tls(ssl_context, server_hostname, left(self._end))
        return Limited(secure, self._end)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - as httpcore has it
        """What the stream below tells of itself."""
        return self._stream.get_extra_info(info)


def left(end: float) -> float:
    """Seconds until a moment.  Raises ReadTimeout when it has passed."""
    seconds = end - time.monotonic()
    if seconds <= 0.0:
        raise httpcore.ReadTimeout
    return seconds


def explained(error: Exception, timeout_s: float) -> str:
    """Say what broke, without a word that the other side chose."""
    if isinstance(error, httpcore.TimeoutException):
        return f"There was no answer within {timeout_s:g} s."
    cause = error.args[0] if error.args else None  # Where httpcore puts it.
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "The certificate cannot be verified."
    if isinstance(cause, ssl.SSLError):
        return "No encrypted connection can be made."
    if isinstance(error, httpcore.ConnectError):
        return "No connection can be made."
    if isinstance(error, httpcore.NetworkError):
        return "The connection was lost."
    return "The connection was closed without a proper answer."


def _pairs(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
