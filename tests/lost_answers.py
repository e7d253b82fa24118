"""Who stands between a program and its PostgreSQL, and may lose an answer."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.engine import make_url

SOCKET = ".s.PGSQL.5432"


class Between:
    """Passes on what either side says, until the next answer is to be lost."""

    def __init__(self, url: str, folder: Path) -> None:
        parsed = make_url(url)
        self._server = str(Path(str(parsed.query["host"]), SOCKET))
        self._loses = threading.Event()
        self.lost = 0
        self.url = parsed.update_query_dict({"host": str(folder)}).render_as_string(
            hide_password=False
        )

    def lose_next(self) -> None:
        """Hand on the next request, and end the connection when it is answered."""
        self._loses.set()

    def serve(self, listener: socket.socket) -> None:
        """Take connections until the listener is shut down."""
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._pass, args=(client,)).start()

    def _pass(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._server)
            back = threading.Thread(target=self._pass_back, args=(server, client))
            back.start()
            with suppress(OSError):
                while data := client.recv(65_536):
                    server.sendall(data)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _pass_back(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := server.recv(65_536):
                if self._loses.is_set():
                    self._loses.clear()
                    self.lost += 1
                    break
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def between(url: str) -> Iterator[Between]:
    """Somebody in between, at an address of his own, until the block ends."""
    with (
        tempfile.TemporaryDirectory(prefix="refrain-") as folder,
        socket.socket(socket.AF_UNIX) as listener,
    ):
        listener.bind(str(Path(folder, SOCKET)))
        listener.listen()
        one = Between(url, Path(folder))
        thread = threading.Thread(target=one.serve, args=(listener,))
        thread.start()
        try:
            yield one
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
