"""What tests say and hear over plain sockets, where a client library is too polite."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from tests.fixtures_service import Server
from tests.fixtures_store import KEY

CUT_S = 20.0
"""Whoever is to be cut off is so by then."""
HEAD = (
    b"POST /v1/moderate HTTP/1.1\r\nHost: localhost\r\n"
    b"Authorization: Bearer %s\r\nContent-Type: application/json\r\n" % KEY.encode()
)
"""Of a request that decides a comment, without its last lines."""
LARGE = b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""What has a long answer."""


@contextmanager
def connected(server: Server, *, receive: int = 0) -> Iterator[socket.socket]:
    """A connection, with a small window if so many bytes are to be taken at a time."""
    with socket.socket() as connection:
        if receive:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.settimeout(CUT_S)
        connection.connect(server.address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield connection


def never_read(server: Server, stack: ExitStack, count: int) -> None:
    """So many clients that ask, for more than lies ready between two machines.

    Until they are cut off, a thread waits for each, as far as there are threads.
    """
    for _ in range(count):
        connection = stack.enter_context(connected(server, receive=2048))
        connection.setblocking(False)
        with suppress(BlockingIOError):
            while connection.send(LARGE * 100):
                pass


def rest(connection: socket.socket) -> bytes:
    """What is still answered."""
    answer = b""
    with suppress(ConnectionError):
        while part := connection.recv(65_536):
            answer += part
    return answer


def answered(connection: socket.socket) -> bytes:
    """The next answer and nothing of the one after it."""
    answer = b""
    while not answer.endswith(b"\r\n\r\n"):
        answer += _more(connection, 1)
    length = int(answer.lower().partition(b"content-length:")[2].split()[0])
    size = len(answer) + length
    while len(answer) < size:
        answer += _more(connection, size - len(answer))
    return answer


def _more(connection: socket.socket, most: int) -> bytes:
    part = connection.recv(most)
    assert part, "the server has hung up"
    return part
