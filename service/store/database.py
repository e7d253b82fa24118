"""The database: engines, transactions and faults, for SQLite and PostgreSQL alike.

Knows no tables.  Connects on first use, so it may be built before or after a fork, but
what has connected must not cross one: build it in the worker.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import ClauseElement, Connection, Engine, Table, create_engine
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from service.errors import Fault, StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_TIMEOUT_S = 5.0
"""How long a writer waits for another one before the caller gets an error."""

POOL = {"pool_size": 8, "max_overflow": 24, "pool_timeout": BUSY_TIMEOUT_S}


class Held(Exception):
    """Somebody else has changed a row and not committed that; it was not waited for."""


class Database:
    """One database, read and written through short transactions.

    `on_fault` may be set before it is used: it is told of everything that goes wrong
    with the database itself, and must not raise.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.on_fault: Callable[[Fault], None] = lambda fault: None
        self._kept: list[Connection] = []
        self._driver = engine.dialect.loaded_dbapi
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
    def reading_together(self) -> Iterator[Connection]:
        """`reading`, whose statements all see the database as it was at the first.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        begin = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
        with self._explained(), self.engine.connect() as connection:
            # By the driver, as in `writing`; what was begun ends with the connection.
            connection.connection.cursor().execute("BEGIN" if self.is_sqlite else begin)
            yield connection

    @contextmanager
    def writing(self, *, wait_s: float | None = None) -> Iterator[Connection]:
        """A transaction that commits at the end, or leaves no trace.

        Args:
            wait_s: how long to wait for another writer, if not as the database is set.

        On SQLite it is the only writer from its start: with a plain BEGIN, one that
        reads first cannot be upgraded and fails with "database is locked" at once, in
        spite of the timeout (sqlite.org/lang_transaction.html, section 2.2).

        Raises:
            StoreUnavailable: the database does not answer or cannot be written.
        """
        with self._explained(), self.engine.begin() as connection:
            with self.waiting(connection, wait_s):
                if self.is_sqlite:
                    # By the driver: SQLAlchemy takes 15 µs for it, and an event 40 µs.
                    connection.connection.cursor().execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def waiting(self, connection: Connection, wait_s: float | None) -> Iterator[None]:
        """Let a transaction wait for others no longer than that."""
        if wait_s is None:
            yield
        elif self.is_sqlite:
            # Of the connection, which goes back to the pool: so for the start alone.
            before = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
            connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait_s * 1000:.0f}")
            try:
                yield
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {before}")
        else:
            limit = f"SET LOCAL lock_timeout = {wait_s * 1000:.0f}"
            connection.exec_driver_sql(limit)
            yield

    @contextmanager
    def writing_alone(self) -> Iterator[Connection]:
        """`writing` for one thread at a time, on a connection kept for it; SQLite only.

        Kept, and begun and committed by the driver, it costs 35 µs less: the pool and
        SQLAlchemy's own bookkeeping of the transaction.
        """
        with self._explained(), self._keeping() as connection:
            driver = connection.connection
            driver.cursor().execute("BEGIN IMMEDIATE")
            yield connection
            driver.commit()
            connection.commit()  # Ends what SQLAlchemy took for a transaction.

    def run_alone(
        self, statement: str, values: Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        """Run a statement that is a transaction by itself; PostgreSQL only.

        On a kept connection, which is not asked before whether it still works: that
        would be another exchange.  If the server has ended it, the statement is run
        once more on a new one.  So it has to be one that may be run twice, for whether
        the first was committed nobody knows.

        Args:
            statement: of `compiled`.
            values: of its parameters.

        Returns:
            The rows that it returns.

        Raises:
            Held: the statement waited for somebody else as long as it may.
            StoreUnavailable: the database does not answer or cannot be written.
        """
        with self._explained():
            try:
                return self._run_kept(statement, values)
            except self._driver.OperationalError as error:
                if explained(error).fault is Fault.LOCKED:
                    raise Held from error
                if not _has_ended(error):
                    raise
            self._drop_kept()
            return self._run_kept(statement, values)

    def _run_kept(
        self, statement: str, values: Mapping[str, object]
    ) -> list[tuple[Any, ...]]:
        with self._keeping() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    @contextmanager
    def _keeping(self) -> Iterator[Connection]:
        """A kept connection; another one is kept from then on, if all is well."""
        try:
            connection = self._kept.pop()
        except IndexError:
            connection = self._reader.connect()
        try:
            yield connection
        except BaseException:
            if not self.is_sqlite:
                # It may have ended.  Where it has not, a new one costs little.
                connection.invalidate()
            connection.close()
            raise
        self._kept.append(connection)

    def _drop_kept(self) -> None:
        """Give back what is kept and not in use."""
        with suppress(IndexError):  # Another thread may take one, too.
            while True:
                self._kept.pop().close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, DataError):
            raise  # Not the database's fault but the caller's.
        except DBAPIError as error:
            raise self._told(explained(error.orig)) from error
        except self._driver.Error as error:  # From a cursor of its own.
            if isinstance(error, self._driver.IntegrityError | self._driver.DataError):
                raise
            raise self._told(explained(error)) from error
        except PoolTimeout as error:
            busy = StoreUnavailable("All database connections are busy.", Fault.BUSY)
            raise self._told(busy) from error

    def _told(self, error: StoreUnavailable) -> StoreUnavailable:
        if error.fault is Fault.READ_ONLY and not self.is_sqlite:
            # Connections to what a failover has made a standby work, and would be kept;
            # new ones lead to where one can write.
            self._drop_kept()
            self.engine.dispose()
        self.on_fault(error.fault)
        return error

    def compiled(self, statement: ClauseElement, names: Iterable[str]) -> str:
        """Write a statement out for the driver's own cursor, with named parameters.

        SQLAlchemy then has no part in running it, which saves 15 µs a statement; types
        that it converts have to come converted.

        Args:
            statement: to be compiled, once.
            names: of the columns that an insert sets; others keep their defaults.
        """
        dialect = self.engine.dialect
        if self.is_sqlite:
            dialect = sqlite.dialect(paramstyle="named")
        return str(statement.compile(dialect=dialect, column_keys=list(names)))

    def insert_new(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert of one row or many, which passes over those that exist already.

        The databases write it alike, SQLAlchemy does not.
        """
        if self.is_sqlite:
            return sqlite.insert(table).on_conflict_do_nothing()
        # Here, because it takes 50 ms and 2 MB that SQLite has no need of.
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table).on_conflict_do_nothing()

    def close(self) -> None:
        """Give back every connection."""
        self._drop_kept()
        self.engine.dispose()


def open_database(
    url: str,
    *,
    synchronous: str = "NORMAL",
    wait_s: float = BUSY_TIMEOUT_S,
    answer_s: float | None = None,
) -> Database:
    """Prepare the database behind a URL that `load_settings` checked.

    Nothing connects yet.  An SQLite file is never created here: see `create_file`.

    Args:
        url: as in `Settings`.
        synchronous: NORMAL or FULL, for SQLite (sqlite.org/pragma.html).
        wait_s: how long to wait for another writer, in seconds.
        answer_s: how long PostgreSQL may take over a statement; None for any time.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return Database(_sqlite(url, synchronous, wait_s))
    return Database(_postgresql(url, wait_s, answer_s))


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
        raise explained(error) from error


def _has_ended(error: Exception) -> bool:
    """Whether the server has ended a connection; one that is silent has not."""
    from service.store.postgresql import Silent

    is_gone = explained(error).fault is Fault.UNREACHABLE
    return is_gone and not isinstance(error, Silent)


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


def explained(error: BaseException | None) -> StoreUnavailable:
    """Say in a sentence what is wrong with the database, without SQL or its values."""
    if isinstance(error, sqlite3.Error):
        code, table = getattr(error, "sqlite_errorname", ""), SQLITE_FAULTS
        if "no such" in str(error):
            code = "missing"
    else:
        code, table = getattr(error, "sqlstate", None) or "08", SQLSTATE_FAULTS
    for prefix, (fault, sentence) in table.items():
        if code.startswith(prefix):
            return StoreUnavailable(sentence, fault)
    name = code or type(error).__name__
    return StoreUnavailable(f"The database reports an error ({name}).")


_UNPREPARED = Fault.SCHEMA, "The database is not prepared; run `flask init`."
_LOCKED = Fault.LOCKED, "The database is locked by another process."
_READ_ONLY = Fault.READ_ONLY, "The database is read-only."
SQLITE_FAULTS = {
    "missing": _UNPREPARED,
    "SQLITE_BUSY": _LOCKED,
    "SQLITE_LOCKED": _LOCKED,
    "SQLITE_FULL": (Fault.FULL, "The disk that holds the database is full."),
    "SQLITE_READONLY": _READ_ONLY,
    "SQLITE_PERM": (Fault.DENIED, "The database may not be opened by this user."),
    "SQLITE_CANTOPEN": (
        Fault.MISSING,
        "The database file is missing or cannot be opened; run `flask init`.",
    ),
    "SQLITE_NOTADB": (
        Fault.DAMAGED,
        "The database file is not an SQLite database.",
    ),
    "SQLITE_CORRUPT": (Fault.DAMAGED, "The database file is damaged."),
    "SQLITE_IOERR": (Fault.IO, "The disk that holds the database reports an error."),
}
"""From the beginning of an SQLite result code (sqlite.org/rescode.html)."""
SQLSTATE_FAULTS = {
    "42P01": _UNPREPARED,
    "42703": _UNPREPARED,
    "3D000": (Fault.MISSING, "The database does not exist on the server."),
    "28": (Fault.DENIED, "The database server refuses the user name or password."),
    "08": (
        Fault.UNREACHABLE,
        "The database server does not answer or refuses the connection.",
    ),
    "57P": (Fault.UNREACHABLE, "The database server is shutting down or starting."),
    "53100": (Fault.FULL, "The disk of the database server is full."),
    "53": (
        Fault.BUSY,
        "The database server is out of disk space, memory or connections.",
    ),
    "58": (Fault.IO, "The disk of the database server reports an error."),
    "XX00": (Fault.DAMAGED, "The database is damaged, or its server has a fault."),
    "55P03": _LOCKED,
    "40": _LOCKED,
    "25": _READ_ONLY,
}
"""From the beginning of an SQLSTATE (postgresql.org/docs/current/errcodes-appendix)."""


def _postgresql(url: str, wait_s: float, answer_s: float | None) -> Engine:
    from service.store import postgresql

    given = make_url(url)
    secrets = {
        key: given.query[key] for key in postgresql.SECRETS if key in given.query
    }
    engine = create_engine(
        given.difference_update_query(secrets),
        hide_parameters=True,
        # A server that restarted is noticed here and not by a reader's comment.
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": postgresql.CONNECT_S,
            # Of what is set twice the last holds; all of it before what a role has.
            "options": (
                f"{given.query.get('options', '')} -c lock_timeout={wait_s * 1000:.0f} "
                r"-c default_transaction_isolation=read\ committed"
            ),
            "cursor_factory": postgresql.Again,
            **postgresql.SILENT,
            **secrets,
        },
        **POOL,
    )
    if answer_s is not None:
        postgresql.limit(engine, answer_s)
    return engine


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
        # In pages of 4 KiB.  With the usual 1000 a commit took 64 µs, with these 45:
        # what is written again before it is copied into the file is copied once.
        connection.execute("PRAGMA wal_autocheckpoint = 4000")
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        # Deleted rows are overwritten with zeros; SQLite of Debian does so by itself.
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    return create_engine(url, creator=connect, hide_parameters=True, **POOL)
