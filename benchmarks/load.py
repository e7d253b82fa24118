"""A load generator: POSTs comments over kept connections, prints requests per second.

Run as a process of its own: `python -m benchmarks.load PORT SECONDS KEY PREFIX`.  With
a PREFIX each comment gets an id of its own, with `-` none; with `perspective` it goes
to `comments:analyze` instead, for all six attributes, and with `batch` each request has
BATCH comments without ids.  An error as answer ends it.  A connection is used again
only when its answer is read.
"""

from __future__ import annotations

import selectors
import socket
import sys
import time
from itertools import count

from benchmarks.asking import analyze, batch, own
from benchmarks.texts import CLEAN

CONNECTIONS = 8
NO_ID = "-"
PERSPECTIVE = "perspective"
MANY = "batch"
BATCH = 100
"""Comments in a request of MANY, as many as the service takes unless told."""
HEADERS_END = b"\r\n\r\n"


def main(port: int, seconds: float, key: str, prefix: str) -> float:
    """Keep all connections busy for a while; answers per second."""
    numbers = count()
    with selectors.DefaultSelector() as selector:
        for _ in range(CONNECTIONS):
            connection = connected(port)
            selector.register(connection, selectors.EVENT_READ)
            connection.sendall(request(key, prefix, next(numbers)))
        start = time.perf_counter()
        answered = 0
        while (spent := time.perf_counter() - start) < seconds:
            for ready, _ in selector.select(timeout=5):
                connection = ready.fileobj  # type: ignore[assignment]
                check_answer(connection)
                answered += 1
                connection.sendall(request(key, prefix, next(numbers)))
    return answered / spent


def request(key: str, prefix: str, number: int) -> bytes:
    """One request, as PREFIX says."""
    if prefix == PERSPECTIVE:
        return analyze(CLEAN, key)
    if prefix == MANY:
        return batch(CLEAN, key, BATCH)
    return own(CLEAN, key, None if prefix == NO_ID else f"{prefix}{number}")


def connected(port: int) -> socket.socket:
    """A connection to a server on this machine that sends what it is given at once."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def check_answer(connection: socket.socket) -> None:
    """Read one answer to its end.

    Raises:
        RuntimeError: it is neither 200 nor 204, or the connection ended.
    """
    data = b""
    while HEADERS_END not in data:
        data += _received(connection)
    head, _, body = data.partition(HEADERS_END)
    if head.startswith(b"HTTP/1.1 204 "):
        return
    if not head.startswith(b"HTTP/1.1 200 "):
        raise RuntimeError(f"answered {head[:60]!r} {body[:300]!r}")
    length = int(head.lower().partition(b"content-length:")[2].split()[0])
    while len(body) < length:
        body += _received(connection)


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise RuntimeError("the server closed the connection")
    return data


if __name__ == "__main__":
    print(main(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4]))
