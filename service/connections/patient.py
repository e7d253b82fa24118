"""A worker that is patient with slow clients, and not for ever.

A client that never finishes its request is told so; one that never takes its answer, or
never hangs up, is cut off.  Where there are too many connections, those that are idle
longest are closed, then those that have been sending longest.  Knows nothing of what is
served.
"""

from __future__ import annotations

import errno
import socket
import time
from http import HTTPStatus

from service.connections.arrival import Come
from service.connections.parser import Conn
from service.connections.receiving import ReceivingWorker
from service.connections.threads import beginning

ANSWER_S = 20.0
"""How long after `threads.REQUEST_S` an answer may take: what is judged, and what the
client reads of it."""

NEWCOMER_S = 0.5
"""How long a new connection may say nothing once the worker is told to end."""

MOST_HELD = 33_554_432
"""So many bytes of requests at most are held that no thread has yet, about.

What waits for a thread takes half of it at most: the other half is left to what comes.
"""

TIDY_S = 0.25
"""How often it is looked for what takes too long."""

SCARCE = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""Why a connection cannot be accepted that is nobody's fault and passes."""

PAUSE_S = 1.0
"""How long after that none is accepted; tried at once, it would fail as often."""

SETTLED_S = 1.0
"""How long a connection is kept at least before it makes room for another."""

MAKES_ROOM = 8
"""So many connections at most are closed at a time to make room."""


class PatientWorker(ReceivingWorker):
    """A worker with deadlines, of which gunicorn has none.

    How many connections there may be is gunicorn's `worker_connections`.
    """

    def init_process(self) -> None:
        """Begin in the new process."""
        self._tidy_at = 0.0
        self._accept_at = 0.0
        self._is_scarce = False
        self._made_room = 0
        super().init_process()

    def crowded_out(self, beginning: bytes) -> bytes:
        """A whole answer to what is not waited for any longer, for want of room."""
        raise NotImplementedError

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
        self._held = self.waiting_bytes()
        for conn, deadline in list(self._receiving.items()):
            if deadline >= now:
                self._held += conn.parser.unreader.size()
            elif conn.come is Come.NOTHING:
                self._let_go(conn)
            else:
                self.answer(conn, self.refusal(HTTPStatus.REQUEST_TIMEOUT))
        while self._held >= MOST_HELD:
            longest = next(iter(self._receiving), None)
            if longest is None:
                return
            self._held -= longest.parser.unreader.size()
            self._crowd_out(longest)


def shut(sock: socket.socket, how: int) -> None:
    """Make a thread that waits for a client see the end of it."""
    try:
        sock.shutdown(how)
    except OSError:
        return  # Closed in the meantime.
