"""What was kept long enough goes, a few rows at a time, so that others can write.

What waits for a person stays however old it is, but for samples and second opinions,
for which nobody waits.  Leaves out how long is long enough, which the settings say, and
versions of the model, which are folders: `service.reports`.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any

from sqlalchemy import Delete, Row, Select

from service.domain import Waiting
from service.store import seals
from service.store.changes import locked
from service.store.database import Database
from service.store.erasing import Erasing
from service.store.opinions import NO_HURRY
from service.store.retaining import (
    BLANK_APPEALS,
    BLANK_REPORTS,
    DELETE_TEXTS,
    OLD_COMMENTS,
    OLD_DIFFERENCES,
    OLD_ERASURES,
    OLD_EVENTS,
    OVER_LOOKS,
    TAKE_DELIVERIES,
    TAKE_DIFFERENCES,
    TAKE_EVENTS,
    TEXTS,
    UNKEEP,
)

AT_ONCE = 50
"""Rows that are taken in one transaction: other writers wait for it."""

REST = 1.0
"""How much longer than a transaction took others may write before the next."""


class Sort(StrEnum):
    """What is kept, each for a time of its own.

    REJECTED, SAMPLES and LABELS are texts: of what the judge stopped and nobody
    decided, of samples that nobody decided, and of what people decided.  COMMENTS is
    all that is left of a comment by then, EVENTS what sites were told, LEARNING what
    shadows noticed, candidates, and reports of training.
    """

    REJECTED = "rejected"
    SAMPLES = "samples"
    LABELS = "labels"
    COMMENTS = "comments"
    EVENTS = "events"
    LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Purged:
    """How much was taken: texts by their sort, and of the rest."""

    texts: Mapping[Sort, int]
    comments: int
    events: int
    differences: int


class Retention:
    """Takes what is old.  Methods raise StoreUnavailable as `Store`'s do."""

    def __init__(
        self,
        database: Database,
        key_for: Callable[[str], bytes],
        days: Mapping[Sort, int],
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wire the parts.

        Args:
            database: to take from.
            key_for: of `Store.key_for`.
            days: how long each sort is kept; 0 for ever.
            sleep: lets others write in between.
        """
        self._database = database
        self._erasing = Erasing(database, key_for)
        self._days = days
        self._sleep = sleep

    def purge(self, now: datetime) -> Purged:
        """Take all that is older than it may be."""
        with self._database.writing() as connection:
            connection.execute(OVER_LOOKS, {"now": now})
            if end := self.end(Sort.COMMENTS, now):
                connection.execute(OLD_ERASURES, {"end": end})
        return Purged(
            self._texts(now), self._comments(now), self._events(now), self._noticed(now)
        )

    def end(self, sort: Sort, now: datetime) -> datetime | None:
        """What is older may go; None if nothing may."""
        days = self._days[sort]
        return now - timedelta(days=days) if days else None

    def _texts(self, now: datetime) -> Counter[Sort]:
        taken: Counter[Sort] = Counter()
        for page in self._pages(TEXTS, "comment_key", "text_revision"):
            old = [row for row in page if self._is_old(row, now)]
            for site_id, some in _parts(old):
                with self._in_turn():
                    gone = self._take_texts(site_id, some)
                taken.update(map(_sort, gone))
        return taken

    def _is_old(self, row: Row[Any], now: datetime) -> bool:
        end = self.end(_sort(row), now)
        return end is not None and row.last_at < end and not _waits(row)

    def _take_texts(
        self, site_id: int, chosen: Sequence[Row[Any]]
    ) -> Sequence[Row[Any]]:
        """Take texts and what readers said of them, unless one was decided since."""
        wanted = {"site_id": site_id, "ids": [row.id for row in chosen]}
        with self._database.writing() as connection:
            held = connection.execute(locked(self._database), wanted).all()
            same = {(row.key, row.decision, row.waiting) for row in held}
            gone = [
                row
                for row in chosen
                if (row.comment_key, row.decision, row.waiting) in same
            ]
            if gone:
                # It may leave traces in the files.  First, as whoever erases does.
                seals.take_turn(connection)
                values = [{"of": r.comment_key, "at": r.text_revision} for r in gone]
                for statement in (
                    DELETE_TEXTS,
                    BLANK_REPORTS,
                    BLANK_APPEALS,
                    UNKEEP,
                ):
                    connection.execute(statement, values)
        return gone

    def _comments(self, now: datetime) -> int:
        end, count = self.end(Sort.COMMENTS, now), 0
        if end is None:
            return 0
        for page in self._pages(OLD_COMMENTS, "comment_key", end=end):
            for site_id, some in _parts([row for row in page if not _waits(row)]):
                seen = {row.id: row.decision for row in some}
                with self._in_turn():
                    erased = self._erasing.expired(site_id, seen, now=now)
                count += erased.comments
        return count

    def _events(self, now: datetime) -> int:
        taking = (TAKE_DELIVERIES, TAKE_EVENTS)
        return self._rows(OLD_EVENTS, taking, self.end(Sort.EVENTS, now))

    def _noticed(self, now: datetime) -> int:
        end = self.end(Sort.LEARNING, now)
        return self._rows(OLD_DIFFERENCES, (TAKE_DIFFERENCES,), end)

    def _rows(
        self, old: Select[Any], taking: Sequence[Delete], end: datetime | None
    ) -> int:
        """Take all rows that a statement finds, by their keys."""
        count, new = 0, AT_ONCE if end else 0
        while new == AT_ONCE:
            with self._in_turn(), self._database.writing() as connection:
                wanted = {"end": end, "limit": AT_ONCE}
                keys = list(connection.scalars(old, wanted))
                for statement in taking:
                    connection.execute(statement, {"keys": keys})
            new = len(keys)
            count += new
        return count

    def _pages(
        self, statement: Select[Any], *place: str, **values: object
    ) -> Iterator[Sequence[Row[Any]]]:
        """All rows in pages, in the order of the columns that say their place."""
        after: dict[str, object] = dict.fromkeys(place, 0)
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(statement, {**values, **after}).all()
            if not rows:
                return
            yield rows
            after = {name: rows[-1]._mapping[name] for name in place}

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Rest afterwards, so that others can write."""
        started = time.monotonic()
        yield
        self._sleep(REST * (time.monotonic() - started))


def _sort(row: Row[Any]) -> Sort:
    """Of which sort a text is."""
    if row.by_people:
        return Sort.LABELS
    return Sort.SAMPLES if row.is_sample else Sort.REJECTED


def _waits(row: Row[Any]) -> bool:
    """Whether somebody waits for a decision on this revision of a comment."""
    waiting = None if row.waiting is None else Waiting(row.waiting)
    is_present = row.text_revision == row.revision
    return is_present and waiting is not None and waiting not in NO_HURRY


def _parts(rows: Sequence[Row[Any]]) -> Iterator[tuple[int, Sequence[Row[Any]]]]:
    """Rows of one site each, as many as are taken at once."""
    ordered = sorted(rows, key=lambda row: int(row.site_id))
    for site_id, group in groupby(ordered, key=lambda row: int(row.site_id)):
        members = list(group)
        for start in range(0, len(members), AT_ONCE):
            yield site_id, members[start : start + AT_ONCE]
