"""How many requests of each caller were counted in the present minute, by all replicas.

A caller is known by a keyed hash.  How many there may be is `service.limiting`'s.
"""

from __future__ import annotations

from sqlalchemy import bindparam, text

from service.store.database import Database
from service.store.schema import limits

WAIT_S = 0.5
"""How long a request waits for other writers, only to be counted."""

COUNT = text(
    "INSERT INTO limits (subject, minute, requests)"
    " VALUES (:subject, :minute, :requests)"
    " ON CONFLICT (subject) DO UPDATE SET"
    " requests = excluded.requests + CASE"
    "  WHEN limits.minute - excluded.minute IN (0, 1) THEN limits.requests ELSE 0 END,"
    " minute = CASE"
    "  WHEN limits.minute - excluded.minute = 1 THEN limits.minute"
    "  ELSE excluded.minute END"
    " RETURNING requests"
).bindparams(bindparam("subject", type_=limits.c.subject.type))
"""Counts all at once, so that nobody else's is lost.  Where another replica's clock is
ahead, and in the next minute already, this one counts with it: going back would forget
what was counted, time and again.  More than a minute ahead it has been a wrong clock,
which must not refuse anybody until its time has come."""


class Limits:
    """The counts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, subject: bytes, minute: int, requests: int) -> int:
        """Count a caller's requests.

        Args:
            subject: the caller's keyed hash.
            minute: whole minutes since 1970.
            requests: how many.

        Returns:
            How many that makes in this minute.

        Raises:
            StoreUnavailable: the database cannot be written, or not at once.
        """
        row = {"subject": subject, "minute": minute, "requests": requests}
        with self._database.writing(wait_s=WAIT_S) as connection:
            counted: int = connection.execute(COUNT, row).scalar_one()
        return counted
