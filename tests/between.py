"""Who stands between a service and its callers, and may spoil what passes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.fixtures_service import Server

Send = Callable[[httpx.Request], httpx.Response]
Spoil = Callable[[httpx.Request, Send], httpx.Response]
"""Gets a request and the means to send it on; what it returns is answered."""

HOP_BY_HOP = {"connection", "content-length", "transfer-encoding", "keep-alive"}


@contextmanager
def between(server: Server, spoil: Spoil) -> Iterator[str]:
    """The URL of a proxy before a server, until the block ends."""
    with httpx.Client(trust_env=False) as client:

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = [
                    (name, value)
                    for name, value in self.headers.items()
                    if name.lower() not in HOP_BY_HOP
                ]
                url = server.url + self.path
                request = httpx.Request(
                    self.command, url, headers=headers, content=body
                )
                response = spoil(request, client.send)
                self.send_response(response.status_code)
                for name, value in response.headers.items():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(response.content)))
                self.end_headers()
                self.wfile.write(response.content)

            do_GET = do_POST = answer

            def log_message(self, *_: object) -> None:
                """Say nothing: pytest's output is for tests."""

        proxy = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{proxy.server_port}"
        finally:
            proxy.shutdown()
            proxy.server_close()
            thread.join()
