"""How many comments wait for moderators on all sites, and since when, for metrics.

What the desk shows of them is `service.store.desk`'s.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy import func, select

from service.domain import Waiting
from service.store.database import Database
from service.store.schema import comments

REMEMBER_S = 15.0
"""How long what was counted is good enough."""
SHARE = 0.01
"""Of all time, which may be spent on counting: it takes the longer the more wait."""

# By `ix_comments_waiting_kind`: what waits for nobody is not touched.
WAITING = (
    select(
        comments.c.waiting,
        func.count().label("number"),
        func.min(comments.c.waiting_since).label("since"),
    )
    .where(comments.c.waiting.is_not(None))
    .group_by(comments.c.waiting)
)


@dataclass(frozen=True, slots=True)
class Waits:
    """How many comments wait for one reason, and the oldest of them for how long.

    `oldest_s` is 0 where none waits.
    """

    count: int = 0
    oldest_s: float = 0.0


class Queues:
    """Counts now and then.  Safe for threads."""

    def __init__(
        self, database: Database, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Wire the parts; nothing is counted yet."""
        self._database = database
        self._clock = clock
        self._again_at = float("-inf")
        self._lock = Lock()

    def look(self, now: datetime) -> Mapping[Waiting, Waits] | None:
        """Count what waits for every reason; None if it is not yet time to again.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        with self._lock:
            start = self._clock()
            if start < self._again_at:
                return None
            found = self._count(now)
            took = self._clock() - start
            self._again_at = start + max(REMEMBER_S, took / SHARE)
            return found

    def _count(self, now: datetime) -> Mapping[Waiting, Waits]:
        with self._database.reading() as connection:
            rows = connection.execute(WAITING).all()
        found = {
            Waiting(row.waiting): Waits(
                row.number, max((now - row.since).total_seconds(), 0.0)
            )
            for row in rows
        }
        return {waiting: found.get(waiting, Waits()) for waiting in Waiting}
