"""Changing the log behind the service's back, as who owns the database can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from service.store.database import Database


@contextmanager
def tampering(database: Database) -> Iterator[Connection]:
    """A connection on which no trigger and no foreign key is in the way."""
    if not database.is_sqlite:
        with database.writing() as connection:
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            yield connection
        return
    with database.reading() as connection:  # Each statement by itself, in no BEGIN.
        for table in ("decisions", "seals"):
            for name in ("stay", "remain"):
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_{name}")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        yield connection
        connection.exec_driver_sql("PRAGMA foreign_keys = ON")
