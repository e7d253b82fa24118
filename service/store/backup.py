"""Backups of an SQLite file: taken while the service runs, put back while it rests.

A backup is one file, whole or not there, for its owner's eyes only: it holds the secret
of the installation as well as what readers wrote.  PostgreSQL has its own programs.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from service.errors import Fault, NotPossible, StoreUnavailable
from service.store.database import Database, explained
from service.store.migrate import refuse_newer

SIDES = ("-wal", "-shm")
"""What SQLite keeps beside a file.  A log that is left beside another file than its own
would be taken for that one's, and damage it."""


def back_up(database: Database, file: Path) -> None:
    """Write all that is committed now into a new file; others go on writing.

    Written anew, it holds nothing of what was deleted.

    Raises:
        NotPossible: the file exists, or the database is no SQLite file.
        StoreUnavailable: the database cannot be read, or the file not be written.
    """
    _source(database)
    with _written(file) as draft:
        with database.reading() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(draft),))
        _check(draft)


def restore(database: Database, file: Path, now: datetime) -> Path | None:
    """Put a backup in the database's place.

    Args:
        database: that nobody else uses, or that is gone or damaged.
        file: a backup; it stays as it is.
        now: the time, for the name under which the present file is kept.

    Returns:
        Where the present file is kept; None if there was none.

    Raises:
        NotPossible: something uses the database, or the backup is of a newer version.
        StoreUnavailable: the backup is damaged, or no backup, or cannot be copied.
    """
    place = _source(database)
    _check(file)
    copy = place.with_name(f"{place.name}.restored")
    with _written(copy) as draft:
        shutil.copyfile(file, draft)
    kept = place.with_name(f"{place.name}.{now:%Y%m%dT%H%M%S}")
    try:
        is_kept = place.exists() and _keep(place, kept)
        copy.rename(place)  # At no moment is there none, for which one would be made.
    except OSError as error:
        reason = f"{place} cannot be replaced: {error.strerror}."
        raise StoreUnavailable(reason) from error
    finally:
        copy.unlink(missing_ok=True)
    return kept if is_kept else None


def _keep(place: Path, kept: Path) -> bool:
    """Give a database that nobody uses another name, and what is beside it."""
    _close(place)
    for side in SIDES:
        with suppress(FileNotFoundError):
            Path(f"{place}{side}").rename(f"{kept}{side}")
    os.link(place, kept)
    return True


def _source(database: Database) -> Path:
    if not database.is_sqlite:
        raise NotPossible("PostgreSQL is backed up by pg_dump; see docs/operations.md.")
    return Path(str(database.engine.url.database))


@contextmanager
def _written(file: Path) -> Iterator[Path]:
    """A draft to be filled, which takes the file's name once it is on the disk."""
    if file.exists():
        raise NotPossible(f"{file} exists already.")
    draft = file.with_name(f".{file.name}.draft")
    try:
        # Empty, it is what VACUUM INTO takes; and its permissions are ours.
        os.close(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, mode=0o600))
        yield draft
        _sync(draft)
        draft.rename(file)
        _sync(file.parent)
    except OSError as error:
        reason = f"{file} cannot be written: {error.strerror}."
        raise StoreUnavailable(reason) from error
    finally:
        draft.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _check(file: Path) -> None:
    """Raise unless a file is a sound backup of this version or an older one."""
    if Path(f"{file}{SIDES[0]}").exists():
        raise NotPossible(f"{file} has a log beside it: it is in use, or no backup.")
    try:
        with closing(sqlite3.connect(_untouched(file), uri=True)) as connection:
            (found,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            version = connection.execute("SELECT version_num FROM alembic_version")
            refuse_newer(version.fetchone()[0])
    except sqlite3.OperationalError as error:
        raise StoreUnavailable(f"{file} is missing or no backup.") from error
    except sqlite3.DatabaseError as error:
        raise StoreUnavailable(f"{file} is damaged or no backup.") from error
    if found != "ok":
        raise StoreUnavailable(f"{file} is damaged.")


def _untouched(file: Path) -> str:
    """A URI by which SQLite reads a file and writes nothing in it, nor beside it."""
    return f"file:{quote(str(file.absolute()))}?mode=ro&immutable=1"


def _close(place: Path) -> None:
    """Have a file hold all of its log, and make sure that nobody else uses it.

    SQLite leaves WAL mode only for who is alone with the file (sqlite.org/wal.html).
    """
    try:
        with closing(sqlite3.connect(place, timeout=1.0)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        if explained(error).fault is Fault.LOCKED:
            raise NotPossible(
                f"Something uses {place}: end the service first, and its deliverer."
            ) from error
        # Else it is damaged: that is why a backup is wanted.
