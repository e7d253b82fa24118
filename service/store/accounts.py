"""API keys and moderators' accounts, as stored; and the first start that makes both.

Makes no secrets and hashes none: that is `service.auth`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, insert, literal, select, update

from service.domain import AUTOMATIC, Kind
from service.errors import InvalidInput
from service.store.database import Database
from service.store.schema import api_keys, installation, moderators, sites
from service.store.sites import add_site, check_name, find_site

KEYS = (
    select(api_keys, sites.c.name)
    .join(sites, sites.c.id == api_keys.c.site_id)
    .order_by(api_keys.c.id)
)


RESERVED = frozenset({AUTOMATIC, Kind.SITE.value})
"""Who decides without being a moderator."""


class Role(StrEnum):
    """What a moderator may do; an editor may also change rules, words and accounts."""

    MODERATOR = "moderator"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class Key:
    """What is stored of an API key.  `revoked_at` is None while it opens its site."""

    id: int
    site: str
    label: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Moderator:
    """A person who decides.

    `disabled_at` is None while the account may be used, and `site_id` for all sites.
    A session that bears another number than `session` is over.
    """

    name: str
    password_hash: str = field(repr=False)
    role: Role
    created_at: datetime
    disabled_at: datetime | None = None
    site_id: int | None = None
    session: int = 1


class Accounts:
    """Who may come in.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def is_installed(self) -> bool:
        """Whether this database has had its first start."""
        with self._database.reading() as connection:
            return connection.scalar(select(installation.c.id)) is not None

    def install(
        self, secret: bytes, site: str, key_hash: bytes, moderator: Moderator
    ) -> bool:
        """Make the first start: the secret of text hashes, a site, its key, an account.

        Returns:
            False where it was made before, or by another process at the same time; then
            nothing is changed.
        """
        now = moderator.created_at
        claim = self._database.insert_new(installation).returning(installation.c.id)
        row = {"id": 1, "secret": secret, "created_at": now}
        with self._database.writing() as connection:
            if connection.scalar(claim, row) is None:
                return False
            found = add_site(self._database, connection, site, by="init", now=now)
            _add_key(connection, found.id, key_hash, "init", now)
            self._add_moderator(connection, moderator)
        return True

    def all_keys(self) -> list[Key]:
        """All API keys, revoked ones too, in the order of their creation."""
        with self._database.reading() as connection:
            return [
                Key(row.id, row.name, row.label, row.created_at, row.revoked_at)
                for row in connection.execute(KEYS)
            ]

    def create_key(self, site: str, key_hash: bytes, label: str, now: datetime) -> int:
        """Let a key open a site; returns the id by which it can be revoked.

        Raises:
            InvalidInput: there is no such site.
        """
        with self._database.writing() as connection:
            found = find_site(connection, site)
            return _add_key(connection, found.id, key_hash, label, now)

    def revoke_key(self, key_id: int, now: datetime) -> None:
        """Close a key for good; of a revoked one the time stays.

        Raises:
            InvalidInput: there is no open key of this id.
        """
        is_open = (api_keys.c.id == key_id) & api_keys.c.revoked_at.is_(None)
        with self._database.writing() as connection:
            revoked = update(api_keys).where(is_open).values(revoked_at=now)
            if connection.execute(revoked).rowcount == 0:
                raise InvalidInput("", f"There is no key {key_id} to revoke.")

    def create_moderator(self, moderator: Moderator) -> None:
        """Create an account.

        Raises:
            InvalidInput: the name is blank or too long, or another account has it.
        """
        check_name(moderator.name)
        if moderator.name.casefold() in RESERVED:
            raise InvalidInput("", f"Nobody can be called {moderator.name!r}.")
        with self._database.writing() as connection:
            self._add_moderator(connection, moderator)

    def moderator(self, name: str) -> Moderator | None:
        """The account of this name, a disabled one too."""
        named = select(moderators).where(moderators.c.name == name)
        with self._database.reading() as connection:
            row = connection.execute(named).one_or_none()
        return None if row is None else _moderator(row)

    def all_moderators(self) -> list[Moderator]:
        """All accounts, disabled ones too, by name."""
        with self._database.reading() as connection:
            ordered = select(moderators).order_by(moderators.c.name)
            return [_moderator(row) for row in connection.execute(ordered)]

    def disable(self, name: str, now: datetime) -> None:
        """Close an account and end its sessions; of a closed one the time stays.

        Raises:
            InvalidInput: there is no account of this name.
        """
        since = moderators.c.disabled_at
        self._change(name, disabled_at=func.coalesce(since, literal(now, since.type)))

    def enable(self, name: str) -> None:
        """Open an account again.

        Raises:
            InvalidInput: there is no account of this name.
        """
        self._change(name, disabled_at=None)

    def set_password(self, name: str, password_hash: str) -> None:
        """Replace a password and end the account's sessions.

        Raises:
            InvalidInput: there is no account of this name.
        """
        self._change(name, password_hash=password_hash)

    def set_role(self, name: str, role: Role, site_id: int | None) -> None:
        """Change what an account may do and where, and end its sessions.

        Raises:
            InvalidInput: there is no account of this name.
        """
        self._change(name, role=role.value, site_id=site_id)

    def end_sessions(self, name: str) -> None:
        """Sign an account out everywhere.

        Raises:
            InvalidInput: there is no account of this name.
        """
        self._change(name)

    def _change(self, name: str, **values: object) -> None:
        """Change an account, and end its sessions by counting up their number."""
        values["session"] = moderators.c.session + 1
        changed = update(moderators).where(moderators.c.name == name).values(values)
        with self._database.writing() as connection:
            if connection.execute(changed).rowcount == 0:
                raise InvalidInput("", f"There is no moderator named {name!r}.")

    def _add_moderator(self, connection: Connection, moderator: Moderator) -> None:
        row = {
            "name": moderator.name,
            "password_hash": moderator.password_hash,
            "role": moderator.role.value,
            "site_id": moderator.site_id,
            "created_at": moderator.created_at,
        }
        added = self._database.insert_new(moderators).returning(moderators.c.id)
        if connection.scalar(added, row) is None:
            raise InvalidInput(
                "", f"There is a moderator named {moderator.name!r} already."
            )


def _moderator(row: Row[Any]) -> Moderator:
    return Moderator(
        name=row.name,
        password_hash=row.password_hash,
        role=Role(row.role),
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        site_id=row.site_id,
        session=row.session,
    )


def _add_key(
    connection: Connection, site_id: int, key_hash: bytes, label: str, now: datetime
) -> int:
    row = {"site_id": site_id, "hash": key_hash, "label": label, "created_at": now}
    key_id = connection.scalar(insert(api_keys).returning(api_keys.c.id), row)
    if key_id is None:
        raise AssertionError("an insert that succeeds returns its row")
    return int(key_id)
