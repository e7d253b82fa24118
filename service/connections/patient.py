"""A worker that waits for its clients without a thread, however slow they are.

The main loop receives.  A request is given a thread once it has come as a whole; a
client that never finishes it is told so, one that never takes its answer or never hangs
up is cut off.  Where there are too many connections, those that are idle longest are
closed.  Knows nothing of what is served, nor of TLS, which is the proxy's.
"""

from __future__ import annotations

import errno
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

from service.connections import threads
from service.connections.arrival import Come
from service.connections.parser import Conn
from service.connections.threads import Done, QueueWorker, beginning

ANSWER_S = 20.0
"""How long after `threads.REQUEST_S` an answer may take: what is judged, and what the
client reads of it."""

LINGER_S = 2.0
"""How long a client may take over hanging up (RFC 9112, section 9.6)."""

NEWCOMER_S = 0.5
"""How long a new connection may say nothing once the worker is told to end."""

RECEIVED = 65_536
"""So many bytes are received at a time; also of what is thrown away: closed with any
left, a connection is reset, and the client might not see its answer."""

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
"""What a client may wait for before it sends its body."""

MOST_BODY = 65_536
"""The longest body, in bytes, that is waited for, unless the worker says another."""

MOST_HELD = 33_554_432
"""So many bytes of unfinished requests at most are held, about."""

TIDY_S = 0.25
"""How often it is looked for what takes too long."""

SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""Why a connection cannot be accepted that is nobody's fault and passes."""

PAUSE_S = 1.0
"""How long after that none is accepted; tried at once, it would fail as often."""

SETTLED_S = 1.0
"""How long a connection is kept at least before it makes room for another."""

MAKES_ROOM = 8
"""So many kept connections at most are closed at a time to make room."""


class PatientWorker(QueueWorker):
    """A worker with deadlines, of which gunicorn has none.

    How many connections there may be is gunicorn's `worker_connections`.  Bodies of
    more than `most_body` bytes are given a thread with their head, to be refused.
    """

    most_body = MOST_BODY

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
        self._tidy_at = 0.0
        self._accept_at = 0.0
        self._is_scarce = False
        self._made_room = 0
        super().init_process()

    # Coming

    def accept(self, listener: socket.socket) -> None:
        """Called by the main loop: accept a connection, or none for a while.

        gunicorn ends the process where the system has no room for one more, and with it
        all that it was serving.
        """
        try:
            sock, client = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        except OSError as error:
            if error.errno not in SCARCE:
                raise
            self.log.warning("No connection can be accepted: %s", error.strerror)
            self._is_scarce = True
            self._accept_at = time.monotonic() + PAUSE_S
            self.set_accept_enabled(False)
            return
        self.nr_conns += 1
        conn = Conn(self.cfg, sock, client, listener.getsockname(), self.most_body)
        data = received(sock)
        if data is None:
            self._wait_for_more(conn, Come.NOTHING)
        else:
            self._add(conn, data)

    def set_accept_enabled(self, enabled: bool) -> None:
        """As gunicorn does, which asks for it again and again, but not too early."""
        if not (enabled and time.monotonic() < self._accept_at):
            super().set_accept_enabled(enabled)

    # Receiving

    def on_client_socket_readable(self, conn: Conn, client: socket.socket) -> None:
        """Called by the main loop: something comes on a connection that was kept."""
        data = received(client)
        if data is not None:
            self.keepalived_conns.remove(conn)
            self._add(conn, data)

    def _go_on(self, conn: Conn, client: socket.socket) -> None:
        """Called by the main loop: more comes of what was not whole yet."""
        data = received(client)
        if data is not None:
            self._add(conn, data)

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
        self._unwatch(conn)
        self.enqueue_req(conn)

    def _wait_for_more(self, conn: Conn, come: Come) -> None:
        """Have the main loop go on receiving.  Each part of a request has its time."""
        if come is not conn.come or conn not in self._receiving:
            now = time.monotonic()
            if conn not in self._receiving:
                conn.since = now
            conn.come = come
            self._receiving[conn] = now + threads.REQUEST_S
            self._watch(conn, partial(self._go_on, conn))
            if come is Come.HEAD and conn.arrival.is_awaiting:
                with suppress(OSError):  # Who has gone is seen to have, next.
                    conn.sock.send(
                        b"HTTP/1.1 100 Continue\r\n\r\n", socket.MSG_DONTWAIT
                    )

    def refusal(self, status: HTTPStatus) -> bytes:
        """A whole answer to what does not become a request."""
        raise NotImplementedError

    def crowded_out(self, beginning: bytes) -> bytes:
        """A whole answer to what is not waited for any longer, for want of room."""
        raise NotImplementedError

    # Going

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
            conn.is_watched = True
            super().finish_request(conn, done)

    def answer(self, conn: Conn, answer: bytes) -> None:
        """Answer without a thread; who does not take it at once goes without."""
        if beginning(conn).startswith(b"HEAD "):
            answer = answer[: answer.index(b"\r\n\r\n") + 4]
        with suppress(OSError):
            conn.sock.send(answer, socket.MSG_DONTWAIT)
        self._take_leave(conn)

    def _take_leave(self, conn: Conn) -> None:
        """Say that this was all, and wait elsewhere for the client to hang up."""
        self._unwatch(conn)
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            self._watch(conn, partial(self._drain, conn))
        except (OSError, ValueError, KeyError):  # It has hung up, or was closed below.
            self._let_go(conn)
        else:
            self._leaving[conn] = time.monotonic() + LINGER_S

    def _drain(self, conn: Conn, sock: socket.socket) -> None:
        """Take what a client still sends, and let it go when it hangs up."""
        if received(sock) == b"":
            self._let_go(conn)

    def _let_go(self, conn: Conn) -> None:
        self._unwatch(conn)
        self._leaving.pop(conn, None)
        self.nr_conns -= 1
        conn.close()

    def _watch(self, conn: Conn, readable: partial[None]) -> None:
        """Have something done when the client says more."""
        if conn.is_watched:
            self.poller.modify(conn.sock, EVENT_READ, readable)
        else:
            self.poller.register(conn.sock, EVENT_READ, readable)
            conn.is_watched = True

    def _unwatch(self, conn: Conn) -> None:
        """Leave it to others what the client says."""
        self._receiving.pop(conn, None)
        conn.come = Come.NOTHING
        if conn.is_watched:
            conn.is_watched = False
            with suppress(OSError, KeyError, ValueError):
                self.poller.unregister(conn.sock)

    # Looking after all of them

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """As gunicorn does, but for a while, unless something changes.

        What gunicorn does between, after each event, costs as much as the event.
        """
        super().wait_for_and_dispatch_events(timeout)
        while self._is_quiet():
            super().wait_for_and_dispatch_events(timeout)

    def _is_quiet(self) -> bool:
        """Whether there is nothing to do but what comes."""
        has_room: bool = self.nr_conns < self.worker_connections
        return bool(
            self.alive
            and self._accepting is has_room
            and self._held < MOST_HELD
            and time.monotonic() < self._tidy_at
        )

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
        """Close what shuts everybody else out: first those that are idle longest.

        One kept just now is left alone, for its thread may still be about to watch it.
        Then those that have been sending longest, for who means well is quick.
        """
        now = time.monotonic()
        settled = now + self.cfg.keepalive - SETTLED_S
        for _ in range(MAKES_ROOM):
            kept = self.keepalived_conns
            if kept and kept[0].timeout <= settled:
                self._made_room += 1
                self._let_go(kept.popleft())
            elif longest := next(iter(self._receiving), None):
                if longest.since > now - SETTLED_S:
                    return
                self._crowd_out(longest)

    def _crowd_out(self, conn: Conn) -> None:
        """Give up on a request that has not come yet, for want of room."""
        self._made_room += 1
        if conn.come is Come.NOTHING:
            self._let_go(conn)
        else:
            self.answer(conn, self.crowded_out(beginning(conn)))

    def murder_pending(self) -> None:
        """Called by the main loop: end what takes too long.

        Of what a thread is given, at first only reading is shut down, for a request
        that is complete is still answered.  Who does not take that answer either is let
        go.
        """
        now = time.monotonic()
        if now < self._tidy_at and self._held < MOST_HELD:
            return
        self._tidy_at = now + TIDY_S
        self._end_receiving(now)
        for conn, deadline in list(self._deadlines.items()):
            if deadline + ANSWER_S < now:
                shut(conn.sock, socket.SHUT_RDWR)
            elif deadline < now:
                shut(conn.sock, socket.SHUT_RD)
        for conn, deadline in list(self._leaving.items()):
            if deadline < now:
                self._let_go(conn)

    def _end_receiving(self, now: float) -> None:
        """Tell those that are too slow; make room where all hold too much."""
        if not self.alive:
            # Who has just come is about to say something; others will miss nothing.
            for conn, deadline in self._receiving.items():
                if conn.come is Come.NOTHING:
                    self._receiving[conn] = min(deadline, now + NEWCOMER_S)
        self._held = 0
        for conn, deadline in list(self._receiving.items()):
            if deadline >= now:
                self._held += conn.parser.unreader.size()
            elif conn.come is Come.NOTHING:
                self._let_go(conn)
            else:
                self.answer(conn, self.refusal(HTTPStatus.REQUEST_TIMEOUT))
        while self._held >= MOST_HELD:
            longest = next(iter(self._receiving))
            self._held -= longest.parser.unreader.size()
            self._crowd_out(longest)


def received(sock: socket.socket) -> bytes | None:
    """What there is to read.  Empty at the end, and None if there is nothing yet."""
    try:
        return sock.recv(RECEIVED, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return None
    except OSError:
        return b""  # It has gone.


def shut(sock: socket.socket, how: int) -> None:
    """Make a thread that waits for a client see the end of it."""
    try:
        sock.shutdown(how)
    except OSError:
        return  # Closed in the meantime.
