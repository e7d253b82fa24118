"""The database: engines, transactions and faults, for SQLite and PostgreSQL alike.

Knows no tables.  Connects on first use, so it may be built before or after a fork, but
what has connected must not cross one: build it in the worker.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import StoreUnavailable

BUSY_TIMEOUT_S = 5.0
"""How long a writer waits for another one before the caller gets an error."""

POOL = {"pool_size": 8, "max_overflow": 24, "pool_timeout": BUSY_TIMEOUT_S}


class Database:
    """One database, read and written through short transactions."""

    def __init__(self, engine: Engine, *, wait_s: float = BUSY_TIMEOUT_S) -> None:
        self.engine = engine
        self._wait_s = wait_s
        self._turns = threading.Lock()
        self.is_sqlite = engine.dialect.name == "sqlite"
        # A lone statement needs no transaction; SQLite is in this mode anyway.
        self._reader = (
            engine
            if self.is_sqlite
            else engine.execution_options(isolation_level="AUTOCOMMIT")
        )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on which each statement sees what is committed then.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with self._explained(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at the end, or leaves no trace.

        On SQLite it is the only writer from its start: with a plain BEGIN, one that
        reads first cannot be upgraded and fails with "database is locked" at once, in
        spite of the timeout (sqlite.org/lang_transaction.html, section 2.2).

        Raises:
            StoreUnavailable: the database does not answer or cannot be written.
        """
        with self._explained(), self._turn(), self.engine.begin() as connection:
            if self.is_sqlite:
                # An event would say it in one place for all, and costs 40 µs a comment.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let the threads of a process write one after the other to SQLite.

        It would make them sleep and try again: two processes of four threads each wrote
        2,200 comments a second, the slowest in 1.3 s; queueing here, 5,000 and 0.14 s.
        """
        if not self.is_sqlite:
            yield
            return
        if not self._turns.acquire(timeout=self._wait_s):
            raise StoreUnavailable(SQLITE_FAULTS["SQLITE_BUSY"])
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError):
            raise  # Not the database's fault but the caller's.
        except DBAPIError as error:
            raise StoreUnavailable(explain(error.orig)) from error
        except PoolTimeout as error:
            raise StoreUnavailable("All database connections are busy.") from error

    def insert_new(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert of one row or many, which passes over those that exist already.

        The databases write it alike, SQLAlchemy does not.
        """
        if self.is_sqlite:
            return sqlite.insert(table).on_conflict_do_nothing()
        return postgresql.insert(table).on_conflict_do_nothing()

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def open_database(
    url: str, *, synchronous: str = "NORMAL", wait_s: float = BUSY_TIMEOUT_S
) -> Database:
    """Prepare the database behind a URL that `load_settings` checked.

    Nothing connects yet.  An SQLite file is never created here: see `create_file`.

    Args:
        url: as in `Settings`.
        synchronous: NORMAL or FULL, for SQLite (sqlite.org/pragma.html).
        wait_s: how long to wait for another writer, in seconds.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return Database(_sqlite(url, synchronous, wait_s), wait_s=wait_s)
    return Database(
        create_engine(
            url,
            hide_parameters=True,
            # A server that restarted is noticed here and not by a reader's comment.
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": 5,
                "options": f"-c lock_timeout={wait_s * 1000:.0f}",
            },
            **POOL,
        )
    )


def create_file(database: Database) -> None:
    """Create the SQLite file, readable for its owner only, unless it exists.

    Raises:
        StoreUnavailable: the folder cannot be written.
    """
    if not database.is_sqlite:
        return
    file = Path(str(database.engine.url.database))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _alone_in(file.parent):
            # SQLite gives the -wal and -shm files beside it the same permissions.
            file.touch(mode=0o600)
            with closing(sqlite3.connect(file)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
    except OSError as error:
        raise StoreUnavailable(
            f"The database {file} cannot be created: {error.strerror}."
        ) from error
    except sqlite3.Error as error:
        raise StoreUnavailable(explain(error)) from error


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Keep out other processes that do the same.

    Two that turn a new file to WAL at once do not wait for each other, in spite of any
    timeout: one gets "database is locked".
    """
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def explain(error: BaseException | None) -> str:
    """Say in a sentence what is wrong with the database, without SQL or its values."""
    if isinstance(error, sqlite3.Error):
        code, table = getattr(error, "sqlite_errorname", ""), SQLITE_FAULTS
        if "no such" in str(error):
            code = "missing"
    else:
        code, table = getattr(error, "sqlstate", None) or "08", SQLSTATE_FAULTS
    for prefix, sentence in table.items():
        if code.startswith(prefix):
            return sentence
    return f"The database reports an error ({code or type(error).__name__})."


_UNPREPARED = "The database is not prepared; run `flask init`."
SQLITE_FAULTS = {
    "missing": _UNPREPARED,
    "SQLITE_BUSY": "The database is locked by another process.",
    "SQLITE_LOCKED": "The database is locked by another process.",
    "SQLITE_FULL": "The disk that holds the database is full.",
    "SQLITE_READONLY": "The database is read-only.",
    "SQLITE_PERM": "The database may not be opened by this user.",
    "SQLITE_CANTOPEN": "The database file is missing or cannot be opened; "
    "run `flask init`.",
    "SQLITE_NOTADB": "The database file is not an SQLite database.",
    "SQLITE_CORRUPT": "The database file is damaged.",
    "SQLITE_IOERR": "The disk that holds the database reports an error.",
}
"""From the beginning of an SQLite result code (sqlite.org/rescode.html)."""
SQLSTATE_FAULTS = {
    "42P01": _UNPREPARED,
    "42703": _UNPREPARED,
    "3D000": "The database does not exist on the server.",
    "28": "The database server refuses the user name or password.",
    "08": "The database server does not answer or refuses the connection.",
    "57P": "The database server is shutting down or starting.",
    "53": "The database server is out of disk space, memory or connections.",
    "55P03": "The database is locked by another process.",
    "40": "The database is locked by another process.",
    "25": "The database is read-only.",
}
"""From the beginning of an SQLSTATE (postgresql.org/docs/current/errcodes-appendix)."""


def _sqlite(url: str, synchronous: str, wait_s: float) -> Engine:
    file = quote(str(make_url(url).database))

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{file}?mode=rw",  # A missing file is an error, not a new database.
            uri=True,
            timeout=wait_s,
            isolation_level=None,  # No hidden BEGIN: `Database.writing` says when.
            check_same_thread=False,  # The pool hands a connection to one at a time.
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    return create_engine(url, creator=connect, hide_parameters=True, **POOL)
