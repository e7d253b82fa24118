"""A receiver of webhooks: a real server that can be told to misbehave."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

SECRET = "whsec_" + "c2VjcmV0" * 5
HANGS_S = 30.0
"""So long a receiver hangs that is not closed."""


@dataclass(frozen=True)
class Heard:
    """One request: its path, its `webhook-id`, and what it said."""

    path: str
    id: str
    event: dict[str, Any]


class Receiver:
    """Hears what is sent to `url` and checks every signature with `secret`.

    `acts` maps a path to how it is answered; any other path is answered 204.
    `heard` is what came, in its order, and `acknowledged` what was answered 2xx;
    `forged` counts what the package's own verifier refused.
    """

    def __init__(self, secret: str = SECRET) -> None:
        self.secret = secret
        self.acts: dict[str, Act] = {}
        self.heard: list[Heard] = []
        self.acknowledged: list[Heard] = []
        self.forged = 0
        self.is_closing = threading.Event()
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.receiver = self

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def comments(self) -> list[str]:
        """Of which comments it was told, as often as it acknowledged that."""
        return [heard.event["data"]["id"] for heard in self.acknowledged]

    def wait_for(self, count: int, *, timeout_s: float = 20.0) -> None:
        """Wait until so many requests came."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.heard) >= count, timeout_s)

    def hear(self, heard: Heard) -> None:
        """Note a request."""
        with self._changed:
            self.heard.append(heard)
            self._changed.notify_all()

    def serve(self) -> None:
        """Serve until closed."""
        self._server.serve_forever(poll_interval=0.02)

    def close(self) -> None:
        """End, and with it whatever hangs."""
        self.is_closing.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    receiver: Receiver
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of senders that have gone."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    status = 0

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            event = Webhook(receiver.secret).verify(body, dict(self.headers.items()))
        except WebhookVerificationError:
            receiver.forged += 1
            event = json.loads(body)
        heard = Heard(self.path, self.headers["webhook-id"], event)
        receiver.hear(heard)
        act = receiver.acts.get(self.path, Answer(204))
        if 200 <= getattr(act, "status", 0) < 300:
            receiver.acknowledged.append(heard)
        act(self)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


Act = Callable[[_Handler], None]


@dataclass(frozen=True)
class Answer:
    """A plain answer: a status, and perhaps where else to go."""

    status: int
    location: str = ""

    def __call__(self, request: _Handler) -> None:
        """Give it."""
        request.send_response(self.status)
        request.send_header("Content-Length", "0")
        if self.location:
            request.send_header("Location", self.location)
        request.end_headers()


@dataclass(frozen=True)
class Flood:
    """A good answer that has no end."""

    status: int = 200

    def __call__(self, request: _Handler) -> None:
        """Give it, as far as it is taken."""
        request.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        while not request.server.receiver.is_closing.is_set():
            request.wfile.write(b"x" * 65536)


def hang(request: _Handler) -> None:
    """Answer nothing until the receiver closes."""
    request.server.receiver.is_closing.wait(HANGS_S)


def trickle(request: _Handler) -> None:
    """Send a letter of an answer now and then, so that none of the waits is long."""
    request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Padding: ")
    while not request.server.receiver.is_closing.wait(0.1):
        request.wfile.write(b"x")


def close(request: _Handler) -> None:
    """Close the connection without a word."""
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


def babble(request: _Handler) -> None:
    """Answer what is no HTTP."""
    request.wfile.write(b"220 mail.example ESMTP\r\n")


@contextmanager
def receiving(secret: str = SECRET) -> Iterator[Receiver]:
    """A receiver that listens until the block ends."""
    receiver = Receiver(secret)
    thread = threading.Thread(target=receiver.serve, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.close()
        thread.join()
