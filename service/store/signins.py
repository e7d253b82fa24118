"""Failed sign-ins, counted for all processes together, and how long they lock.

Whose they are is kept as keyed hashes: neither a name nor an address can be read back.
Checks no password; that is `service.auth`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from ipaddress import ip_address, ip_network

from sqlalchemy import Connection, delete, select, update

from service.errors import TooManyAttempts
from service.store.schema import attempts
from service.store.store import Store

MEMORY = timedelta(minutes=15)
"""Failures add up as long as each comes within this time after the last or its lock."""

LOCKS = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""How long sign-in stays locked: at first, after one more failure, and from then on."""

AHEAD = timedelta(minutes=1)
"""How far the clocks of several machines may differ.  What comes from further in the
future was counted before a clock was put back, and is forgotten: it would lock until
the clock is there again, be that a year."""

KEEP = timedelta(days=1)
"""After this, a row is of no use and goes; longer than any lock and its memory."""


@dataclass(frozen=True, slots=True)
class Limit:
    """How many failures of a kind there may be before it is locked.

    A lock that grows does so with each further failure.  The other kind is over
    MEMORY after the first of its failures, and they are forgotten with it.
    """

    kind: str
    failures: int
    grows: bool = True


VISITOR = Limit("name from a network", 5)
"""One name, from one network: nobody is kept out by who guesses elsewhere."""
NAME = Limit("name", 50, grows=False)
"""One name, from everywhere: so many that to keep a name locked takes many networks,
all the time, and so few that as many networks still guess slowly."""
ADDRESS = Limit("address", 30)
"""One network, whatever the names."""
OWN = Limit("own password", 5)
"""One's own password, asked for again of who is signed in."""

Counted = tuple[tuple[Limit, str], ...]
"""What a sign-in counts for.  Always in the same order, the name's before those of many
names: two that wait for each other cannot be."""


@dataclass(frozen=True, slots=True)
class Failures:
    """What is known of one name or network.

    `at` is when the last one was or, where the lock does not grow, the first one.
    """

    count: int
    at: datetime

    def open_at(self, limit: Limit) -> datetime:
        """From when on another sign-in may be tried."""
        over = self.count - limit.failures
        if over < 0:
            return self.at
        if not limit.grows:
            return self.at + MEMORY
        return self.at + LOCKS[min(over, len(LOCKS) - 1)]

    def and_one(self, limit: Limit, now: datetime) -> Failures:
        """With one more."""
        kept_from = self.open_at(limit) if limit.grows else self.at
        if now >= kept_from + MEMORY:
            return Failures(1, now)
        return Failures(self.count + 1, now if limit.grows else self.at)


class SignIns:
    """The counts.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._database = store.database

    def count(self, name: str, address: str, now: datetime) -> None:
        """Count a sign-in as failed, until `clear` tells that it was not.

        Before its password is looked at: of many that come at once, no more get that
        far than of as many one after the other.

        Raises:
            TooManyAttempts: the name, from there or from everywhere, or the address
                is locked; nothing was counted.
        """
        with self._database.writing() as connection:
            for limit, value in self._counted(name, address):
                self._count(connection, limit, value, now)

    def clear(self, name: str, address: str) -> None:
        """Take back what `count` counted last, and forget the name's failures.

        Those from other networks still count there.
        """
        with self._database.writing() as connection:
            for limit, value in self._counted(name, address):
                self._clear(connection, limit, value)

    def tidy(self, now: datetime) -> None:
        """Delete what no longer counts."""
        old = select(attempts.c.subject).where(attempts.c.last_at < now - KEEP)
        # Passing over what another one holds, so that neither waits for the other.
        mine = old.with_for_update(skip_locked=True).scalar_subquery()
        with self._database.writing() as connection:
            connection.execute(delete(attempts).where(attempts.c.subject.in_(mine)))

    def _counted(self, name: str, address: str) -> Counted:
        where = network(address)
        # No network has a blank in it, so no two such pairs are written alike.
        return (VISITOR, f"{where} {name}"), (NAME, name), (ADDRESS, where)

    def _clear(self, connection: Connection, limit: Limit, value: str) -> None:
        its_own = attempts.c.subject == self._subject(limit, value)
        if limit is not ADDRESS:
            connection.execute(delete(attempts).where(its_own))
            return
        one_less = update(attempts).values(failures=attempts.c.failures - 1)
        connection.execute(one_less.where(its_own, attempts.c.failures > 0))

    def _count(
        self, connection: Connection, limit: Limit, value: str, now: datetime
    ) -> None:
        subject = self._subject(limit, value)
        row = {"subject": subject, "failures": 0, "last_at": now}
        connection.execute(self._database.insert_new(attempts), row)
        its_own = attempts.c.subject == subject
        found = connection.execute(
            select(attempts).where(its_own).with_for_update()
        ).one_or_none()
        if found is None:  # Somebody's success deleted it between the two.
            return self._count(connection, limit, value, now)
        failures = Failures(found.failures, found.last_at)
        if failures.at > now + AHEAD:
            failures = Failures(0, now)
        if now < failures.open_at(limit):
            raise _locked(failures.open_at(limit) - now)
        more = failures.and_one(limit, now)
        connection.execute(
            update(attempts).where(its_own).values(failures=more.count, last_at=more.at)
        )

    def _subject(self, limit: Limit, value: str) -> bytes:
        key = self._store.key_for("sign-ins")
        return blake2b(
            f"{limit.kind}:{value}".encode(), key=key, digest_size=32
        ).digest()


class OwnPasswords(SignIns):
    """The counts for who is signed in, and asked for the own password again.

    Kept apart: whoever fails at the sign-in under somebody's name, or from where they
    are, does not keep them from changing their password.
    """

    def _counted(self, name: str, address: str) -> Counted:
        return ((OWN, name),)


def network(address: str) -> str:
    """Whose an address is: of IPv6, one customer has 2 ** 64 of them and more."""
    try:
        parsed = ip_address(address)
    except ValueError:  # A socket in the file system has none.
        return ""
    if parsed.version == 6:
        return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
    return str(parsed)


def _locked(wait: timedelta) -> TooManyAttempts:
    seconds = math.ceil(wait.total_seconds())
    minutes = math.ceil(seconds / 60)
    span = "a minute" if minutes == 1 else f"{minutes} minutes"
    return TooManyAttempts(
        f"Too many sign-ins have failed. Try again in {span}.", seconds
    )
