"""What has become of each event at each endpoint.  Sends nothing.

Deliveries are made when their events may be told.  Who wants to send one claims it for
a while; if nothing is heard of it by then, whoever comes next sends it again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    exists,
    func,
    select,
    update,
)

from service.errors import InvalidInput
from service.store.database import Database
from service.store.outbox import EVENTS, NEVER, Event, Outbox, event_of
from service.store.schema import comments, deliveries, endpoints, events, sites

BATCH = 1000
"""So many deliveries are made for an endpoint at once."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event on its way to an endpoint; this is the `tries`-th time."""

    endpoint_id: int
    url: str
    secret: str = field(repr=False)
    tries: int
    event: Event


class Deliveries:
    """The deliveries to all endpoints.  Safe for threads and for several processes.

    Raises StoreUnavailable as `service.store.store.Store` does.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._outbox = Outbox(database)

    def spread(self, now: datetime) -> int:
        """Make the deliveries of events that may be told by now; returns how many.

        Each endpoint gets the events of its site that came after it was added.
        """
        with self._database.reading() as connection:
            told = connection.execute(TOLD).all()
        return sum(self._spread(row.id, row.site_id, now) for row in told)

    def due(self, now: datetime) -> list[int]:
        """The endpoints to which something has to be sent now."""
        with self._database.reading() as connection:
            return list(connection.scalars(DUE, {"now": now}))

    def claim(
        self, endpoint_id: int, limit: int, now: datetime, until: datetime
    ) -> list[Delivery]:
        """Take deliveries that are due at an endpoint; nobody else gets them.

        Args:
            endpoint_id: where they go.
            limit: at most so many.
            now: the time.
            until: when they are due again if nothing is heard of them.
        """
        with self._database.writing() as connection:
            free = {"endpoint_id": endpoint_id, "now": now, "limit": limit}
            keys = list(connection.scalars(FREE, free))
            mine = _these(endpoint_id, keys)
            taken = update(deliveries).where(mine)
            connection.execute(taken.values(tries=deliveries.c.tries + 1, due_at=until))
            rows = connection.execute(CLAIMED.where(mine)).all()
        return [
            Delivery(endpoint_id, row.url, row.secret, row.tries, event_of(row))
            for row in rows
        ]

    def delivered(self, delivery: Delivery, now: datetime) -> None:
        """Note that the site has heard."""
        done = update(deliveries).where(_waits(delivery))
        with self._database.writing() as connection:
            connection.execute(done.values(delivered_at=now, error=None))

    def failed(self, delivery: Delivery, error: str, again_at: datetime | None) -> None:
        """Note that it has not, and when to try again: None for never.

        Nothing is noted by one that took longer than its claim, once others tried.
        """
        waits = _waits(delivery), deliveries.c.tries == delivery.tries
        later = update(deliveries).where(*waits)
        with self._database.writing() as connection:
            connection.execute(later.values(error=error, due_at=again_at or NEVER))

    def disable(self, endpoint_id: int, error: str, now: datetime) -> None:
        """Tell an endpoint nothing any more; what it had still to hear is given up."""
        still_told = endpoints.c.id == endpoint_id, endpoints.c.disabled_at.is_(None)
        waiting = (
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.delivered_at.is_(None),
            deliveries.c.due_at != NEVER,
        )
        off = update(endpoints).where(*still_told).values(disabled_at=now)
        lost = update(deliveries).where(*waiting).values(due_at=NEVER, error=error)
        with self._database.writing() as connection:
            connection.execute(off)
            connection.execute(lost)

    def unheard_since(self, now: datetime) -> datetime | None:
        """When the oldest decision was made of which an endpoint has still to hear.

        Also of those for which no delivery was made yet, as when nobody delivers; not
        of what was given up.  None where all have heard all that may be told by now.
        """
        with self._database.reading() as connection:
            ends = [
                (row.site_id, _spread_to(connection, row.id))
                for row in connection.execute(TOLD).all()
            ]
            first = connection.scalar(FIRST_UNHEARD)
            made = connection.scalar(MADE, {"key": first})
        fresh = [
            event.created_at
            for site_id, spread_to in ends
            for event in self._outbox.events_after(site_id, spread_to, 1, now)
        ]
        return min([*fresh, *([made] if made else [])], default=None)

    def replay(self, site: str, since: datetime, now: datetime) -> int:
        """Send all that was told since a time once more; returns how many deliveries.

        To every endpoint of the site, also to those that were added later.

        Raises:
            InvalidInput: there is no such site.
        """
        while self.spread(now):
            pass  # Else those not spread yet would seem to have been, behind these.
        with self._database.reading() as connection:
            named = connection.scalar(select(sites.c.id).where(sites.c.name == site))
            if named is None:
                raise InvalidInput("", f"There is no site named {site!r}.")
            told = connection.scalars(TOLD.where(endpoints.c.site_id == named)).all()
            keys = {its: _keys_since(connection, its, named, since) for its in told}
        return sum(self._put(its, keys[its], now, again=True) for its in keys)

    def _spread(self, endpoint_id: int, site_id: int, now: datetime) -> int:
        with self._database.reading() as connection:
            spread_to = _spread_to(connection, endpoint_id)
        new = self._outbox.events_after(site_id, spread_to, BATCH, now)
        return self._put(endpoint_id, [event.key for event in new], now, again=False)

    def _put(
        self, endpoint_id: int, keys: Sequence[int], now: datetime, *, again: bool
    ) -> int:
        """Make deliveries that are due now; with `again`, anew where there are some."""
        locked = TOLD.where(endpoints.c.id == endpoint_id).with_for_update(read=True)
        for start in range(0, len(keys), BATCH):
            some = keys[start : start + BATCH]
            with self._database.writing() as connection:
                if connection.execute(locked).one_or_none() is None:
                    return 0  # It was removed meanwhile.
                rows = [_row(endpoint_id, key, now) for key in some]
                connection.execute(self._database.insert_new(deliveries), rows)
                if again:
                    anew = update(deliveries).where(_these(endpoint_id, some))
                    connection.execute(anew.values({**_FRESH, "due_at": now}))
        return len(keys)


def _keys_since(
    connection: Connection, endpoint_id: int, site_id: int, since: datetime
) -> Sequence[int]:
    """The events of a site since a time, but none that was not yet spread."""
    chosen = select(events.c.key).where(
        events.c.site_id == site_id,
        exists().where(comments.c.key == events.c.comment_key, NOT_ERASED),
        events.c.created_at >= since,
        events.c.key <= _spread_to(connection, endpoint_id),
    )
    return connection.scalars(chosen.order_by(events.c.key)).all()


def _spread_to(connection: Connection, endpoint_id: int) -> int:
    """Key of the last event of which an endpoint has a delivery.

    Of a new one: of the last event before it was added.
    """
    its = {"endpoint_id": endpoint_id}
    last: int | None = connection.scalar(LAST_SPREAD, its)
    if last is None:
        last = connection.scalar(LAST_BEFORE, its)
    return last or 0


_FRESH: Mapping[str, object] = {"tries": 0, "delivered_at": None, "error": None}


def _row(endpoint_id: int, event_key: int, now: datetime) -> dict[str, object]:
    its = {"endpoint_id": endpoint_id, "event_key": event_key, "due_at": now}
    return {**its, **_FRESH}


def _these(endpoint_id: int, keys: Sequence[int]) -> ColumnElement[bool]:
    return and_(
        deliveries.c.endpoint_id == endpoint_id, deliveries.c.event_key.in_(keys)
    )


def _waits(delivery: Delivery) -> ColumnElement[bool]:
    return and_(
        _these(delivery.endpoint_id, [delivery.event.key]),
        deliveries.c.delivered_at.is_(None),
    )


# Built once: SQLAlchemy then finds their compiled form without walking them again.
OPEN = deliveries.c.delivered_at.is_(None)
NOT_ERASED = comments.c.erased_at.is_(None)
TOLD = (
    select(endpoints.c.id, endpoints.c.site_id)
    .where(endpoints.c.disabled_at.is_(None))
    .order_by(endpoints.c.id)
)
# By the index of what is open, as `outbox.BACKLOG`: a plain minimum would be looked for
# from the first delivery that was ever made.
FIRST_UNHEARD = select(
    func.min(case((deliveries.c.due_at != NEVER, deliveries.c.event_key)))
).where(OPEN)
MADE = select(events.c.created_at).where(events.c.key == bindparam("key"))
LAST_SPREAD = select(func.max(deliveries.c.event_key)).where(
    deliveries.c.endpoint_id == bindparam("endpoint_id")
)
LAST_BEFORE = select(endpoints.c.after_event).where(
    endpoints.c.id == bindparam("endpoint_id")
)
DUE = select(endpoints.c.id).where(
    endpoints.c.disabled_at.is_(None),
    # By endpoint, for which there is an index; DISTINCT would walk through them all.
    exists().where(
        deliveries.c.endpoint_id == endpoints.c.id,
        OPEN,
        deliveries.c.due_at <= bindparam("now"),
    ),
)
FREE = (
    select(deliveries.c.event_key)
    .where(OPEN, deliveries.c.due_at <= bindparam("now"))
    .where(deliveries.c.endpoint_id == bindparam("endpoint_id"))
    .order_by(deliveries.c.due_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
CLAIMED = (
    EVENTS.add_columns(endpoints.c.url, endpoints.c.secret, deliveries.c.tries)
    .join(deliveries, deliveries.c.event_key == events.c.key)
    .join(endpoints, endpoints.c.id == deliveries.c.endpoint_id)
    .order_by(events.c.key)
)
