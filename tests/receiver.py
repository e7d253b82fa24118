"""A news site's end of a webhook: it keeps what it is sent, once verified."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """What was received: the ids and payloads, in their order.

    `secret` is known only after the endpoint was added, so it is set then.
    """

    url: str = ""
    secret: str = ""
    ids: list[str] = field(default_factory=list)
    payloads: list[dict[str, Any]] = field(default_factory=list)

    def take(self, body: bytes, headers: dict[str, str]) -> None:
        """Keep a message; one that the package does not verify raises its error."""
        Webhook(self.secret).verify(body, headers)
        self.ids.append(headers["webhook-id"])
        self.payloads.append(json.loads(body))


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Receive on a free port of this machine until the block ends."""
    received = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.take(body, {name.lower(): v for name, v in self.headers.items()})
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        received.url = f"http://127.0.0.1:{server.server_port}/refrain"
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield received
        server.shutdown()
        thread.join()
