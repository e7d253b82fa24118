"""A real receiver of OpenTelemetry's traces: OTLP over HTTP, decoded from protobuf."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span

PATIENCE_S = 20.0


class Collector:
    """Keeps the spans that it is sent, and the bytes they came in.

    `url` is where it listens, `paths` where it was asked, and `services` what those
    call themselves who sent.  While `hangs` is set, nobody is answered.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Span] = []
        self.paths: set[str] = set()
        self.services: set[str] = set()
        self.raw = b""
        self.hangs = Event()
        self.is_closing = Event()

    def take(self, path: str, body: bytes) -> None:
        """Keep what was sent."""
        self.paths.add(path)
        self.raw += body
        for of_resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services |= {
                one.value.string_value
                for one in of_resource.resource.attributes
                if one.key == "service.name"
            }
            for of_scope in of_resource.scope_spans:
                self.spans += of_scope.spans

    def wait_for(self, name: str, trace_id: str = "") -> list[Span]:
        """The spans of the trace in which one of this name ended, or of all traces."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = [one for one in self.spans if one.trace_id.hex().endswith(trace_id)]
            if name in [one.name for one in found]:
                return found
            time.sleep(0.02)
        raise AssertionError([one.name for one in self.spans])


@contextmanager
def collecting() -> Iterator[Collector]:
    """Receive on a free port of this machine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if collector.hangs.is_set():
                collector.is_closing.wait(PATIENCE_S)
                return
            collector.take(self.path, body)
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        collector = Collector(f"http://127.0.0.1:{server.server_port}")
        thread = Thread(target=server.serve_forever, args=[0.02])
        thread.start()
        try:
            yield collector
        finally:
            collector.is_closing.set()
            server.shutdown()
            thread.join()
