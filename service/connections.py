"""How gunicorn's threaded worker deals with clients that are slow, or hostile.

A thread is given only to a connection that has said something; a client that never
finishes its request, never takes its answer or never hangs up is cut off, and nobody
waits for it meanwhile.  Where too many wait already, who comes is turned away at once;
where there are too many connections, those that are idle longest are closed.
Knows nothing of what is served.
"""

from __future__ import annotations

import errno
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from selectors import EVENT_READ
from typing import NamedTuple

# gunicorn ships no annotations.
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    STOP_KEEPALIVE_LINGER,
    TConn,
    ThreadWorker,
)

REQUEST_S = 10.0
"""How long a client may take over beginning, and then over sending, one request."""

ANSWER_S = 20.0
"""How long after that its answer may take: what is judged, and what it reads of it."""

LINGER_S = 2.0
"""How long a client may take over hanging up (RFC 9112, section 9.6)."""

NEWCOMER_S = 0.5
"""How long a new connection may say nothing once the worker is told to end."""

PEEK = 64
"""So many bytes of a request are looked at that is given no thread."""

DRAIN = 65_536
"""So many bytes of what it still sends are thrown away at once: closed with any left,
a connection is reset, and the client might not see its answer."""

SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""Why a connection cannot be accepted that is nobody's fault and passes."""

PAUSE_S = 1.0
"""How long after that none is accepted; tried at once, it would fail as often."""

SETTLED_S = 1.0
"""How long a connection is kept at least before it makes room for another."""

MAKES_ROOM = 8
"""So many kept connections at most are closed at a time to make room."""


class Done(NamedTuple):
    """What gunicorn wants to know of a request that was served; a future's part."""

    is_kept: object

    def cancelled(self) -> bool:
        """That it was served."""
        return False

    def result(self) -> object:
        """Whether the connection is kept, for another request."""
        return self.is_kept


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """A worker with deadlines and a bounded queue, of which gunicorn has neither.

    How many connections there may be is gunicorn's `worker_connections`.  At most
    `most_waiting` requests wait for a thread, without end where it is None.
    """

    most_waiting: int | None = None

    def init_process(self) -> None:
        """Begin in the new process."""
        self._deadlines: dict[TConn, float] = {}
        self._leaving: dict[TConn, float] = {}
        self._accept_at = 0.0
        self._is_scarce = False
        self._made_room = 0
        super().init_process()

    def get_thread_pool(self) -> PatientWorker:
        """Prepare for the threads.  What gunicorn asks of a pool is `shutdown`.

        With one of futures, as gunicorn's, a request takes 8 % more of a processor.
        """
        self._has_ended = False
        self._ready: SimpleQueue[TConn | None] = SimpleQueue()
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

    def _serve_all(self) -> None:
        """Serve one connection's next request after the other, as a thread does."""
        while (conn := self._ready.get()) is not None:
            try:
                self._serve(conn)
            except BaseException as error:  # It must not cost the thread.
                self.log.error("A request broke its thread: %s", type(error).__name__)

    def _serve(self, conn: TConn) -> None:
        """Serve a connection's next request, and see to what becomes of it then."""
        done = Done(False)
        try:
            done = Done(self.handle(conn))
        finally:  # Whatever broke, the connection is not forgotten.
            if self._has_ended:
                conn.close()  # Nobody is there any more who would.
            elif not (done.is_kept and self._kept(conn)):
                self.method_queue.defer(self.finish_request, conn, done)

    def _kept(self, conn: TConn) -> bool:
        """Have the main loop watch a connection, without waking it for that.

        What has more to it is left to `finish_request`.  To wake the main loop for each
        answer takes a tenth of a request's time.
        """
        if not self.alive or conn.parser.unreader.buf.getvalue():
            return False
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        readable = partial(self.on_client_socket_readable, conn)
        try:
            self.poller.register(conn.sock, EVENT_READ, readable)
        except (OSError, ValueError, KeyError):  # Shut in the meantime.
            try:
                self.keepalived_conns.remove(conn)
            except ValueError:
                return True  # By the main loop, which counts it no more either.
            return False
        if not self.alive:  # The main loop may have looked through them before.
            self._cap_keepalive(time.monotonic() + STOP_KEEPALIVE_LINGER)
        return True

    def _cap_keepalive(self, deadline: float) -> None:
        """As gunicorn does, but threads may keep one more meanwhile."""
        for conn in list(self.keepalived_conns):
            conn.timeout = min(conn.timeout, deadline)

    def accept(self, listener: socket.socket) -> None:
        """Called by the main loop: accept a connection, or none for a while.

        gunicorn ends the process where the system has no room for one more, and with it
        all that it was serving.
        """
        try:
            super().accept(listener)
        except OSError as error:
            if error.errno not in SCARCE:
                raise
            self.log.warning("No connection can be accepted: %s", error.strerror)
            self._is_scarce = True
            self._accept_at = time.monotonic() + PAUSE_S
            self.set_accept_enabled(False)

    def set_accept_enabled(self, enabled: bool) -> None:
        """As gunicorn does, which asks for it again and again, but not too early."""
        if not (enabled and time.monotonic() < self._accept_at):
            super().set_accept_enabled(enabled)

    def murder_keepalived(self, force: bool = False) -> None:
        """Called by the main loop: close what was kept long, or is in others' way.

        Not in `accept`: the main loop may have in hand an event of what is closed.
        """
        super().murder_keepalived(force)
        is_full = self.nr_conns >= self.worker_connections
        if self.alive and (is_full or self._is_scarce):
            self._is_scarce = False
            self._make_room()

    def _make_room(self) -> None:
        """Close the connections that are idle longest: they shut everybody else out.

        One kept just now is left alone, for its thread may still be about to watch it.
        """
        settled = time.monotonic() + self.cfg.keepalive - SETTLED_S
        for _ in range(MAKES_ROOM):
            if not self.keepalived_conns or self.keepalived_conns[0].timeout > settled:
                return
            conn = self.keepalived_conns.popleft()
            with suppress(OSError, KeyError, ValueError):
                self.poller.unregister(conn.sock)
            self._let_go(conn)
            self._made_room += 1

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection a thread, but a new one only once it says something.

        gunicorn would have a thread wait 5 s for that: with eight connections that said
        nothing, all threads of two workers, the next request took 9.7 s.
        """
        if conn.initialized or conn.data_ready or said_by(conn.sock, 1) is not None:
            conn.data_ready = True
            if not (self.has_to_wait() and self._dismissed(conn)):
                self._ready.put(conn)
            return
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + REQUEST_S
        self.pending_conns.append(conn)
        said = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, EVENT_READ, said)

    def waiting(self) -> int:
        """How many requests wait for a thread."""
        return self._ready.qsize()

    def has_to_wait(self) -> bool:
        """Whether no thread is free for one more request."""
        threads: int = self.cfg.threads
        return len(self._deadlines) + self.waiting() >= threads

    def is_full(self, times: int = 1) -> bool:
        """Whether as many requests wait for a thread as may, or so many times that."""
        most = self.most_waiting
        return most is not None and self.waiting() >= times * most

    def turned_away(self, beginning: bytes) -> bytes | None:
        """What is answered at once to a request that no thread is free for.

        Called by the main loop, which waits for it.

        Args:
            beginning: what the client has said so far, PEEK bytes of it at most.

        Returns:
            A whole answer, after which the connection ends; None if it is to wait.
        """
        return None

    def handle(self, conn: TConn) -> object:
        """Serve a connection's next request, in a thread, with a deadline."""
        self._deadlines[conn] = time.monotonic() + REQUEST_S
        try:
            return super().handle(conn)
        finally:
            self._deadlines.pop(conn, None)

    def finish_request(self, conn: TConn, done: Done) -> None:
        """Called by the main loop: wait for the next request, or take leave.

        gunicorn waits here, up to two seconds, for each client to hang up; meanwhile
        nobody else is served, and after thirty seconds the worker is killed.
        """
        if done.is_kept:
            super().finish_request(conn, done)
        else:
            self._take_leave(conn)

    def _dismissed(self, conn: TConn) -> bool:
        """Answer without a thread; who does not take it at once goes without."""
        ahead = conn.parser.unreader.buf.getvalue() if conn.initialized else b""
        beginning = ahead[:PEEK] or said_by(conn.sock)
        if beginning == b"":  # It has hung up: that is no request.
            self._let_go(conn)
            return True
        answer = self.turned_away(beginning or b"")
        if answer is None:
            return False
        try:
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        except OSError:
            self.log.debug("The client has gone.")
        self._take_leave(conn)
        return True

    def _take_leave(self, conn: TConn) -> None:
        """Say that this was all, and wait elsewhere for the client to hang up."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError, KeyError):  # It has hung up, or was closed below.
            self._let_go(conn)
        else:
            self._leaving[conn] = time.monotonic() + LINGER_S

    def murder_pending(self) -> None:
        """Called by the main loop every second: end what takes too long.

        At first only reading is shut down, for a request that is complete is still
        answered.  Who does not take that answer either is let go.
        """
        if not self.alive:
            # Who has just come is about to say something; others will miss nothing.
            latest = time.monotonic() + NEWCOMER_S
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, latest)
        super().murder_pending()
        now = time.monotonic()
        for conn, deadline in list(self._deadlines.items()):
            if deadline + ANSWER_S < now:
                shut(conn.sock, socket.SHUT_RDWR)
            elif deadline < now:
                shut(conn.sock, socket.SHUT_RD)
        for conn, deadline in list(self._leaving.items()):
            if deadline < now:
                self.poller.unregister(conn.sock)
                self._let_go(conn)

    def _drain(self, conn: TConn, sock: socket.socket) -> None:
        """Take what a client still sends, and let it go when it hangs up."""
        try:
            if sock.recv(DRAIN):
                return
        except BlockingIOError:
            return
        except OSError:
            self.log.debug("The client has gone.")
        self.poller.unregister(sock)
        self._let_go(conn)

    def _let_go(self, conn: TConn) -> None:
        self._leaving.pop(conn, None)
        self.nr_conns -= 1
        conn.close()


def said_by(sock: socket.socket, most: int = PEEK) -> bytes | None:
    """The beginning of what there is to read, which stays there to be read.

    Empty at the end, and None if there is nothing yet.
    """
    try:
        return sock.recv(most, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""  # Whoever reads it would be told.


def shut(sock: socket.socket, how: int) -> None:
    """Make a thread that waits for a client see the end of it."""
    try:
        sock.shutdown(how)
    except OSError:
        return  # Closed in the meantime.
