"""Bring the database to the schema of this code.  The steps are in `migrations/`.

Alembic takes longer to import than all else here, so it is imported only for work.
"""

from __future__ import annotations

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

from service.errors import Fault, StoreUnavailable
from service.store.database import Database, create_file
from service.store.schema import HEAD

SCRIPTS = Path(__file__).parent / "migrations"
LOCK = 0x52_65_66_72_61_69_6E  # "Refrain": any number that nobody else uses.

VERSION = Table("alembic_version", MetaData(), Column("version_num", String(32)))


def migrate(database: Database) -> bool:
    """Create the database or bring it up to date; says whether there was work.

    Safe to run from several processes at once: the others wait, then find it done.

    Raises:
        StoreUnavailable: it cannot be created or changed, or is newer than this code.
    """
    create_file(database)
    with database.reading() as connection:
        if _version(connection) == HEAD:
            return False
    with database.writing() as connection:
        if not database.is_sqlite:  # SQLite's writing transaction is alone anyway.
            connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
        found = _version(connection)
        if found == HEAD:
            return False  # Done by somebody else, while this one waited.
        refuse_newer(found)
        _upgrade(connection)
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


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
