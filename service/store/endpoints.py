"""Where sites want to be told of decisions, as the operator adds and removes it.

Whether an address may be used is `service.webhooks.network`'s to say; nothing is
sent here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import bindparam, case, delete, func, insert, select

from service.errors import InvalidInput
from service.store.database import Database
from service.store.outbox import NEVER, take_turn
from service.store.schema import deliveries, endpoints, events, sites
from service.store.sites import find_site


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address of a site, and how much it has still to hear of.

    `disabled_at` is None while it is told.  `pending` counts what will be sent,
    `given_up` what will not; `error` is why one of those failed last.
    """

    id: int
    site: str
    url: str
    secret: str = field(repr=False)
    created_at: datetime
    disabled_at: datetime | None
    pending: int
    given_up: int
    error: str | None


class Endpoints:
    """All endpoints.  Raises StoreUnavailable as `service.store.store.Store` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Endpoint]:
        """Every endpoint, a disabled one too, in the order of their creation."""
        with self._database.reading() as connection:
            return [Endpoint(*row) for row in connection.execute(ENDPOINTS)]

    def add(self, site: str, url: str, secret: str, now: datetime) -> int:
        """Tell a site at this URL of what is decided from now on; returns its id.

        Raises:
            InvalidInput: there is no such site, or it is told at this URL already.
        """
        with self._database.writing() as connection:
            found = find_site(connection, site)
            same = select(endpoints.c.id).where(
                endpoints.c.site_id == found.id,
                endpoints.c.url == url,
                endpoints.c.disabled_at.is_(None),
            )
            if connection.scalar(same) is not None:
                raise InvalidInput("", f"Endpoint {url} of {site!r} exists already.")
            take_turn(connection, self._database, found.id)
            row = {
                "site_id": found.id,
                "url": url,
                "secret": secret,
                "after_event": connection.scalar(LAST, {"site_id": found.id}) or 0,
                "created_at": now,
            }
            added = insert(endpoints).values(row).returning(endpoints.c.id)
            return int(connection.execute(added).scalar_one())

    def remove(self, endpoint_id: int) -> None:
        """Forget an endpoint and what became of all that was sent there.

        Raises:
            InvalidInput: there is none of this id.
        """
        its = deliveries.c.endpoint_id == endpoint_id
        with self._database.writing() as connection:
            # Locked first, so that no delivery is added to it in the meantime.
            found = select(endpoints.c.id).where(endpoints.c.id == endpoint_id)
            if connection.scalar(found.with_for_update()) is None:
                raise InvalidInput("", f"There is no endpoint {endpoint_id}.")
            connection.execute(delete(deliveries).where(its))
            connection.execute(delete(endpoints).where(endpoints.c.id == endpoint_id))


LAST = select(func.max(events.c.key)).where(events.c.site_id == bindparam("site_id"))
_OPEN = (deliveries.c.endpoint_id == endpoints.c.id) & deliveries.c.delivered_at.is_(
    None
)
_IS_GIVEN_UP = deliveries.c.due_at == NEVER
_NEWEST = deliveries.alias()
_ERROR = (
    select(_NEWEST.c.error)
    .where(
        _NEWEST.c.endpoint_id == endpoints.c.id,
        _NEWEST.c.delivered_at.is_(None),
        _NEWEST.c.error.is_not(None),
    )
    .order_by(_NEWEST.c.due_at.desc())
    .limit(1)
    .scalar_subquery()
)
ENDPOINTS = (
    select(
        endpoints.c.id,
        sites.c.name,
        endpoints.c.url,
        endpoints.c.secret,
        endpoints.c.created_at,
        endpoints.c.disabled_at,
        func.count(case((~_IS_GIVEN_UP, deliveries.c.event_key))),
        func.count(case((_IS_GIVEN_UP, deliveries.c.event_key))),
        _ERROR,
    )
    .join(sites, sites.c.id == endpoints.c.site_id)
    .outerjoin(deliveries, _OPEN)
    .group_by(endpoints.c.id, sites.c.name)
    .order_by(endpoints.c.id)
)
