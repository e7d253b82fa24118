"""Erasing: of a comment nothing is left but that it was decided, when, and how.

Gone are its texts, complaints, appeals, notes, names, hashes and ids, and what was
still to be told of it.  The facts of its log stay, without which figures and the hash
chain would break; an entry of `Kind.ERASURE` ends it.  Its row stays for these to refer
to, under a name that no comment can have, so that one sent again is a new one.

Many are erased in small transactions, so that others can write in between.  Traces in
the files are `service.store.files`', reports of training `service.reports`' to take.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert

from service.compact import dumps
from service.domain import AUTOMATIC, Kind
from service.store import seals
from service.store.changes import locked
from service.store.database import Database
from service.store.lessons import versions_of
from service.store.opaque import Opaque
from service.store.records import storable
from service.store.schema import decisions, erasures, microseconds
from service.store.shadows import forget
from service.store.taking import (
    CLEARED,
    COMPLAINTS,
    EMPTY,
    ERASED_ID,
    HIDE,
    KNOWN,
    LOG,
    OF_AUTHOR,
    RECOUNT,
    TAKE,
    TRACES,
    UNNAME,
    UNSALT,
    WORDS,
)

AT_ONCE = 50
"""Comments that are erased in one transaction: other writers wait for it."""

PURPOSE = "erasures"
"""What the key is for that hides whose data were erased."""

RETENTION = "retention"
"""Who is said to have erased what was kept long enough."""

DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased; `versions` of the model have learnt from it.

    `words` are the texts that were kept, for whoever looks for traces of them.
    """

    comments: int = 0
    texts: int = 0
    reports: int = 0
    appeals: int = 0
    versions: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()

    def __add__(self, other: Erased) -> Erased:
        return Erased(
            self.comments + other.comments,
            self.texts + other.texts,
            self.reports + other.reports,
            self.appeals + other.appeals,
            self.versions | other.versions,
            self.words + other.words,
        )


class Erasing:
    """Erases on all sites.  Safe for threads.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do;
    what was erased until then stays so.
    """

    def __init__(self, database: Database, key_for: Callable[[str], bytes]) -> None:
        """Wire the parts.

        Args:
            database: to erase from.
            key_for: of `Store.key_for`.
        """
        self._database = database
        self._opaque = Opaque(key_for, PURPOSE)

    def comment(
        self, site_id: int, comment_id: str, *, by: str, now: datetime
    ) -> Erased | None:
        """Erase a comment; None if the site never sent it, as far as is remembered."""
        erased = self._erase(site_id, [comment_id], by=by, now=now)
        if erased == Erased():
            subject = self._subject("comment", site_id, comment_id)
            return erased if self._is_known(site_id, subject) else None
        return erased

    def author(
        self, site_id: int, author_id: str, *, by: str, now: datetime
    ) -> Erased | None:
        """Erase all comments of an author, and who and what they complained of.

        None if nothing was ever stored of them, as far as is remembered.
        """
        of_them = {"site_id": site_id, "author_id": storable(author_id)}
        subject = self._subject("author", site_id, author_id)
        with self._database.reading() as connection:
            ids = list(connection.scalars(OF_AUTHOR, of_them))
        erased = Erased()
        for start in range(0, len(ids), AT_ONCE):
            erased += self._erase(site_id, ids[start : start + AT_ONCE], by=by, now=now)
        with self._database.writing() as connection:
            # Before what is shared with others who erase: else two wait for each other.
            seals.take_turn(connection)
            erased += _unnamed(connection, of_them)
            if erased == Erased():
                known = {"site_id": site_id, "subject": subject}
                return erased if connection.scalar(KNOWN, known) else None
            self._remember(connection, site_id, [subject], now)
        return erased

    def expired(
        self, site_id: int, seen: Mapping[str, int], *, now: datetime
    ) -> Erased:
        """Erase comments that were kept long enough; nobody asked for it.

        Args:
            site_id: of `Site.id`.
            seen: their ids, with the number of the decision that held when they were
                chosen; what was decided since is passed over.
            now: the time.
        """
        return self._erase(site_id, list(seen), by=RETENTION, now=now, seen=seen)

    def _erase(
        self,
        site_id: int,
        ids: Sequence[str],
        *,
        by: str,
        now: datetime,
        seen: Mapping[str, int] | None = None,
    ) -> Erased:
        """Erase comments in one transaction; what is not there is passed over."""
        wanted = {"site_id": site_id, "ids": [storable(id) for id in ids]}
        with self._database.writing() as connection:
            rows = [
                row
                for row in connection.execute(locked(self._database), wanted).all()
                if row.erased_at is None
                and (seen is None or seen[row.id] == row.decision)
            ]
            if not rows:
                return Erased()
            # Before the seals are looked at: see `Seals._append`.
            seals.take_turn(connection)
            if by != RETENTION:
                subjects = [self._subject("comment", site_id, row.id) for row in rows]
                self._remember(connection, site_id, subjects, now)
            return _erased(connection, site_id, rows, by=by, now=now)

    def _is_known(self, site_id: int, subject: bytes) -> bool:
        known = {"site_id": site_id, "subject": subject}
        with self._database.reading() as connection:
            return connection.scalar(KNOWN, known) is not None

    def _remember(
        self,
        connection: Connection,
        site_id: int,
        subjects: Iterable[bytes],
        now: datetime,
    ) -> None:
        rows = [
            {"site_id": site_id, "subject": subject, "erased_at": now}
            for subject in subjects
        ]
        connection.execute(self._database.insert_new(erasures), rows)

    def _subject(self, kind: str, site_id: int, id: str) -> bytes:
        return self._opaque.of(kind, site_id, id)


def uncleared(database: Database) -> int:
    """How many erasures there were that may have left traces in files; 0 for none."""
    with database.reading() as connection:
        row = connection.execute(TRACES).one()
    return int(row.erased) if row.erased != row.cleared else 0


def cleared(database: Database, erased: int) -> None:
    """Note that of so many erasures no traces are left in the files."""
    with database.writing() as connection:
        connection.execute(CLEARED, {"so_many": erased})


def _unnamed(connection: Connection, of_them: Mapping[str, Any]) -> Erased:
    """Take an author's name and words from their complaints about others' comments."""
    words = tuple(connection.scalars(COMPLAINTS, of_them))
    count = connection.execute(UNNAME, of_them).rowcount
    return Erased(reports=count, words=tuple(filter(None, words)))


def _erased(
    connection: Connection,
    site_id: int,
    rows: Sequence[Row[Any]],
    *,
    by: str,
    now: datetime,
) -> Erased:
    """Take all that is said of comments that nobody else can change."""
    keys = {"keys": [row.key for row in rows]}
    log = connection.execute(LOG, keys).all()
    last = {entry.comment_key: entry for entry in log}
    words = tuple(connection.scalars(WORDS, keys))
    versions = versions_of(connection, keys["keys"])
    connection.execute(
        insert(decisions), [_ending(last[row.key], by, now) for row in rows]
    )
    connection.execute(HIDE, _hidden(log))
    connection.execute(UNSALT, {"decision_keys": [entry.key for entry in log]})
    counts = {
        name: connection.execute(statement, keys).rowcount
        for name, statement in TAKE.items()
    }
    forget(connection, site_id, [row.id for row in rows])
    days = {microseconds(entry.decided_at) // DAY_US for entry in log}
    connection.execute(RECOUNT, {"site_id": site_id, "days": sorted(days)})
    gone = [
        {
            "gone_key": row.key,
            "new_id": f"{ERASED_ID}{row.key}",
            "new_decision": last[row.key].number + 1,
            "now": now,
        }
        for row in rows
    ]
    connection.execute(EMPTY, gone)
    return Erased(
        len(rows),
        counts["texts"],
        counts["reports"],
        counts["appeals"],
        frozenset(versions),
        words,
    )


def _ending(last: Row[Any], by: str, now: datetime) -> dict[str, Any]:
    """The entry that ends a log; what it says of the outcome is what held."""
    return {
        "comment_key": last.comment_key,
        "number": last.number + 1,
        "revision": last.revision,
        "outcome": last.outcome,
        "flagged": False,
        "reasons": "[]",
        "model": last.model,
        "policy": last.policy,
        "decided_by": by,
        "decided_at": now,
        "kind": Kind.ERASURE.value,
    }


def _hidden(log: Iterable[Row[Any]]) -> list[dict[str, Any]]:
    """What is left of entries: for which rule, and how many people there were."""
    people: dict[int, dict[str, str]] = {}
    hidden: list[dict[str, Any]] = []
    for entry in log:
        names = people.setdefault(entry.comment_key, {})
        name = entry.decided_by
        if name != AUTOMATIC:
            # So that two opinions of one comment still are two people's.
            name = names.setdefault(name, f"person {len(names) + 1}")
        reasons = dumps([_bare(reason) for reason in json.loads(entry.reasons)[:1]])
        hidden.append({"of": entry.key, "bare": reasons, "name": name})
    return hidden


def _bare(reason: Mapping[str, Any]) -> dict[str, Any]:
    """A reason of which only the rule and the source are left."""
    return {
        "rule": reason["rule"],
        "attribute": reason["attribute"],
        "source": reason["source"],
        "score": 0.0,
        "threshold": 0.0,
        "spans": [],
        "message": "",
    }
