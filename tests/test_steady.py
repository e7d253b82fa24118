"""The steady load counts what a slow server makes everybody wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from benchmarks.asking import PROTOCOLS, posted
from benchmarks.steady import CONNECTIONS, Steady

RATE = 100.0
STALL_S = 0.4


@contextmanager
def stalling(status: int = 200) -> Iterator[int]:
    """The port of a server that is busy for STALL_S from its first request on."""
    busy = threading.Lock()
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            with busy:
                if not heard:
                    time.sleep(STALL_S)
                heard.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_who_comes_while_a_server_is_busy_waits_and_is_counted() -> None:
    requests = [posted("/", b"{}")] * 60

    with stalling() as port:
        took = Steady(port, RATE, requests).run()

    assert len(took) == len(requests)
    # A generator that waits for its answers would have found one slow request.
    slow = [seconds for seconds in took if seconds > STALL_S / 4]
    assert len(slow) >= 0.6 * STALL_S * RATE


def test_who_finds_no_connection_free_is_counted_from_when_it_was_due() -> None:
    requests = [posted("/", b"{}")] * (3 * CONNECTIONS)

    with stalling() as port:
        took = Steady(port, 10 * RATE, requests).run()

    # All of them were due within half of the time that the first one took.
    assert sum(seconds > STALL_S / 3 for seconds in took) == len(requests)


def test_an_error_ends_it() -> None:
    with (
        stalling(status=503) as port,
        pytest.raises(RuntimeError, match=r"answered b'HTTP/1\.1 503"),
    ):
        Steady(port, RATE, [posted("/", b"{}")]).run()


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_says_how_long_its_body_is(protocol: str) -> None:
    request = PROTOCOLS[protocol]("Größe ☂", "rf_key")

    head, _, body = request.partition(b"\r\n\r\n")
    assert f"Content-Length: {len(body)}".encode() in head.split(b"\r\n")
