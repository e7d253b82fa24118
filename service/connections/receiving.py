"""A worker whose main loop receives, so that nobody's slowness costs a thread.

A request is given a thread once it has come as a whole, and its connection is then
watched on.  Leaves out how long is waited for what.  Knows no TLS, which is the
proxy's.
"""

from __future__ import annotations

import socket
import sys
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from selectors import EVENT_READ

# gunicorn ships no annotations.
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    STOP_KEEPALIVE_LINGER,
)

from service.connections import threads
from service.connections.arrival import Come
from service.connections.parser import Conn, Phase
from service.connections.threads import Done, QueueWorker, beginning

LINGER_S = 2.0
"""How long a client may take over hanging up (RFC 9112, section 9.6)."""

RECEIVED = 65_536
"""So many bytes are received at a time; also of what is thrown away: closed with any
left, a connection is reset, and the client might not see its answer."""

MOST_BODY = 65_536
"""The longest body, in bytes, that is waited for, unless the worker says another."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What a client may wait for before it sends its body."""


class ReceivingWorker(QueueWorker):
    """A worker that gives threads to whole requests.

    Bodies of more than `most_body` bytes are given one with their head: to be refused,
    unless `waits_for_longer`.
    """

    most_body = MOST_BODY
    waits_for_longer = False

    @classmethod
    def check_config(cls, cfg: Config, log: Logger) -> None:
        """Called by the master: end it where the worker could not do what is set."""
        if cfg.is_ssl:
            log.error("TLS is the proxy's: this worker does not speak it.")
            sys.exit(1)
        super().check_config(cfg, log)

    def init_process(self) -> None:
        """Begin in the new process."""
        self._receiving: dict[Conn, float] = {}
        self._leaving: dict[Conn, float] = {}
        self._held = 0
        super().init_process()

    def accept(self, listener: socket.socket) -> None:
        """Called by the main loop: accept a connection.

        Raises:
            OSError: the system has no room for one more.
        """
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        self.nr_conns += 1
        conn = Conn(self.cfg, sock, client, listener.getsockname(), self.most_body)
        conn.parser.unreader.waits = self.waits_for_longer
        data = received(sock)
        if data is None:
            self._wait_for_more(conn, Come.NOTHING)
        else:
            self._add(conn, data)

    def _readable(self, conn: Conn, client: socket.socket) -> None:
        """Called by the main loop: the client says something, or hangs up."""
        if conn.phase is Phase.SERVED:
            self._not_now(conn)
            return
        if conn.phase is Phase.GONE:
            return  # By what was called just before, of the same events.
        data = received(client)
        if data is None:
            return
        if conn.phase is Phase.LEAVING:
            if not data:
                self._let_go(conn)
            return
        if conn.phase is Phase.KEPT:
            self.keepalived_conns.remove(conn)
            conn.phase = Phase.RECEIVING
        self._add(conn, data)

    def _not_now(self, conn: Conn) -> None:
        """Let what comes early wait: the thread may still be reading.

        Connections are watched while they are served, as hardly any client is early: to
        tell the system twice for each request costs more than this.
        """
        self.unwatch(conn)
        if conn.phase is not Phase.SERVED:  # In the meantime, and did not see that.
            self.watch(conn)

    def _add(self, conn: Conn, data: bytes) -> None:
        """See what a request has become by what was received; empty at the end."""
        conn.parser.unreader.add(data)
        if data:
            self._held += len(data)
            self._see(conn)
        elif conn.come is Come.NOTHING:
            self._let_go(conn)
        else:  # What is read of it shows that it is cut short.
            self._hand_over(conn)

    def _see(self, conn: Conn) -> None:
        """Give a request a thread if it is whole, and else wait for more."""
        unreader = conn.parser.unreader
        if conn.arrival.lacks(unreader.size()):
            come = Come.HEAD
        else:
            come = conn.arrival.come(unreader.kept())
        if come in (Come.WHOLE, Come.UNCLEAR):
            self._hand_over(conn)
        elif come is Come.ENDLESS:
            status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            self.answer(conn, self.refusal(status))
        else:
            self._wait_for_more(conn, come)

    def _hand_over(self, conn: Conn) -> None:
        self._receiving.pop(conn, None)
        conn.come = Come.NOTHING
        self.enqueue_req(conn)

    def _wait_for_more(self, conn: Conn, come: Come) -> None:
        """Have the main loop go on receiving.  Each part of a request has its time."""
        now = time.monotonic()
        if conn not in self._receiving:
            conn.phase = Phase.RECEIVING
            conn.since = now
            self.watch(conn)
        elif come is conn.come:
            return
        conn.come = come
        self._receiving[conn] = now + threads.REQUEST_S
        if come is Come.HEAD and conn.arrival.is_awaiting:
            with suppress(OSError):  # Who has gone is seen to have, next.
                conn.sock.send(CONTINUE, socket.MSG_DONTWAIT)

    def refusal(self, status: HTTPStatus) -> bytes:
        """A whole answer to what does not become a request."""
        raise NotImplementedError

    def finish_request(self, conn: Conn, done: Done) -> None:
        """Called by the main loop: look for the next request, or take leave.

        gunicorn waits here, up to two seconds, for each client to hang up; meanwhile
        nobody else is served, and after thirty seconds the worker is killed.
        """
        if not done.is_kept:
            self._take_leave(conn)
        elif conn.parser.unreader.kept():  # It has sent ahead.
            self._see(conn)
        else:
            conn.set_timeout()
            conn.phase = Phase.KEPT
            self.keepalived_conns.append(conn)
            self.watch(conn)
            if not self.alive:
                self._cap_keepalive(time.monotonic() + STOP_KEEPALIVE_LINGER)

    def answer(self, conn: Conn, answer: bytes) -> None:
        """Answer without a thread; who does not take it at once goes without."""
        if beginning(conn).startswith(b"HEAD "):
            answer = answer[: answer.index(b"\r\n\r\n") + 4]
        with suppress(OSError):
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        self._take_leave(conn)

    def _take_leave(self, conn: Conn) -> None:
        """Say that this was all, and wait elsewhere for the client to hang up."""
        self._receiving.pop(conn, None)
        conn.parser.unreader.take_buffered()  # Nobody reads it any more.
        conn.phase = Phase.LEAVING
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:  # It has hung up, or was closed below.
            self._let_go(conn)
        else:
            self._leaving[conn] = time.monotonic() + LINGER_S
            self.watch(conn)

    def _let_go(self, conn: Conn) -> None:
        conn.phase = Phase.GONE
        self._receiving.pop(conn, None)
        self._leaving.pop(conn, None)
        self.unwatch(conn)
        self.nr_conns -= 1
        conn.close()

    def watch(self, conn: Conn) -> None:
        """Have the main loop see when the client says more, or hangs up."""
        if not conn.is_watched:
            conn.is_watched = True
            # Another thread may do so, too, or the connection be closed just now.
            with suppress(OSError, KeyError, ValueError):
                readable = partial(self._readable, conn)
                self.poller.register(conn.sock, EVENT_READ, readable)

    def unwatch(self, conn: Conn) -> None:
        """Leave it to others what the client says."""
        if conn.is_watched:
            with suppress(OSError, KeyError, ValueError):
                self.poller.unregister(conn.sock)
            conn.is_watched = False


def received(sock: socket.socket) -> bytes | None:
    """What there is to read.  Empty at the end, and None if there is nothing yet."""
    try:
        return sock.recv(RECEIVED, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""  # It has gone.
