"""Which versions of the model have learnt from which comments.

So that it can be said of an erased comment; what was learnt is in the version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, select

from service.store.cards import of_keys
from service.store.database import Database
from service.store.schema import comments, lessons

AT_ONCE = 1_000


class Lessons:
    """The record.  Methods raise StoreUnavailable as `Store`'s do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, version: str, keys: Sequence[int]) -> None:
        """Note that a version was trained and judged by these comments, given by key.

        By no others: one that was made again has learnt nothing else.
        """
        self.forget(version)
        new = self._database.insert_new(lessons)
        for start in range(0, len(keys), AT_ONCE):
            rows = [
                {"comment_key": key, "version": version}
                for key in keys[start : start + AT_ONCE]
            ]
            with self._database.writing() as connection:
                connection.execute(new, rows)

    def known(self) -> set[str]:
        """The versions of which it is known what they have learnt from."""
        with self._database.reading() as connection:
            return set(connection.scalars(select(lessons.c.version).distinct()))

    def erased(self, versions: Iterable[str] | None = None) -> dict[str, int]:
        """Of versions that have learnt from erased comments: from how many.

        Args:
            versions: which ones are asked about; None for all.
        """
        wanted = ERASED
        if versions is not None:
            wanted = wanted.where(lessons.c.version.in_(list(versions)))
        with self._database.reading() as connection:
            return {row.version: row.comments for row in connection.execute(wanted)}

    def forget(self, version: str) -> None:
        """Drop what is noted of a version that is no more."""
        gone = delete(lessons).where(lessons.c.version == version)
        with self._database.writing() as connection:
            connection.execute(gone)


def versions_of(connection: Connection, keys: Iterable[int]) -> set[str]:
    """The versions that have learnt from one of these comments."""
    return set(connection.scalars(VERSIONS, {"keys": list(keys)}))


VERSIONS = select(lessons.c.version).distinct().where(of_keys(lessons.c.comment_key))
ERASED = (
    select(lessons.c.version, func.count().label("comments"))
    .join(comments, comments.c.key == lessons.c.comment_key)
    .where(comments.c.erased_at.is_not(None))
    .group_by(lessons.c.version)
)
