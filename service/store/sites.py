"""Sites and the versions of their policies, as the operator changes them.

Which policy a request is judged by is `service.store.store.Store.site_of_key`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from model.finding import Rule
from service.domain import Outcome, Thresholds, Word
from service.errors import InvalidInput, StalePolicy
from service.store.database import Database
from service.store.policies import Terms, Version, terms_columns, version_of
from service.store.records import Site, site_of
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
VERSIONS = select(policies).order_by(policies.c.version.desc())


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
            terms = replace(site.terms, thresholds=changed)
            return _add_policy(connection, site, terms, by, now)

    def set_flagged(
        self, name: str, outcome: Outcome, *, by: str, now: datetime
    ) -> Site:
        """Choose what a flagged comment gets until a person decides.

        Raises:
            InvalidInput: there is no such site.
        """
        with self._database.writing() as connection:
            site = find_site(connection, name)
            terms = replace(site.terms, flagged_until_decided=outcome)
            return _add_policy(connection, site, terms, by, now)

    def find(self, name: str) -> Site:
        """The site of this name, with the policy in force.

        Raises:
            InvalidInput: there is no such site.
        """
        with self._database.reading() as connection:
            row = connection.execute(SITES.where(sites.c.name == name)).one_or_none()
        if row is None:
            raise _unknown(name)
        return site_of(row)

    def check(self, site: Site) -> None:
        """Make sure that a site's policy is still the one that was read.

        Raises:
            StalePolicy: somebody else has changed it since; says who, and when.
        """
        with self._database.reading() as connection:
            named = SITES.where(sites.c.id == site.id)
            present = site_of(connection.execute(named).one())
            if present.policy_version != site.policy_version:
                raise StalePolicy(_what_happened(connection, present))

    def change(
        self,
        site: Site,
        *,
        thresholds: Mapping[Rule, Thresholds] | None = None,
        flagged: Outcome | None = None,
        words: Iterable[Word] | None = None,
        allowed: Iterable[str] | None = None,
        notices: Mapping[str, Mapping[str, str]] | None = None,
        note: str | None = None,
        by: str,
        now: datetime,
    ) -> Site:
        """Make a new version of a site's policy; what is None stays as it is.

        Args:
            site: as whoever makes the change has seen it.
            thresholds: of all rules for which the site differs from the model.
            flagged: what a flagged comment gets until a person decides.
            words: all words of the site's own.
            allowed: all words and phrases in which nothing is found.
            notices: all notices whose wording is the site's.
            note: why, in a few words.
            by: whose change it is.
            now: the time of the change.

        Returns:
            The site as it is then; without a new version where nothing is different.

        Raises:
            StalePolicy: somebody else has changed it since.
        """
        terms = site.terms
        if thresholds is not None:
            terms = replace(terms, thresholds=dict(thresholds))
        if flagged is not None:
            terms = replace(terms, flagged_until_decided=flagged)
        if words is not None:
            in_order = sorted(words, key=lambda word: word.text.casefold())
            terms = replace(terms, words=tuple(in_order))
        if allowed is not None:
            terms = replace(terms, allowed=tuple(sorted(allowed, key=str.casefold)))
        if notices is not None:
            terms = replace(terms, notices=notices)
        return self._change(site, terms, by, now, note)

    def versions(
        self, site: Site, *, before: int | None = None, limit: int = 20
    ) -> list[Version]:
        """A site's policies, newest first; with `before`, those older than that one."""
        wanted = VERSIONS.where(policies.c.site_id == site.id).limit(limit)
        if before is not None:
            wanted = wanted.where(policies.c.version < before)
        with self._database.reading() as connection:
            return [version_of(row) for row in connection.execute(wanted)]

    def version(self, site: Site, number: int) -> Version:
        """One of a site's policies.

        Raises:
            InvalidInput: the site has had no such version.
        """
        found = self.versions(site, before=number + 1, limit=1)
        if not found or found[0].number != number:
            raise InvalidInput("", f"{site.name} has had no version {number}.")
        return found[0]

    def restore(self, site: Site, version: int, *, by: str, now: datetime) -> Site:
        """Go back to the terms of an old version, in a new one.

        Raises:
            InvalidInput: the site has had no such version.
            StalePolicy: somebody else has changed the policy since `site` was read.
        """
        terms = self.version(site, version).terms
        return self._change(site, terms, by, now, f"Back to version {version}.")

    def _change(
        self, site: Site, terms: Terms, by: str, now: datetime, note: str | None
    ) -> Site:
        with self._database.writing() as connection:
            present = find_site(connection, site.name)
            if present.policy_version != site.policy_version:
                raise StalePolicy(_what_happened(connection, present))
            if terms == present.terms:
                return present
            return _add_policy(connection, present, terms, by, now, note)


def find_site(connection: Connection, name: str) -> Site:
    """Read a site, and keep others from changing it until the transaction ends.

    Raises:
        InvalidInput: there is no such site.
    """
    # Locked by a query of its own: PostgreSQL would pair a row that changed while this
    # one waited with policies as they were before.
    locked = select(sites.c.id).where(sites.c.name == name).with_for_update()
    if connection.scalar(locked) is None:
        raise _unknown(name)
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
    return _add_policy(connection, site, Terms(), by, now)


def check_name(name: str) -> None:
    """Raise InvalidInput unless it can name a site or a person, also in a path."""
    is_line = name.strip() and name.isprintable() and len(name) <= MAX_NAME
    if not is_line or "/" in name or name in (".", ".."):
        raise InvalidInput(
            "",
            f"A name must have 1 to {MAX_NAME} printable characters, and no slash.",
        )


def _add_policy(
    connection: Connection,
    site: Site,
    terms: Terms,
    by: str,
    now: datetime,
    note: str | None = None,
) -> Site:
    """Insert the next version and let it hold; the site as it is then."""
    version = site.policy_version + 1
    about = {"created_by": by, "created_at": now, "note": note}
    connection.execute(
        insert(policies).values(
            site_id=site.id, version=version, **terms_columns(terms), **about
        )
    )
    connection.execute(
        update(sites).where(sites.c.id == site.id).values(policy_version=version)
    )
    return find_site(connection, site.name)


def _what_happened(connection: Connection, site: Site) -> str:
    """Who made the version in force, and when."""
    holds = policies.c.version == site.policy_version
    last = VERSIONS.where(policies.c.site_id == site.id, holds)
    version = version_of(connection.execute(last).one())
    return (
        f"{version.by} changed the rules in the meantime: they are now {site.policy}, "
        f"of {version.at:%Y-%m-%d %H:%M} UTC."
    )


def _unknown(name: str) -> InvalidInput:
    return InvalidInput("", f"There is no site named {name!r}.")
