"""What sites are told: events, written with the decision they tell of, read in order.

To whom they are sent is `service.store.deliveries`; sending is
`service.webhooks.deliverer`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    bindparam,
    case,
    delete,
    exists,
    func,
    insert,
    select,
)

from service.domain import Decision
from service.store.database import Database
from service.store.records import decision_of
from service.store.schema import comments, decisions, deliveries, events

TURNS = 0x65_76_74_73  # "evts": the first half of the locks' names, used for this only.

NEVER = datetime(9999, 12, 31, tzinfo=UTC)
"""When a delivery is due that was given up."""

SETTLE_S = 2.0
"""How much later than due is told what can be taken back.

An undoing that asked the clock in time may still be about to commit then, and the
clocks of several machines may differ so much.
"""


@dataclass(frozen=True, slots=True)
class Event:
    """That a comment was decided: something to tell its site.

    `id` is told with it, so that nobody counts it twice.  `key` orders the events of a
    site, and `number` is the decision's place in the comment's history.
    """

    key: int
    id: str
    type: str
    created_at: datetime
    comment_id: str
    number: int
    decision: Decision


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many deliveries have still to be made, and how many were given up."""

    pending: int
    given_up: int


def utc_now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def take_turn(connection: Connection, database: Database, site_id: int) -> None:
    """Let no other transaction add events of a site until this one ends.

    `add_event` does so itself.  A transaction that changes several comments either
    begins with this or adds its events after the last change: two that lock comments
    and events in turns could wait for each other in a circle.
    """
    if not database.is_sqlite:  # There a writing transaction is the only one anyway.
        connection.execute(select(func.pg_advisory_xact_lock(TURNS, site_id)))


def add_event(
    connection: Connection,
    database: Database,
    *,
    site_id: int,
    type: str,
    comment_key: int,
    decision: int,
    now: datetime,
    due_at: datetime,
) -> None:
    """Have a site told of a decision, if this transaction commits.

    Args:
        connection: of the transaction that writes the decision.
        database: the one it is a connection of.
        site_id: whom to tell.
        type: `comment.accepted`, `comment.rejected` or `appeal.answered`.
        comment_key: the comment's key.
        decision: the number of the decision that is told of.
        now: when it was made.
        due_at: from when on it is told; until then `take_back` works.
    """
    # Keys are given out after the turn was taken, and it ends with the commit: so they
    # are seen in their order, and who has read up to one has missed none before it.
    take_turn(connection, database, site_id)
    connection.execute(
        insert(events).values(
            site_id=site_id,
            id=f"msg_{secrets.token_hex(16)}",
            type=type,
            comment_key=comment_key,
            decision=decision,
            created_at=now,
            due_at=due_at,
        )
    )


def take_back(
    connection: Connection,
    *,
    comment_key: int,
    decision: int,
    clock: Callable[[], datetime] = utc_now,
) -> bool:
    """Keep a site from being told of a decision.

    Args:
        connection: of the transaction that undoes the decision.
        comment_key: the comment's key.
        decision: the number of the decision that is undone.
        clock: the time; asked here, after all waiting for other writers.

    Returns:
        False where the event is due, and so perhaps was told: then the site has to be
        told of the undoing as well.
    """
    was_sent = exists().where(deliveries.c.event_key == events.c.key)
    untold = delete(events).where(
        events.c.comment_key == comment_key,
        events.c.decision == decision,
        events.c.due_at > clock(),
        ~was_sent,
    )
    return connection.execute(untold).rowcount > 0


class Outbox:
    """The events of all sites.  Raises StoreUnavailable as `Store` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def events_after(
        self, site_id: int, cursor: int, limit: int, now: datetime
    ) -> list[Event]:
        """The next events of a site that may be told, in the order of their keys.

        None is ever passed over: while one may not be told, those behind it wait.

        Args:
            site_id: whose events.
            cursor: the key of the last event that was read; 0 for none.
            limit: at most so many.
            now: the time.
        """
        wanted = {"site_id": site_id, "cursor": cursor, "limit": limit}
        with self._database.reading() as connection:
            rows = connection.execute(NEXT, wanted).all()
        return [event_of(r) for r in takewhile(lambda row: may_tell(row, now), rows)]

    def backlog(self) -> Backlog:
        """How much webhooks have still to tell, on all sites."""
        with self._database.reading() as connection:
            row = connection.execute(BACKLOG).one()
        return Backlog(row.pending, row.given_up)


def may_tell(row: Row[Any], now: datetime) -> bool:
    """Whether the event in a row is due, and nobody can be about to take it back."""
    can_go = row.due_at > row.event_created_at
    return bool(row.due_at + timedelta(seconds=SETTLE_S if can_go else 0.0) <= now)


def event_of(row: Row[Any]) -> Event:
    """Build the event from a row of EVENTS."""
    return Event(
        row.event_key,
        row.event_id,
        row.event_type,
        row.event_created_at,
        row.comment_id,
        row.number,
        decision_of(row),
    )


# Built once: SQLAlchemy then finds their compiled form without walking them again.
EVENTS = (
    select(
        events.c.key.label("event_key"),
        events.c.id.label("event_id"),
        events.c.type.label("event_type"),
        events.c.created_at.label("event_created_at"),
        events.c.due_at,
        comments.c.id.label("comment_id"),
        *(column for column in decisions.columns if column.name != "key"),
    )
    .join(comments, comments.c.key == events.c.comment_key)
    .join(
        decisions,
        (decisions.c.comment_key == events.c.comment_key)
        & (decisions.c.number == events.c.decision),
    )
    # Nobody is told any more of what was erased.
    .where(comments.c.erased_at.is_(None))
)
NEXT = (
    EVENTS.where(
        events.c.site_id == bindparam("site_id"), events.c.key > bindparam("cursor")
    )
    .order_by(events.c.key)
    .limit(bindparam("limit"))
)
BACKLOG = select(
    func.count(case((deliveries.c.due_at != NEVER, 1))).label("pending"),
    func.count(case((deliveries.c.due_at == NEVER, 1))).label("given_up"),
).where(deliveries.c.delivered_at.is_(None))
