"""Reading what the days of a site come to, by query, and keeping days that are over.

The log has no index on time, for every comment would have to pay for it.  Its keys grow
with time, but for what was on its way at once: so the ends of a day are found by
halving, and what lies within SLACK of them is looked at.

A day is counted once, when it is over and nothing of it can change any more, and then
kept.  Whoever changes what is counted deletes the kept days in a migration.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from service.store.counting import Stretch, count, glance
from service.store.database import Database
from service.store.schema import decisions, tallies
from service.store.tallies import Tally, tally_json, tally_of

SLACK = timedelta(minutes=10)
"""How far keys and times may be out of step: writers wait for seconds, and clocks of
several machines differ by less.  So long after its end, a day is not yet kept; what
can be undone is long past then."""
PATIENCE_S = 2.0
"""How long days are counted for one view; what is left is counted at the next."""
DAY = timedelta(days=1)
EPOCH = date(1970, 1, 1)


class Overview:
    """The days of sites.  Safe for threads.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock

    def days(
        self, site_id: int, first: date, last: date, now: datetime
    ) -> dict[date, Tally]:
        """What each day from the first to the last, in UTC, comes to.

        Args:
            site_id: of `Site.id`.
            first: the first day.
            last: the last one; those that have not begun come to nothing.
            now: the time now, aware.

        Returns:
            The days, ascending.  The latest are counted first, and after PATIENCE_S the
            earliest are left out; the next call goes on with them.
        """
        wanted = [first + i * DAY for i in range((last - first).days + 1)]
        with self._database.reading() as connection:
            found = _kept(connection, site_id, first, last)
            missing = [day for day in wanted if day not in found]
            new = dict(self._count(connection, site_id, missing[::-1], now))
        self._keep(site_id, {day: new[day] for day in new if _is_over(day, now)})
        found |= new
        return {day: found[day] for day in wanted if day in found}

    def since(self, site_ids: Sequence[int], first: date, now: datetime) -> Tally:
        """What some sites together come to from a day until now, as `glance` counts it.

        Args:
            site_ids: of `Site.id`.
            first: the day, which should be near: nothing of this is kept.
            now: the time now, in UTC.
        """
        start, end = _start(first), _start(now.date()) + DAY
        with self._database.reading() as connection:
            high = (connection.scalar(LAST_KEY) or 0) + 1
            low = _first_key(connection, start - SLACK, high)
            return glance(connection, Stretch(tuple(site_ids), low, high, start, end))

    def _count(
        self, connection: Connection, site_id: int, days: list[date], now: datetime
    ) -> Iterator[tuple[date, Tally]]:
        """Count days, given the latest first, as long as patience lasts.

        At least one that can be kept is counted: so it ends, however slow it is.
        """
        patience_ends = self._clock() + PATIENCE_S
        # Each search starts from what the last one found.
        high = (connection.scalar(LAST_KEY) or 0) + 1
        for day in days:
            start, end = _start(day), _start(day) + DAY
            high = _first_key(connection, end + SLACK, high)
            low = _first_key(connection, start - SLACK, high)
            yield day, count(connection, Stretch((site_id,), low, high, start, end))
            if _is_over(day, now) and self._clock() >= patience_ends:
                return

    def _keep(self, site_id: int, days: Mapping[date, Tally]) -> None:
        if not days:
            return
        rows = [
            {"site_id": site_id, "day": _number(day), "figures": tally_json(tally)}
            for day, tally in days.items()
        ]
        with self._database.writing() as connection:
            # Another process may have counted the same: of two that agree, one is kept.
            connection.execute(self._database.insert_new(tallies), rows)


def _start(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _is_over(day: date, now: datetime) -> bool:
    return _start(day) + DAY + SLACK <= now


def _number(day: date) -> int:
    return (day - EPOCH).days


def _kept(
    connection: Connection, site_id: int, first: date, last: date
) -> dict[date, Tally]:
    rows = connection.execute(
        KEPT,
        {"site_id": site_id, "first": _number(first), "last": _number(last)},
    )
    return {EPOCH + row.day * DAY: tally_of(row.figures) for row in rows}


def _first_key(connection: Connection, moment: datetime, high: int) -> int:
    """Where the decisions from a moment on begin, by halving: some 20 look-ups.

    Were keys and times wholly in step, those below the answer would all be earlier, and
    those from it on up to `high` all be at the moment or later.
    """
    low = 0
    while low < high:
        middle = (low + high) // 2
        row = connection.execute(NEXT, {"key": middle}).one_or_none()
        if row is None or row.decided_at >= moment:
            high = middle
        else:
            low = row.key + 1
    return low


# Built once: SQLAlchemy then finds their compiled form without walking them again.
LAST_KEY = select(func.max(decisions.c.key))
NEXT = (
    select(decisions.c.key, decisions.c.decided_at)
    .where(decisions.c.key >= bindparam("key"))
    .order_by(decisions.c.key)
    .limit(1)
)
KEPT = select(tallies.c.day, tallies.c.figures).where(
    tallies.c.site_id == bindparam("site_id"),
    tallies.c.day.between(bindparam("first"), bindparam("last")),
)
