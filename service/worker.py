"""gunicorn's threaded worker, with five things added that the service promises.

What keeps a worker from starting is said in a sentence; requests that are no proper
HTTP get a problem document too, and so do those that are too many; Ctrl-C is heard at
any moment; and while it runs a thread of its own sees to it that the promoted version
of the model serves.  How it deals with slow clients is `service.connections`'s.
"""

from __future__ import annotations

import os
import socket
import sys
import time
from http import HTTPStatus
from threading import Lock
from types import FrameType
from typing import NoReturn

# gunicorn ships no annotations.
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.http import errors as http  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]

from service import bare
from service.connections.patient import MOST_HELD, PatientWorker

TELL_S = 1.0
"""How often a worker tells the metrics how busy it is."""

PROBE = 8_192
"""Bytes.  Who watches the service sends no more."""

PAUSE_S = 5.0
"""How long a worker that cannot serve waits before it makes room for another try."""

STATUS: dict[type[Exception], HTTPStatus] = {
    http.LimitRequestLine: HTTPStatus.REQUEST_URI_TOO_LONG,
    http.LimitRequestHeaders: HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
    http.UnsupportedTransferCoding: HTTPStatus.NOT_IMPLEMENTED,
    http.ExpectationFailed: HTTPStatus.EXPECTATION_FAILED,
}
"""What is not listed and yet the client's fault is 400; the rest is 500."""


class Worker(PatientWorker):
    """A process that serves with several threads."""

    def init_process(self) -> None:
        """Begin in the new process."""
        self._tell_at = 0.0
        self._turned_away = 0
        self._counting = Lock()
        super().init_process()

    def load_wsgi(self) -> None:
        """Build the app.  What the very first worker finds wrong ends the server.

        Those that come later must not take the others down with them: without the
        database they serve, and answer 503; without a model they wait and give up.
        """
        from service.errors import ConfigurationError, StoreUnavailable
        from service.logs import add_ids
        from service.memory import settle
        from service.services import NAME

        try:
            super().load_wsgi()
            self._parts = self.wsgi.extensions[NAME]
            self.log.complete_by(add_ids)
            self.most_waiting = self._parts.settings.backlog
            longest = self._longest_body()
            self.most_body = min(longest, MOST_HELD // 8)
            self.waits_for_longer = longest > self.most_body
            self._parts.store.ping()
            self._parts.follower.look()
        except StoreUnavailable as error:
            self.log.error("%s", error)
            if self.age == 1:
                self._give_up()
        except ConfigurationError as error:
            self.log.error("%s", error)
            self._give_up()
        except Exception as error:  # gunicorn would end the whole service for it.
            self.log.exception("The service cannot be loaded: %r.", error)
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
            if self._parts.tracing is not None:
                self._parts.tracing.stop()

    def _give_up(self) -> NoReturn:
        if self.age == 1:
            sys.exit(Arbiter.APP_LOAD_ERROR)
        until = time.monotonic() + PAUSE_S
        while self.alive and time.monotonic() < until:
            time.sleep(0.1)
        # Not by an exception: on a busy processor Python took a minute to clear up, in
        # which no other is tried, for gunicorn has no eye on one that never served.
        os._exit(1)

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        """End on Ctrl-C or SIGQUIT, which come together: the terminal's, the master's.

        gunicorn exits by an exception out of the handler.  In the midst of loading it
        comes out of a library as another error, and in the midst of handing a request
        to the pool the handler waits for a lock that its own thread holds.
        """
        if not self.booted:
            os._exit(0)  # Nothing was served yet, and nothing is to be written.
        self.handle_exit(sig, frame)

    def is_parent_alive(self) -> bool:
        """Called by the main loop every second: end soon if the master was killed.

        gunicorn would serve what is connected for half a minute more, and meanwhile
        keep the port: from a new master, and from who connects and is never served.
        """
        if super().is_parent_alive():
            return True
        self.alive = False  # What is answered from now on says that it is the last.
        self.set_accept_enabled(False)
        for listener in self.sockets:
            listener.close()
        return False

    def murder_pending(self) -> None:
        """Called by the main loop every second: end what takes too long; tell."""
        super().murder_pending()
        now = time.monotonic()
        if now >= self._tell_at:
            self._tell_at = now + TELL_S
            self._tell_load()
            self._tell_turned_away()
            self._tell_made_room()

    def _tell_load(self) -> None:
        """Have the metrics know how busy this process is, and that it is followed."""
        self._parts.metrics.load(
            in_flight=len(self._deadlines),
            backlog=self.waiting(),
            connections=self.nr_conns,
            threads=self.cfg.threads,
        )
        self._parts.metrics.follower_age(self._parts.follower.age_s)

    def _longest_body(self) -> int:
        """The longest that any route reads, in bytes."""
        from service.compat import akismet
        from service.desk.pages import MAX_BODY

        settings = self._parts.settings
        batch: int = settings.max_batch_body
        return max(akismet.longest(settings), batch, MAX_BODY)

    def turned_away(self, beginning: bytes, size: int) -> bytes | None:
        """Answer 503 where too much waits; who watches us is not turned away.

        That the process runs is said at once, wherever it would have to wait, for else
        it might be killed for the load.
        """
        from service.telemetry.current import new_request

        if beginning.startswith(bare.ALIVE):
            return bare.is_alive(new_request(None).request_id)
        is_probe = beginning.startswith(bare.PROBES) and size <= PROBE
        if not self.is_full(size, times=2 if is_probe else 1):
            return None
        self._count_turned_away()
        return self.crowded_out(beginning)

    def too_late(self, beginning: bytes) -> bytes | None:
        """Answer 503 to what has waited for too long, but serve who watches us."""
        if beginning.startswith(bare.PROBES):
            return None
        self._count_turned_away()
        return self.crowded_out(beginning)

    def _count_turned_away(self) -> None:
        with self._counting:
            self._turned_away += 1

    def crowded_out(self, beginning: bytes) -> bytes:
        """Answer 503, but have Coral hold its comment: it would publish it for that.

        Be the signature right or wrong: that tells nothing and changes nothing.
        """
        from service.compat.coral.phase import HELD
        from service.telemetry.current import new_request

        request_id = new_request(None).request_id
        self._parts.metrics.error("shed")
        if beginning.startswith(bare.CORAL):
            self._parts.metrics.coral_unjudged("busy")
            return bare.held(request_id, HELD)
        return bare.too_busy(request_id)

    def refusal(self, status: HTTPStatus) -> bytes:
        """A problem document to what does not become a request."""
        from service.telemetry.current import new_request

        self.log.warning("Refused a request: %s", status.phrase)
        return bare.problem(status, new_request(None).request_id)

    def _tell_turned_away(self) -> None:
        """One line a second at most: a line for each would be a load of its own."""
        with self._counting:
            count, self._turned_away = self._turned_away, 0
        if count:
            self.log.warning(
                "Turned away, for too many requests were waiting: %d", count
            )

    def _tell_made_room(self) -> None:
        """One line a second at most, for the same reason."""
        if self._made_room:
            self.log.warning("Closed connections to make room: %d", self._made_room)
            self._made_room = 0

    def handle_error(
        self, req: Request, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """Answer what is no proper HTTP, and what broke below the app."""
        from service.telemetry.current import new_request, serving

        with serving(new_request(None)) as current:
            self._refuse(client, exc, current.request_id)

    def _refuse(self, client: socket.socket, exc: Exception, request_id: str) -> None:
        if isinstance(exc, http.ParseException):
            status = STATUS.get(type(exc), HTTPStatus.BAD_REQUEST)
            # Its message repeats what was sent, so only its kind is logged.
            self.log.warning("Refused a request: %s", type(exc).__name__)
        else:
            status = HTTPStatus.INTERNAL_SERVER_ERROR
            self.log.error("A request failed below the app: %s", type(exc).__name__)
        try:
            client.sendall(bare.problem(status, request_id))
        except OSError:
            self.log.debug("The client has gone.")
