"""What requests read and write: comments, their log of decisions, and open keys.

What operators change is in `service.store.sites` and `service.store.accounts`;
creating the tables is `service.store.migrate`.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cached_property
from hashlib import blake2b
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, bindparam, select

from service.domain import Comment, Verdict
from service.errors import Fault, StoreUnavailable
from service.settings import Settings
from service.store import migrate
from service.store.database import Database, open_database
from service.store.ledger import Entry, Ledger
from service.store.records import (
    CommentRecord,
    Recorded,
    Site,
    Submission,
    article_of,
    author_of,
    decision_of,
    site_of,
)
from service.store.schema import (
    api_keys,
    comments,
    decisions,
    installation,
    sites,
    texts,
)
from service.store.sites import SITES
from service.store.together import Together

if TYPE_CHECKING:
    from service.store.newcomers import Newcomers

T = TypeVar("T")
Work = Callable[[Connection], Any]
"""Reads and writes in a transaction; may be done again if that of a group fails, so it
must have no effect but on the database."""

REMEMBER_KEY_S = 5.0
"""How long a process may go by what it last read of a key, its site and its policy."""
AGAIN_S = 1.0
"""How long a database that did not answer is not asked for a known key again, at least.

It is no less than asking in vain took: of a silent database that is up to ANSWER_S.
"""
REMEMBERED_KEYS = 1024
PING_S = 0.5
ANSWER_S = 10.0
"""How long requests wait for PostgreSQL; nothing that they ask for takes so long."""
NO_KEY = bytes(32)


class Store:
    """The log.  Safe for threads; each process opens its own.

    Every method raises StoreUnavailable when the database does not answer, cannot be
    written or is not prepared, and then nothing was stored.
    """

    def __init__(
        self, database: Database, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.database = database
        self._clock = clock
        self._open_keys: dict[bytes, tuple[float, Site]] = {}
        self._asked_keys: set[bytes] = set()
        self._keys_lock = Lock()
        self._ledger = Ledger(database)
        self._newcomers = _newcomers(database)
        self._together = Together(self._write_alone)

    def ping(self) -> None:
        """Make sure that the database is prepared for this code and can be written.

        Waits for other writers no longer than PING_S: a probe wants to know how it is.
        """
        with self.database.writing(wait_s=PING_S) as connection:
            migrate.check(connection)
            if self.database.is_sqlite:
                # A number in the file's head that nobody else uses.  Only what is
                # another than before is written, and only then a full disk is seen.
                mark = time.time_ns() // 1_000_000 % 2**31
                connection.exec_driver_sql(f"PRAGMA user_version = {mark}")

    def text_hash(self, text: str) -> bytes:
        """Hash a text under this installation's secret: 32 bytes, BLAKE2b (RFC 7693).

        Without the secret a hash does not tell whether a guessed text was sent.
        """
        return blake2b(text.encode(), key=self._secret, digest_size=32).digest()

    def key_for(self, purpose: str) -> bytes:
        """A key for one purpose, made of this installation's secret: 32 bytes."""
        return blake2b(
            purpose.encode(), key=self._secret, person=b"purpose", digest_size=32
        ).digest()

    def site_of_key(self, key_hash: bytes) -> Site | None:
        """The site that an API key opens; None for an unknown or a revoked key.

        A found site is remembered for REMEMBER_KEY_S: so long may a revoked key or a
        replaced policy still serve in this process; and while the database does not
        answer, until it does, for judging alone needs none.  One thread asks for a
        known key again, and the others go on meanwhile by what is remembered.  What is
        not found costs the same one query every time, and is not remembered.

        Raises:
            StoreUnavailable: the database does not answer, and the key is not known.
        """
        begun = self._clock()
        with self._keys_lock:
            remembered = self._open_keys.get(key_hash)
            is_asked = key_hash in self._asked_keys
            if remembered and (begun < remembered[0] or is_asked):
                return remembered[1]
            self._asked_keys.add(key_hash)
        try:
            site = self._find_site(key_hash)
        except StoreUnavailable:
            if remembered is None:
                raise
            now, site = self._clock(), remembered[1]
            self._open_keys[key_hash] = (now + max(AGAIN_S, now - begun), site)
            return site
        else:
            self._remember(key_hash, site)
            return site
        finally:
            self._asked_keys.discard(key_hash)

    @property
    def remembered_keys(self) -> int:
        """How many open keys are remembered just now; at most REMEMBERED_KEYS."""
        return len(self._open_keys)

    def latest(self, site_id: int, comment_id: str) -> Recorded | None:
        """The decision that holds for a comment; None if it was never recorded."""
        with self.database.reading() as connection:
            row = connection.execute(
                LATEST, {"site_id": site_id, "comment_id": comment_id}
            ).one_or_none()
        return None if row is None else Recorded(row.text_hash, decision_of(row))

    def record(
        self,
        site_id: int,
        comment: Comment,
        text_hash: bytes,
        verdict: Verdict,
        now: datetime,
        *,
        alike: bytes | None,
    ) -> Recorded:
        """Enter an automatic verdict in the log, and return the decision that holds.

        A new id, or a known id with another text, gets this verdict, as a new revision.
        A known id with the same text keeps the decision it has, and nothing is written;
        of two that come at once, one is entered and both get it.

        Args:
            site_id: of `Site.id`.
            comment: must have an id.
            text_hash: of `text_hash(comment.text)`.
            verdict: what the policy made of it.
            now: the time of decision, aware.
            alike: of `service.alike`, if the text is to be kept.
        """
        submission = Submission(comment, text_hash, verdict, alike)
        entry = self._ledger.entry(site_id, submission, now)
        if self._newcomers is not None and self._newcomers.enter(entry):
            return entry.recorded
        return self._write(lambda connection: self._ledger.enter(connection, entry))

    def record_many(
        self, site_id: int, submissions: Sequence[Submission], now: datetime
    ) -> list[Recorded]:
        """Do what `record` does for each in turn, all or none of them.

        Returns:
            What holds for each submission, in their order.
        """
        if not submissions:
            return []
        entries = [self._ledger.entry(site_id, one, now) for one in submissions]
        return self._write(lambda connection: self._enter_many(connection, entries))

    def history(self, site_id: int, comment_id: str) -> CommentRecord | None:
        """All that is stored of a comment; None if it was never recorded."""
        with self.database.reading() as connection:
            row = connection.execute(
                COMMENT, {"site_id": site_id, "comment_id": comment_id}
            ).one_or_none()
            if row is None:
                return None
            log = connection.execute(LOG, {"key": row.key}).all()
            kept = connection.execute(KEPT, {"key": row.key}).all()
        return CommentRecord(
            id=row.id,
            revision=log[-1].revision,
            texts={text.revision: text.text for text in kept},
            author=author_of(row),
            article=article_of(row),
            parent_id=row.parent_id,
            language=row.language,
            received_at=row.received_at,
            decisions=tuple(map(decision_of, log)),
        )

    def _enter_many(
        self, connection: Connection, entries: Sequence[Entry]
    ) -> list[Recorded]:
        if self._newcomers is None:
            return self._ledger.enter_many(connection, entries)
        are_new = self._newcomers.insert(connection, entries)
        pairs = list(zip(entries, are_new, strict=True))
        known = [entry for entry, is_new in pairs if not is_new]
        held = iter(self._ledger.enter_many(connection, known))
        return [entry.recorded if is_new else next(held) for entry, is_new in pairs]

    def _write(self, work: Callable[[Connection], T]) -> T:
        """Do some work in a transaction, and return when it is committed.

        On PostgreSQL in one of its own: it may have to wait for what others have their
        hands on, and nobody else shall.
        """
        if self.database.is_sqlite:
            done: T = self._together.write(work)
            return done
        with self.database.writing() as connection:
            return work(connection)

    def _write_alone(self, works: Sequence[Work]) -> list[Any]:
        with self.database.writing_alone() as connection:
            return [work(connection) for work in works]

    @cached_property
    def _secret(self) -> bytes:
        with self.database.reading() as connection:
            secret: bytes | None = connection.scalar(select(installation.c.secret))
        if secret is None:
            raise StoreUnavailable(
                "The database has no site yet; run `flask init`.", Fault.SCHEMA
            )
        return secret

    def _remember(self, key_hash: bytes, site: Site | None) -> None:
        if site is None:
            self._open_keys.pop(key_hash, None)
            return
        if len(self._open_keys) >= REMEMBERED_KEYS:
            self._open_keys.clear()
        self._open_keys[key_hash] = (self._clock() + REMEMBER_KEY_S, site)

    def _find_site(self, key_hash: bytes) -> Site | None:
        with self.database.reading() as connection:
            row = connection.execute(SITE_OF_KEY, {"hash": key_hash}).one_or_none()
        found = row.hash if row else NO_KEY
        # The index already compared; this compares again at a constant pace.
        is_same = hmac.compare_digest(found, key_hash)
        return site_of(row) if row and is_same else None


def _newcomers(database: Database) -> Newcomers | None:
    if database.is_sqlite:
        return None
    # Here, because it takes 50 ms and 2 MB that SQLite has no need of.
    from service.store.newcomers import Newcomers

    return Newcomers(database)


def open_store(settings: Settings, *, answer_s: float | None = None) -> Store:
    """Prepare the store; it connects on first use.

    Args:
        settings: name the database.
        answer_s: of `open_database`.
    """
    return Store(
        open_database(
            settings.database_url,
            synchronous=settings.sqlite_synchronous,
            answer_s=answer_s,
        )
    )


# Built once: SQLAlchemy then finds their compiled form without walking them again.
OF_SITE = comments.c.site_id == bindparam("site_id")
COMMENT = select(comments).where(OF_SITE, comments.c.id == bindparam("comment_id"))
LATEST = (
    select(comments.c.text_hash, decisions)
    .join(
        decisions,
        (decisions.c.comment_key == comments.c.key)
        & (decisions.c.number == comments.c.decision),
    )
    .where(OF_SITE, comments.c.id == bindparam("comment_id"))
)
LOG = (
    select(decisions)
    .where(decisions.c.comment_key == bindparam("key"))
    .order_by(decisions.c.number)
)
KEPT = select(texts).where(texts.c.comment_key == bindparam("key"))
SITE_OF_KEY = (
    SITES.add_columns(api_keys.c.hash)
    .join(api_keys, api_keys.c.site_id == sites.c.id)
    .where(api_keys.c.hash == bindparam("hash"), api_keys.c.revoked_at.is_(None))
)
