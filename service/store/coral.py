"""Secrets by which a site's Coral signs what it sends.  Checks no signature.

They are stored as they are: an HMAC can be checked with nothing less.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Row, delete, func, insert, select

from service.errors import InvalidInput
from service.store.database import Database
from service.store.records import Site, site_of
from service.store.schema import coral_secrets, installation, sites
from service.store.sites import SITES, find_site

MOST = 64
"""Secrets of all sites together: each one is tried on every request."""
SHORTEST = 8  # characters
LONGEST = 200  # characters


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret, and the site on whose behalf it signs, with the policy in force."""

    id: int
    site: Site
    secret: str = field(repr=False)
    created_at: datetime


class CoralSecrets:
    """All of them.  Raises StoreUnavailable as `service.store.store.Store` does."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[Secret]:
        """Every secret, in the order in which they were added."""
        with self._database.reading() as connection:
            return [_secret_of(row) for row in connection.execute(SECRETS)]

    def add(self, site: str, secret: str, now: datetime) -> int:
        """Let a site's Coral sign with a secret from now on; returns its id.

        Raises:
            InvalidInput: there is no such site, the secret is none that Coral could
                have given out or was added before, or there are MOST.
        """
        check_secret(secret)
        with self._database.writing() as connection:
            # One at a time, so that what is counted stays true.
            connection.execute(select(installation.c.id).with_for_update())
            found = find_site(connection, site)
            same = select(coral_secrets.c.id).where(coral_secrets.c.secret == secret)
            known = connection.scalar(same)
            if known is not None:
                raise InvalidInput("", f"This is secret {known} already.")
            if (connection.scalar(COUNT) or 0) >= MOST:
                raise InvalidInput("", f"There are {MOST} secrets: remove one first.")
            row = {"site_id": found.id, "secret": secret, "created_at": now}
            added = insert(coral_secrets).values(row).returning(coral_secrets.c.id)
            return int(connection.execute(added).scalar_one())

    def remove(self, secret_id: int) -> None:
        """Take nothing for signed any more that is signed with a secret.

        Raises:
            InvalidInput: there is none of this id.
        """
        its = coral_secrets.c.id == secret_id
        with self._database.writing() as connection:
            if not connection.execute(delete(coral_secrets).where(its)).rowcount:
                raise InvalidInput("", f"There is no Coral secret {secret_id}.")


def check_secret(secret: str) -> None:
    """Raise InvalidInput, which does not repeat it, unless Coral could have made it."""
    is_word = secret.isascii() and secret.isprintable() and " " not in secret
    if not is_word or not SHORTEST <= len(secret) <= LONGEST:
        raise InvalidInput(
            "",
            f"A secret has {SHORTEST} to {LONGEST} ASCII characters and no blanks: "
            "copy it from Coral, with its prefix.",
        )


def _secret_of(row: Row[tuple[object, ...]]) -> Secret:
    return Secret(row.secret_id, site_of(row), row.secret, row.added_at)


COUNT = select(func.count()).select_from(coral_secrets)
SECRETS = (
    SITES.add_columns(
        coral_secrets.c.id.label("secret_id"),
        coral_secrets.c.secret,
        coral_secrets.c.created_at.label("added_at"),
    )
    .join(coral_secrets, coral_secrets.c.site_id == sites.c.id)
    .order_by(None)
    .order_by(coral_secrets.c.id)
)
