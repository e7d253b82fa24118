"""A running server, as seen from outside: requests, its processes, what it answers."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx

from tests.fixtures_service import Server
from tests.fixtures_store import KEY
from tests.senders import HEADERS
from tests.sockets import connected

FOUL = "What the fuck is wrong with this world."
FAIR = "The council should publish the report."

THREADS = 8
"""Two workers with four threads each."""


def request(
    body: bytes, *extra: str, method: str = "POST", path: str = "/v1/moderate"
) -> bytes:
    """A whole HTTP request, as bytes."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {KEY}",
        "Content-Type: application/json",
        *(extra or [f"Content-Length: {len(body)}"]),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def exchange(server: Server, data: bytes) -> bytes:
    """Send bytes, close the sending side, and read all that is answered."""
    with connected(server) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return drain(connection)


def drain(connection: socket.socket) -> bytes:
    answer = b""
    while part := connection.recv(65_536):
        answer += part
    return answer


def still_answers(server: Server) -> bool:
    """Whether as many requests at once as there are threads are all answered."""

    def ask(number: int) -> bool:
        answer = httpx.post(
            f"{server.url}/v1/moderate",
            json={"id": uuid4().hex, "text": FOUL},
            headers=HEADERS,
            timeout=30,
        )
        return bool(answer.json()["decision"] == "reject")

    with ThreadPoolExecutor(THREADS) as pool:
        return all(pool.map(ask, range(2 * THREADS)))


def children(server: Server) -> list[int]:
    """Its workers' process ids."""
    pid = server.process.pid
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "the old workers did not end"
        time.sleep(0.05)
