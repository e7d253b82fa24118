"""The threads of a worker, and the queue in which whole requests wait for them.

Neither too many wait, nor too much of them.  What has waited for too long is not
served: its client may have gone, and those behind it would wait as long.  Knows nothing
of slow clients.
"""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue
from typing import NamedTuple

# gunicorn ships no annotations.
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    STOP_KEEPALIVE_LINGER,
    ThreadWorker,
)

from service.connections.parser import Conn, Phase

REQUEST_S = 10.0
"""How long a client may take over beginning, then over the head, then over the body."""

AGED_S = 2.0
"""How long a request may wait for a thread."""

MOST_WAITING = 16_777_216
"""So many bytes of requests at most wait for a thread; one that is given none is let go
of.  As many small requests as may wait take far less."""

PEEK = 64
"""So many bytes of a request are looked at that is given no thread."""


class Done(NamedTuple):
    """What gunicorn wants to know of a request that was served; a future's part."""

    is_kept: object

    def cancelled(self) -> bool:
        """That it was served."""
        return False

    def result(self) -> object:
        """Whether the connection is kept, for another request."""
        return self.is_kept


class QueueWorker(ThreadWorker):  # type: ignore[misc]
    """A worker with a bounded queue, which gunicorn's has not.

    At most `most_waiting` requests wait for a thread, without end where it is None, and
    MOST_WAITING bytes of them.
    """

    most_waiting: int | None = None

    def init_process(self) -> None:
        """Begin in the new process."""
        self._deadlines: dict[Conn, float] = {}
        self._waiting_bytes = 0
        self._adding = threading.Lock()
        super().init_process()

    def get_thread_pool(self) -> QueueWorker:
        """Prepare for the threads.  What gunicorn asks of a pool is `shutdown`.

        With one of futures, as gunicorn's, a request takes 8 % more of a processor.
        """
        self._has_ended = False
        self._ready: SimpleQueue[Conn | None] = SimpleQueue()
        return self

    def run(self) -> None:
        """Serve until told to end, in threads that end then."""
        for _ in range(self.cfg.threads):
            threading.Thread(target=self._serve_all).start()
        try:
            super().run()
        finally:
            self.shutdown(wait=False)

    def shutdown(self, wait: bool) -> None:
        """Let each thread end after what it does, and what waits already."""
        self._has_ended = True
        for _ in range(self.cfg.threads):
            self._ready.put(None)

    def enqueue_req(self, conn: Conn) -> None:
        """Let a request that has come wait for a thread, if it has to and may."""
        conn.since = time.monotonic()
        conn.phase = Phase.SERVED
        conn.size = 0  # A thread that is free takes it at once.
        if self.has_to_wait():
            conn.size = conn.parser.unreader.size()
            answer = self.turned_away(beginning(conn), conn.size)
            if answer is not None:
                self.answer(conn, answer)
                return
        self._add_waiting(conn.size)
        self._ready.put(conn)

    def waiting(self) -> int:
        """How many requests wait for a thread."""
        return self._ready.qsize()

    def waiting_bytes(self) -> int:
        """How many bytes of them are held."""
        return self._waiting_bytes

    def _add_waiting(self, size: int) -> None:
        with self._adding:  # Threads take from it, the main loop adds.
            self._waiting_bytes += size

    def has_to_wait(self) -> bool:
        """Whether no thread is free for one more request."""
        threads: int = self.cfg.threads
        return len(self._deadlines) + self.waiting() >= threads

    def is_full(self, size: int, times: int = 1) -> bool:
        """Whether as many requests wait for a thread as may, or so many times that.

        Or too many bytes of them, with so many more.
        """
        if self.waiting_bytes() + size > times * MOST_WAITING:
            return True
        most = self.most_waiting
        return most is not None and self.waiting() >= times * most

    def turned_away(self, beginning: bytes, size: int) -> bytes | None:
        """What is answered at once to a request that no thread is free for.

        Called by the main loop, which waits for it.

        Args:
            beginning: of the request, PEEK bytes at most.
            size: of all that has come of it, in bytes.

        Returns:
            A whole answer, after which the connection ends; None if it is to wait.
        """
        return None

    def too_late(self, beginning: bytes) -> bytes | None:
        """What is answered to what has waited for AGED_S; called by a thread."""
        return None

    def answer(self, conn: Conn, answer: bytes) -> None:
        """Answer by these bytes, and let the connection end."""
        raise NotImplementedError

    def handle(self, conn: Conn) -> object:
        """Serve a connection's next request, in a thread, with a deadline."""
        self._deadlines[conn] = time.monotonic() + REQUEST_S
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def _serve_all(self) -> None:
        """Serve one connection's next request after the other, as a thread does."""
        while (conn := self._ready.get()) is not None:
            self._add_waiting(-conn.size)
            try:
                if not self._has_aged(conn):
                    self._serve(conn)
            except BaseException as error:  # It must not cost the thread.
                self.log.error("A request broke its thread: %s", type(error).__name__)

    def _has_aged(self, conn: Conn) -> bool:
        """Whether it has waited for too long, and is answered so."""
        if time.monotonic() - conn.since < AGED_S or self._has_ended:
            return False
        answer = self.too_late(beginning(conn))
        if answer is None:
            return False
        self.method_queue.defer(self.answer, conn, answer)
        return True

    def _serve(self, conn: Conn) -> None:
        """Serve a connection's next request, and see to what becomes of it then."""
        done = Done(False)
        try:
            done = Done(self.handle(conn))
        finally:  # Whatever broke, the connection is not forgotten.
            conn.arrival.begin()
            if self._has_ended:
                conn.close()  # Nobody is there any more who would.
            elif not (done.is_kept and self._kept(conn)):
                self.method_queue.defer(self.finish_request, conn, done)

    def _keepalive_after(self, conn: Conn, keepalive: object) -> bool:
        """Whether the connection is kept, as its answer has said.

        Then the whole body has come, and the rest of it is read without waiting.
        gunicorn sets a time limit for it, and back: two calls of the system, in each of
        which another thread may take over.
        """
        return bool(keepalive and conn.parser.finish_body())

    def _kept(self, conn: Conn) -> bool:
        """Leave a connection to the main loop again, without waking it for that.

        What has more to it is left to `finish_request`.  To wake the main loop for each
        answer takes a tenth of a request's time.
        """
        if not self.alive or conn.parser.unreader.kept():
            return False
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        conn.phase = Phase.KEPT
        if not conn.is_watched:  # The client was early.
            self.watch(conn)
        if not self.alive:  # The main loop may have looked through them before.
            self._cap_keepalive(time.monotonic() + STOP_KEEPALIVE_LINGER)
        return True

    def watch(self, conn: Conn) -> None:
        """Have the main loop see when the client says more."""
        raise NotImplementedError

    def _cap_keepalive(self, deadline: float) -> None:
        """As gunicorn does, but threads may keep one more meanwhile."""
        for conn in list(self.keepalived_conns):
            conn.timeout = min(conn.timeout, deadline)


def beginning(conn: Conn) -> bytes:
    """The first bytes of what has come, PEEK at most."""
    return conn.parser.unreader.kept().lstrip(b"\r\n")[:PEEK]
