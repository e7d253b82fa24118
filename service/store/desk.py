"""The moderators' lists, a page at a time, and who has which comment open.

Decides nothing: that is `service.review`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    select,
    update,
)

from service.domain import Outcome, Waiting
from service.store.cards import appeal_of, load_cards
from service.store.cases import COUNTED, Case, Filters, Look, Order, Page
from service.store.complaints import first_reports, newest_reports
from service.store.database import Database
from service.store.lists import (
    HEAD,
    Place,
    beyond,
    is_first,
    is_for,
    is_kept,
    is_no_flood,
    matches,
    ordered,
    place_of,
    up_to,
    waits,
)
from service.store.records import decision_of, storable
from service.store.schema import (
    appeals,
    comments,
    decisions,
    looks,
    microseconds,
    texts,
)

LOOK_S = 60
"""How long a comment counts as looked at after its page was last heard of."""
LIMIT = 25
"""Cards on a page."""


Rows = Sequence[Row[Any]]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list: all of its rows in order, where the page begins, and which are shown."""

    rows: Select[Any]
    beyond: ColumnElement[bool] | None
    shown: ColumnElement[bool] | None = None

    @property
    def here(self) -> Select[Any]:
        """The rows from where the page begins."""
        return self.rows if self.beyond is None else self.rows.where(self.beyond)


class Desk:
    """What moderators read.

    Safe for threads.  Every method raises StoreUnavailable as those of
    `service.store.store.Store` do, and those that take `after` raise InvalidInput for
    one that no page of that list ended with.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(
        self,
        site_id: int,
        filters: Filters,
        order: Order,
        *,
        by: str,
        now: datetime,
        after: str | None = None,
        limit: int = LIMIT,
    ) -> Page:
        """What waits; of near-identical comments only the first in this order.

        Args:
            site_id: of `Site.id`.
            filters: all have to match.
            order: by how long they have waited.
            by: who asks; second opinions on their own decisions are kept from them.
            now: the time.
            after: of the page before.
            limit: how many cards.
        """
        place = place_of(after)
        wanted = [_of(site_id), waits(comments), is_for(by)]
        listing = Listing(
            ROWS.where(*wanted, *matches(comments, filters)).order_by(
                *ordered(comments, order)
            ),
            beyond=beyond(place, order) if place else None,
            shown=is_first(site_id, filters, order),
        )
        return self._page(listing, limit, by, now)

    def decided(
        self,
        site_id: int,
        outcome: Outcome,
        filters: Filters,
        *,
        by: str,
        now: datetime,
        after: str | None = None,
        limit: int = LIMIT,
    ) -> Page:
        """What has an outcome and its text kept, waiting or not, the newest first.

        Args: see `queue`.
        """
        place = place_of(after)
        wanted = [_of(site_id), is_kept(outcome), *matches(comments, filters)]
        listing = Listing(
            ROWS.where(*wanted).order_by(comments.c.key.desc()),
            beyond=comments.c.key < place.key if place else None,
        )
        return self._page(listing, limit, by, now)

    def appeals(
        self,
        site_id: int,
        *,
        by: str,
        now: datetime,
        after: str | None = None,
        limit: int = LIMIT,
    ) -> Page:
        """What readers have appealed against, those who wait longest first.

        Args: see `queue`.
        """
        filters = Filters(waiting=Waiting.APPEALED)
        return self.queue(
            site_id, filters, Order.OLDEST, by=by, now=now, after=after, limit=limit
        )

    def case(
        self,
        site_id: int,
        comment_id: str,
        *,
        by: str,
        now: datetime,
        with_reports: bool = True,
    ) -> Case | None:
        """All of one comment; None if the site sent none of this id."""
        with self._database.reading_together() as connection:
            key = _find(connection, site_id, comment_id)
            if key is None:
                return None
            rows = {
                name: connection.execute(statement, {"key": key}).all()
                for name, statement in OF_COMMENT.items()
            }
            (card,) = load_cards(connection, [key], by=by, now=now)
            complaints, in_all = (
                newest_reports(connection, key) if with_reports else ((), 0)
            )
        return Case(
            card=card,
            decisions=tuple(map(decision_of, rows["decisions"])),
            texts={row.revision: row.text for row in rows["texts"]},
            appeals=tuple(map(appeal_of, rows["appeals"])),
            reports=complaints,
            reports_in_all=in_all,
        )

    def first_reports(self, key: int) -> Mapping[int, datetime]:
        """When each revision of a comment was first reported; `key` is its card's."""
        with self._database.reading() as connection:
            return first_reports(connection, key)

    def counts(self, site_id: int) -> Mapping[Waiting, int]:
        """How many comments wait for what, each up to COUNTED."""
        with self._database.reading() as connection:
            row = connection.execute(COUNTS, {"site_id": site_id}).one()
        return dict(zip(Waiting, row, strict=True))

    def look(
        self, site_id: int, comment_id: str, *, by: str, now: datetime
    ) -> Look | None:
        """Note that somebody has a comment open, unless somebody else has already.

        Returns:
            Who else has it open; None if nobody, or if there is no such comment.
        """
        until = now + timedelta(seconds=LOOK_S)
        with self._database.writing() as connection:
            key = _find(connection, site_id, comment_id)
            if key is None:
                return None
            row = {"comment_key": key, "moderator": by, "until": until}
            new = self._database.insert_new(looks).returning(looks.c.comment_key)
            if connection.scalar(new, row) is None:
                connection.execute(TAKE_OVER, {"key": key, "now": now, **row})
            # None where it was decided meanwhile, which ends all looking.
            held = connection.execute(LOOK, {"key": key}).one_or_none()
        if held is None or held.moderator == by:
            return None
        return Look(held.moderator, held.until)

    def _page(self, listing: Listing, limit: int, by: str, now: datetime) -> Page:
        with self._database.reading_together() as connection:
            head = connection.execute(listing.here.limit(HEAD)).all()
            found = _shown(connection, listing, head, limit)
            keys = [row.key for row in found[:limit]]
            return Page(
                cards=load_cards(connection, keys, by=by, now=now),
                after=_after(found[limit - 1]) if len(found) > limit else None,
                total=_total(connection, listing, head),
            )


def _shown(connection: Connection, listing: Listing, head: Rows, limit: int) -> Rows:
    """The rows of a page, and one more than fits if there is another page."""
    if listing.shown is None:
        return head[: limit + 1]
    if len(head) < HEAD:  # Then all are known that could be shown.
        keys = [row.key for row in head]
        some = KEYS.where(comments.c.key.in_(keys), listing.shown)
        shown = set(connection.scalars(some))
        return [row for row in head if row.key in shown][: limit + 1]
    rows = listing.here.where(listing.shown, is_no_flood(head))
    return connection.execute(rows.limit(limit + 1)).all()


def _total(connection: Connection, listing: Listing, head: Rows) -> int:
    """How many there are on all pages."""
    if listing.beyond is None and len(head) < HEAD:
        return len(head)
    # In the order of the list: the index for that has all that most filters ask for.
    return connection.scalar(select(up_to(COUNTED, listing.rows))) or 0


def _of(site_id: int) -> ColumnElement[bool]:
    return comments.c.site_id == site_id


def _after(row: Row[Any]) -> str:
    since = row.waiting_since
    return str(Place(0 if since is None else microseconds(since), row.key))


def _find(connection: Connection, site_id: int, comment_id: str) -> int | None:
    key: int | None = connection.scalar(
        KEY, {"site_id": site_id, "comment_id": storable(comment_id)}
    )
    return key


def _count(waiting: Waiting) -> ColumnElement[int]:
    is_such = comments.c.waiting == waiting.value
    rows = KEYS.where(
        comments.c.site_id == bindparam("site_id"), waits(comments), is_such
    )
    # In an order, for the index that has it: PostgreSQL might look for the first ones
    # from the beginning of the table, where nothing waits any more.
    return up_to(COUNTED, rows.order_by(*ordered(comments, Order.OLDEST)))


# Built once: SQLAlchemy then finds their compiled form without walking them again.
KEYS = select(comments.c.key)
KEY = KEYS.where(
    comments.c.site_id == bindparam("site_id"),
    comments.c.id == bindparam("comment_id"),
)
ROWS = select(
    comments.c.key, comments.c.waiting, comments.c.waiting_since, comments.c.alike
)
COUNTS = select(*(_count(waiting) for waiting in Waiting))
LOOK = select(looks).where(looks.c.comment_key == bindparam("key"))
TAKE_OVER = (
    update(looks)
    .where(
        looks.c.comment_key == bindparam("key"),
        (looks.c.moderator == bindparam("moderator"))
        | (looks.c.until <= bindparam("now")),
    )
    .values(moderator=bindparam("moderator"), until=bindparam("until"))
)
OF_COMMENT: Mapping[str, Select[Any]] = {
    "decisions": select(decisions)
    .where(decisions.c.comment_key == bindparam("key"))
    .order_by(decisions.c.number),
    "texts": select(texts).where(texts.c.comment_key == bindparam("key")),
    "appeals": select(appeals)
    .where(appeals.c.comment_key == bindparam("key"))
    .order_by(appeals.c.key),
}
