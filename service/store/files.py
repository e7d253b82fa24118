"""What a database leaves in its files of what was deleted, and how that goes, too.

SQLite writes changes into a log beside the file first; here that log is copied into the
file and emptied.  Deleted rows are overwritten with zeros (`PRAGMA secure_delete`, see
`service.store.database`), but a page that was split may keep a copy of a row in its
unused part: of 3,000 erased comments one was left.  Only rewriting the file takes that.

On PostgreSQL deleted rows stay in its files until VACUUM, and traces of them until they
are overwritten; only VACUUM FULL rewrites a table.  What its log (WAL), its archives,
replicas and backups hold is out of reach here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from service.store.database import Database

SMALL = 64 * 2**20
"""Bytes of a file that is searched and rewritten at once, which takes under a second;
larger ones when the operator says so."""

SEARCHED = 50
"""So many texts are looked for, one by one; for more, the file is rewritten anyway."""

ON_A_PAGE = 3_500
"""Bytes of a text that stand in one piece; a longer one is spread over pages, and so
cannot be looked for."""

PIECE = 2**20

REWRITTEN = ("texts", "comments", "decisions", "reports", "appeals", "differences")
"""Tables that hold what readers wrote or who they are."""


def empty_log(database: Database) -> bool:
    """Copy SQLite's log into its file, and empty it; False if others kept it in use.

    Nobody is waited for: meanwhile all who write would wait, as long as somebody reads.

    Raises:
        StoreUnavailable: the database cannot be written.
    """
    if not database.is_sqlite:
        return True
    with database.reading() as connection, database.waiting(connection, 0.0):
        row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    return not row[0]


def clear(database: Database, texts: Sequence[str]) -> bool:
    """Empty the log, and rewrite a file that is small and may hold one of the texts.

    Returns:
        False if traces may be left.
    """
    if not empty_log(database):
        return False
    if not is_small(database) or not _holds(_file(database), texts):
        return True
    compact(database)
    return empty_log(database)


def is_small(database: Database) -> bool:
    """Whether it is an SQLite file that is rewritten in under a second."""
    return database.is_sqlite and _file(database).stat().st_size <= SMALL


def compact(database: Database) -> None:
    """Rewrite the file or the tables without what was deleted; others have to wait.

    Raises:
        StoreUnavailable: the database cannot be written.
    """
    with database.reading() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("VACUUM")
            return
        for table in REWRITTEN:
            connection.exec_driver_sql(f"VACUUM FULL {table}")


def vacuum(database: Database) -> None:
    """Have PostgreSQL give up deleted rows now; on SQLite they are overwritten anyway.

    Raises:
        StoreUnavailable: the database cannot be written.
    """
    if not database.is_sqlite:
        with database.reading() as connection:
            for table in REWRITTEN:
                connection.exec_driver_sql(f"VACUUM {table}")


def _file(database: Database) -> Path:
    return Path(str(database.engine.url.database))


def _holds(file: Path, texts: Sequence[str]) -> bool:
    """Whether a file holds one of these texts, or they are too many to look for."""
    wanted = [text.encode() for text in texts]
    longest = max(map(len, wanted), default=0)
    if not wanted or len(wanted) > SEARCHED or longest > ON_A_PAGE:
        return bool(wanted)
    return any(text in piece for piece in _pieces(file, longest) for text in wanted)


def _pieces(file: Path, overlap: int) -> Iterator[bytes]:
    """A file piece by piece, each with the end of the one before.

    Read and not mapped: another process may shorten the file just now.
    """
    end = b""
    with file.open("rb") as opened:
        while piece := opened.read(PIECE):
            yield end + piece
            end = piece[-overlap:]
