"""gunicorn's threaded worker, with five things added that the service promises.

What keeps a worker from starting is said in a sentence; requests that are no proper
HTTP get a problem document too; a client that never finishes its request is cut off
instead of holding a thread for ever; Ctrl-C is heard at any moment; and while it runs a
thread of its own sees to it that the promoted version of the model serves.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from http import HTTPStatus
from types import FrameType
from typing import NoReturn

# gunicorn ships no annotations.
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.http import errors as http  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    TConn,
    ThreadWorker,
)

REQUEST_S = 10.0
"""How long a client may take over sending one request."""

PAUSE_S = 5.0
"""How long a worker that cannot serve waits before it makes room for another try."""

STATUS: dict[type[Exception], HTTPStatus] = {
    http.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    http.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    http.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    http.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
"""What is not listed and yet the client's fault is 400; the rest is 500."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """A process that serves with several threads."""

    def init_process(self) -> None:
        """Begin in the new process."""
        self._deadlines: dict[TConn, float] = {}
        super().init_process()

    def load_wsgi(self) -> None:
        """Build the app.  What the very first worker finds wrong ends the server.

        Those that come later must not take the others down with them: without the
        database they serve, and answer 503; without a model they wait and give up.
        """
        from service.errors import ConfigurationError, StoreUnavailable
        from service.memory import settle
        from service.services import NAME

        try:
            super().load_wsgi()
            self._parts = self.wsgi.extensions[NAME]
            self._parts.store.ping()
            self._parts.follower.look()
        except StoreUnavailable as error:
            self.log.error("%s", error)
            if self.age == 1:
                self._give_up()
        except ConfigurationError as error:
            self.log.error("%s", error)
            self._give_up()
        except Exception:  # gunicorn would end the whole service for it.
            self.log.exception("The service cannot be loaded.")
            self._give_up()
        settle()
        self._parts.follower.start()
        self.log.info("Worker ready (pid: %s)", self.pid)

    def run(self) -> None:
        """Serve, and in the end leave no thread behind."""
        try:
            super().run()
        finally:
            self._parts.follower.stop()

    def _give_up(self) -> NoReturn:
        if self.age == 1:
            sys.exit(Arbiter.APP_LOAD_ERROR)
        until = time.monotonic() + PAUSE_S
        while self.alive and time.monotonic() < until:
            time.sleep(0.1)
        sys.exit(1)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """End on Ctrl-C or SIGQUIT, which come together: the terminal's, the master's.

        gunicorn exits by an exception out of the handler.  In the midst of loading it
        comes out of a library as another error, and in the midst of handing a request
        to the pool the handler waits for a lock that its own thread holds.
        """
        if not self.booted:
            os._exit(0)  # Nothing was served yet, and nothing is to be written.
        self.handle_exit(sig, frame)

    def handle(self, conn: TConn) -> object:
        """Serve a connection's next request, in a thread, with a deadline."""
        self._deadlines[conn] = time.monotonic() + REQUEST_S
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def murder_pending(self) -> None:
        """Called by the main loop every second: end what takes too long to arrive.

        Only reading is shut down: a request that is complete is still answered.
        """
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in list(self._deadlines.items()):
            if deadline < now:
                shut_reading(conn.sock)

    def handle_error(
        self, req: Request, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """Answer what is no proper HTTP, and what broke below the app."""
        if isinstance(exc, http.ParseException):
            status = STATUS.get(type(exc), HTTPStatus.BAD_REQUEST)
            # Its message repeats what was sent, so only its kind is logged.
            self.log.warning("Refused a request: %s", type(exc).__name__)
        else:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            self.log.error("A request failed below the app: %s", type(exc).__name__)
        try:
            client.sendall(problem_response(status))
        except OSError:
            self.log.debug("The client has gone.")


def shut_reading(sock: socket.socket) -> None:
    """Make a thread that waits for more of a request see its end."""
    try:
        sock.shutdown(socket.SHUT_RD)
    except OSError:
        return  # Closed in the meantime.


def problem_response(status: HTTPStatus) -> bytes:
    """A whole HTTP response with a problem document (RFC 9457), closing."""
    title = status.phrase
    problem = {"type": "about:blank", "title": title, "status": status.value}
    body = json.dumps(problem).encode()
    head = (
        f"HTTP/1.1 {status.value} {title}\r\n"
        "Connection: close\r\n"
        "Content-Type: application/problem+json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode("latin-1") + body
