"""Sites and the versions of their policies, as the operator changes them.

Which policy a request is judged by is `service.store.store.Store.site_of_key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from model.finding import Rule
from service.domain import Outcome, Thresholds
from service.errors import InvalidInput
from service.store.database import Database
from service.store.records import Site, site_of, thresholds_json
from service.store.schema import policies, sites

MAX_NAME = 64  # characters

SITES = (
    select(sites, policies)
    .join(
        policies,
        (policies.c.site_id == sites.c.id)
        & (policies.c.version == sites.c.policy_version),
    )
    .order_by(sites.c.id)
)


class Sites:
    """The sites and their policies.

    A policy is never changed: each change is a new version with its author and time,
    and the last one holds.  Every method raises StoreUnavailable as those of
    `service.store.store.Store` do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Site]:
        """Every site with the policy in force, in the order of their creation."""
        with self._database.reading() as connection:
            return [site_of(row) for row in connection.execute(SITES)]

    def create(self, name: str, *, by: str, now: datetime) -> Site:
        """Create a site that goes by the model's thresholds.

        Raises:
            InvalidInput: the name is blank or too long, or another site has it.
        """
        check_name(name)
        with self._database.writing() as connection:
            return add_site(self._database, connection, name, by=by, now=now)

    def set_thresholds(
        self, name: str, rule: Rule, thresholds: Thresholds, *, by: str, now: datetime
    ) -> Site:
        """Replace a site's thresholds for one rule.

        Raises:
            InvalidInput: there is no such site.
        """
        with self._database.writing() as connection:
            site = find_site(connection, name)
            changed = {**site.thresholds, rule: thresholds}
            flagged = site.flagged_until_decided
            _add_policy(connection, site, changed, flagged, by, now)
            return find_site(connection, name)

    def set_flagged(
        self, name: str, outcome: Outcome, *, by: str, now: datetime
    ) -> Site:
        """Choose what a flagged comment gets until a person decides.

        Raises:
            InvalidInput: there is no such site.
        """
        with self._database.writing() as connection:
            site = find_site(connection, name)
            _add_policy(connection, site, site.thresholds, outcome, by, now)
            return find_site(connection, name)


def find_site(connection: Connection, name: str) -> Site:
    """Read a site, and keep others from changing it until the transaction ends.

    Raises:
        InvalidInput: there is no such site.
    """
    # Locked by a query of its own: PostgreSQL would pair a row that changed while this
    # one waited with policies as they were before.
    locked = select(sites.c.id).where(sites.c.name == name).with_for_update()
    if connection.scalar(locked) is None:
        raise InvalidInput("", f"There is no site named {name!r}.")
    return site_of(connection.execute(SITES.where(sites.c.name == name)).one())


def add_site(
    database: Database, connection: Connection, name: str, *, by: str, now: datetime
) -> Site:
    """Insert a site and the first version of its policy.

    Raises:
        InvalidInput: another site has this name.
    """
    row = {"name": name, "policy_version": 1, "created_at": now}
    added = database.insert_new(sites).returning(sites.c.id)
    site_id = connection.scalar(added, row)
    if site_id is None:
        raise InvalidInput("", f"There is a site named {name!r} already.")
    site = Site(site_id, name, 0, {}, Outcome.ACCEPT)
    _add_policy(connection, site, {}, Outcome.ACCEPT, by, now)
    return find_site(connection, name)


def check_name(name: str) -> None:
    """Raise InvalidInput unless it can name a site or a person in one line."""
    if not name.strip() or not name.isprintable() or len(name) > MAX_NAME:
        raise InvalidInput(
            "", f"A name must have 1 to {MAX_NAME} printable characters."
        )


def _add_policy(
    connection: Connection,
    site: Site,
    thresholds: Mapping[Rule, Thresholds],
    flagged_until_decided: Outcome,
    by: str,
    now: datetime,
) -> None:
    version = site.policy_version + 1
    connection.execute(
        insert(policies).values(
            site_id=site.id,
            version=version,
            thresholds=thresholds_json(thresholds),
            flagged_until_decided=flagged_until_decided.value,
            created_by=by,
            created_at=now,
        )
    )
    connection.execute(
        update(sites).where(sites.c.id == site.id).values(policy_version=version)
    )
