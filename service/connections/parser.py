"""gunicorn's parser of requests, fed by the main loop, and what it leaves unread.

An answer says whether the connection is kept, and that is then so: where some of the
body has not come, it is not waited for, and never taken for the next request.
"""

from __future__ import annotations

import socket
from enum import Enum, auto

# gunicorn ships no annotations.
from gunicorn.config import Config  # type: ignore[import-untyped]
from gunicorn.http.body import LengthReader  # type: ignore[import-untyped]
from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.parser import RequestParser  # type: ignore[import-untyped]
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from service.connections.arrival import Arrival, Come


class Unreader(SocketUnreader):  # type: ignore[misc]
    """What was received, then what a thread still receives."""

    waits = False
    """Whether a thread waits for what has not come: only where bodies may be longer
    than any that the main loop waits for.  Elsewhere it is to be refused."""

    has_ended = False
    """Whether a thread wanted more, and there was no more to come."""

    def add(self, data: bytes) -> None:
        """Keep what was received, for a thread to read."""
        self.buf.seek(0, 2)
        self.buf.write(data)

    def kept(self) -> bytes:
        """What was received and not read."""
        data: bytes = self.buf.getvalue()
        return data

    def size(self) -> int:
        """How many bytes that are."""
        end: int = self.buf.seek(0, 2)
        return end

    def read(self, size: int | None = None, read_ahead: int | None = None) -> bytes:
        """As gunicorn does, but never much at once, unless that is asked for.

        Its reader of chunks copies what it was given again for each of them.
        """
        if size is None and self.size() > self.mxchunk:
            size = self.mxchunk
        data: bytes = super().read(size, read_ahead)
        return data

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Receive more, in a thread."""
        if self.waits:
            data: bytes = super().chunk(size_hint)
        else:
            try:
                most = min(size_hint or self.mxchunk, self.mxchunk)
                data = self.sock.recv(most, socket.MSG_DONTWAIT)
            except BlockingIOError:
                data = b""
        if not data:
            self.has_ended = True
        return data


class Received(Request):  # type: ignore[misc]
    """A request, which knows whether another one may follow."""

    def set_body_reader(self) -> None:
        """As gunicorn does; who has begun to send its body is not told to."""
        super().set_body_reader()
        if self.unreader.kept():
            self._expected_100_continue = False

    def should_close(self) -> bool:
        """Whether the connection ends with this request's answer."""
        if super().should_close():
            return True
        if self.unreader.has_ended or self.body.failed or self._lacks_some():
            self.force_close()  # What is said once stays so.
            return True
        return False

    def _lacks_some(self) -> bool:
        """Whether the end of the body was not read, nor could be without waiting."""
        reader = self.body.reader
        if isinstance(reader, LengthReader):
            return bool(reader.length and reader.length > len(self.unreader.kept()))
        return reader.parser is not None  # Chunks: who has read all has none left.


class Parser(RequestParser):  # type: ignore[misc]
    """One request after the other, of one connection."""

    mesg_class = Received

    def __init__(self, cfg: Config, sock: socket.socket, client: object) -> None:
        super().__init__(cfg, sock, client)
        self.unreader = Unreader(sock)


class Phase(Enum):
    """What is being done with a connection."""

    RECEIVING = auto()
    SERVED = auto()
    """It waits for a thread, or has one."""
    KEPT = auto()
    LEAVING = auto()
    GONE = auto()


class Conn(TConn):  # type: ignore[misc]
    """A connection: what has come on it, and since when it waits for a thread.

    `size` is how many bytes of it wait.
    """

    def __init__(
        self,
        cfg: Config,
        sock: socket.socket,
        client: object,
        server: object,
        most_body: int,
    ) -> None:
        super().__init__(cfg, sock, client, server)
        self.parser = Parser(cfg, sock, client)
        self.initialized = True  # gunicorn would make its own parser, in a thread.
        self.arrival = Arrival(most_body)
        self.come = Come.NOTHING
        self.phase = Phase.RECEIVING
        self.since = 0.0
        self.size = 0
        self.is_watched = False
