"""Bring the database to the schema of this code.  The steps are in `migrations/`.

Alembic takes longer to import than all else here, so it is imported only for work.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import (
    Column,
    Connection,
    MetaData,
    String,
    Table,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from service.errors import Fault, StoreUnavailable
from service.store.database import Database, create_file, explained
from service.store.schema import HEAD

SCRIPTS = Path(__file__).parent / "migrations"
LOCK = 0x52_65_66_72_61_69_6E  # "Refrain": any number that nobody else uses.

TURN_S = 60
"""How long one migration waits for another, besides for whom that one waits."""
LOCK_S = 2
"""How long a migration waits for a table at a time.  All others who want the table wait
behind it, so it is less than they would (`BUSY_TIMEOUT_S`); and more than the second
after which PostgreSQL has an automatic vacuum give way (`deadlock_timeout`)."""
PAUSE_S = 4.0
"""How long the others are then let through."""
PATIENCE_S = 300
"""How long it is tried, if nobody says otherwise."""

VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def migrate(
    database: Database,
    *,
    patience_s: float = PATIENCE_S,
    on_wait: Callable[[], None] = lambda: None,
) -> bool:
    """Create the database or bring it up to date; says whether there was work.

    Safe to run from several processes at once: the others wait, then find it done.

    Args:
        database: to be changed.
        patience_s: how long to try while others use its tables, on PostgreSQL.
        on_wait: told once, if they do.

    Raises:
        StoreUnavailable: it cannot be created or changed, or is newer than this code.
            Then nothing is changed.
    """
    create_file(database)
    with database.reading() as connection:
        if _version(connection) == HEAD:
            return False
    with database.writing() as connection:
        if not database.is_sqlite:  # SQLite's writing transaction is alone anyway.
            turn_ms = (TURN_S + patience_s) * 1000
            connection.execute(text(f"SET LOCAL lock_timeout = {turn_ms:.0f}"))
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        found = _version(connection)
        if found == HEAD:
            return False  # Done by somebody else, while this one waited.
        refuse_newer(found)
        if database.is_sqlite:
            _upgrade(connection)
        else:
            _upgrade_in_turn(connection, patience_s, on_wait)
    return True


def check(connection: Connection) -> None:
    """Raise StoreUnavailable unless the schema is this code's and can be written.

    The shared lock on the row conflicts with nobody, but a server that only reads (a
    standby, say) refuses it.  SQLite ignores it: there the transaction itself is one.
    """
    held = select(VERSION.c.version_num).with_for_update(read=True, key_share=True)
    found = connection.scalar(held)
    refuse_newer(found)
    if found is None:
        unprepared = "The database is not prepared; run `flask init`."
        raise StoreUnavailable(unprepared, Fault.SCHEMA)
    if found != HEAD:
        raise StoreUnavailable(
            f"The database is behind this version of Refrain (its schema is {found}, "
            f"this one needs {HEAD}); run `flask migrate`.",
            Fault.SCHEMA,
        )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION.name):
        return None
    found: str | None = connection.scalar(select(VERSION.c.version_num))
    return found


def refuse_newer(found: str | None) -> None:
    """Raise StoreUnavailable if a schema belongs to a newer version than this one."""
    if found is not None and found > HEAD:
        raise StoreUnavailable(
            f"The database belongs to a newer version of Refrain (its schema is {found}"
            f", this one knows {HEAD}); install that version or restore a backup.",
            Fault.NEWER,
        )


def _upgrade_in_turn(
    connection: Connection, patience_s: float, on_wait: Callable[[], None]
) -> None:
    """Upgrade without keeping others from the tables for long.

    To add a column, PostgreSQL needs a table for itself.  Whoever only reads it in a
    long transaction, a backup or a report, is waited for; and behind who waits, all
    that comes after waits, too.  So it gives way after a while, and tries again.

    Raises:
        StoreUnavailable: the tables were in use all the time.
    """
    until = time.monotonic() + patience_s
    while not _is_upgraded(connection):
        left_s = until - time.monotonic()
        if left_s <= 0:
            raise StoreUnavailable(
                f"The tables are in use: others kept them for {patience_s:.0f} s, so "
                "nothing was changed. End the longest transaction (pg_stat_activity "
                "has them, with xact_start), then run `flask migrate` again.",
                Fault.LOCKED,
            )
        on_wait()
        on_wait = _nothing
        time.sleep(min(PAUSE_S, left_s))


def _is_upgraded(connection: Connection) -> bool:
    """Try it once; whether no lock was waited for in vain, else all is as before."""
    try:
        # What was locked since a savepoint is free again when it is gone back to.
        with connection.begin_nested():
            connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_S}s'"))
            _upgrade(connection)
    except DBAPIError as error:
        if explained(error.orig).fault is Fault.LOCKED:
            return False
        raise
    return True


def _nothing() -> None:
    """Not to be told again."""


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
