"""What a version would have decided otherwise than the one that answers.

Which version is the shadow is changed by `service.store.models`; judging is
`service.judging.shadow`.  No text is kept here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Row,
    RowMapping,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from service.store.database import Database
from service.store.schema import comments, differences, shadows, sites, texts

ORDER = ("accept", "flag", "reject")
"""From the mildest fate of a comment to the strictest."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A comment that the shadow would have treated otherwise.

    `was` and `would` are fates: accept, flag or reject; the rules are of their
    strongest reasons, None where no clause was named.
    """

    site_id: int
    comment_id: str
    revision: int
    was: str
    would: str
    was_rule: str | None
    would_rule: str | None
    noticed_at: datetime


@dataclass(frozen=True, slots=True)
class Noticed:
    """A difference as it is listed; `text` is None where it is not kept."""

    site: str
    difference: Difference
    text: str | None


@dataclass(frozen=True, slots=True)
class Shadowing:
    """A version's time as shadow; `version` is None where there was no shadow then.

    `ended_at` is None as long as nothing else was said.
    """

    key: int
    version: str | None
    begun_at: datetime
    begun_by: str
    judged: int
    skipped: int
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How a shadow's fates compare with those that held."""

    stricter: int
    milder: int
    same: int
    skipped: int


class Shadows:
    """The shadow's figures.  Methods raise StoreUnavailable as `Store`'s do."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def present(self) -> Shadowing | None:
        """What was last said about a shadow; None if nothing ever was."""
        with self._database.reading() as connection:
            return present_shadow(connection)

    def latest(self) -> Shadowing | None:
        """The last version that was a shadow, or still is; None if none ever was."""
        with self._database.reading() as connection:
            row = connection.execute(LATEST).one_or_none()
            if row is None:
                return None
            ended = connection.scalar(ENDED, {"key": row.key})
        return replace(_shadowing(row), ended_at=ended)

    def note(
        self, key: int, found: Sequence[Difference], *, judged: int, skipped: int
    ) -> None:
        """Add to a shadow's figures.

        Args:
            key: of `Shadowing.key`.
            found: new differences.
            judged: how many more comments it has judged, these included.
            skipped: how many more it had no time for.
        """
        with self._database.writing() as connection:
            counts = {"of": key, "more_judged": judged, "more_skipped": skipped}
            # First, so that of those who erase none comes in between: see `forget`.
            connection.execute(COUNT, counts)
            stored = _not_erased(connection, found)
            _uncount(connection, {key: len(found) - len(stored)})
            if rows := [asdict(one) | {"shadow_key": key} for one in stored]:
                connection.execute(insert(differences), rows)

    def tally(self, shadowing: Shadowing) -> Tally:
        """Count the differences."""
        with self._database.reading() as connection:
            rows = connection.execute(FATES, {"key": shadowing.key}).all()
        ways: Counter[bool] = Counter()
        for was, would, count in rows:
            ways[ORDER.index(would) > ORDER.index(was)] += count
        same = shadowing.judged - ways.total()
        return Tally(ways[True], ways[False], max(0, same), shadowing.skipped)

    def last(self, key: int, limit: int) -> list[Noticed]:
        """The last differences of a shadow, newest first."""
        wanted = LISTED.where(differences.c.shadow_key == key).limit(limit)
        with self._database.reading() as connection:
            return [_noticed(row._mapping) for row in connection.execute(wanted)]


def present_shadow(connection: Connection) -> Shadowing | None:
    """What was last said about a shadow; None if nothing ever was."""
    row = connection.execute(PRESENT).one_or_none()
    return None if row is None else _shadowing(row)


def change_shadow(
    connection: Connection, version: str | None, *, by: str, now: datetime
) -> Shadowing:
    """Begin a version's time as shadow, or end that of the present one."""
    values = {"version": version, "begun_at": now, "begun_by": by}
    added = insert(shadows).values(values).returning(shadows)
    return _shadowing(connection.execute(added).one())


def restart_shadow(
    connection: Connection, active: str | None, *, by: str, now: datetime
) -> None:
    """Count anew, for another version answers; not beside itself."""
    present = present_shadow(connection)
    if present is not None and present.version is not None:
        version = None if present.version == active else present.version
        change_shadow(connection, version, by=by, now=now)


def forget(connection: Connection, site_id: int, ids: Sequence[str]) -> None:
    """Take what was noticed of comments that are erased, and do as if it never was.

    What is not among the differences counts as judged alike, so it has to go from the
    count, too.
    """
    connection.execute(HELD).all()
    taken = connection.scalars(NOTICED, {"site_id": site_id, "ids": ids})
    _uncount(connection, Counter(taken))


STORED = select(comments.c.site_id, comments.c.id).where(
    comments.c.site_id.in_(bindparam("site_ids", expanding=True)),
    comments.c.id.in_(bindparam("ids", expanding=True)),
)
PRESENT = select(shadows).order_by(shadows.c.key.desc()).limit(1)
LATEST = PRESENT.where(shadows.c.version.is_not(None))
ENDED = select(func.min(shadows.c.begun_at)).where(shadows.c.key > bindparam("key"))
COUNT = (
    update(shadows)
    .where(shadows.c.key == bindparam("of"))
    .values(
        judged=shadows.c.judged + bindparam("more_judged"),
        skipped=shadows.c.skipped + bindparam("more_skipped"),
    )
)
UNCOUNT = (
    update(shadows)
    .where(shadows.c.key == bindparam("of"))
    .values(judged=shadows.c.judged - bindparam("fewer"))
)
# Waits for whoever notes what was found before the comment was erased.
HELD = select(shadows.c.key).order_by(shadows.c.key).with_for_update()
NOTICED = (
    delete(differences)
    .where(
        differences.c.site_id == bindparam("site_id"),
        differences.c.comment_id.in_(bindparam("ids", expanding=True)),
    )
    .returning(differences.c.shadow_key)
)
FATES = (
    select(differences.c.was, differences.c.would, func.count())
    .where(differences.c.shadow_key == bindparam("key"))
    .group_by(differences.c.was, differences.c.would)
)
LISTED = (
    select(differences, sites.c.name, texts.c.text)
    .join(sites, sites.c.id == differences.c.site_id)
    .outerjoin(
        comments,
        (comments.c.site_id == differences.c.site_id)
        & (comments.c.id == differences.c.comment_id),
    )
    .outerjoin(
        texts,
        (texts.c.comment_key == comments.c.key)
        & (texts.c.revision == differences.c.revision),
    )
    .order_by(differences.c.key.desc())
)


def _not_erased(
    connection: Connection, found: Sequence[Difference]
) -> list[Difference]:
    """Those of comments that were not erased since they were judged."""
    if not found:
        return []
    wanted = {
        "site_ids": list({one.site_id for one in found}),
        "ids": list({one.comment_id for one in found}),
    }
    stored = {(row.site_id, row.id) for row in connection.execute(STORED, wanted)}
    return [one for one in found if (one.site_id, one.comment_id) in stored]


def _uncount(connection: Connection, fewer: Mapping[int, int]) -> None:
    """Count so many comments less as judged, by the shadow's key."""
    rows = [{"of": key, "fewer": count} for key, count in fewer.items() if count]
    if rows:
        connection.execute(UNCOUNT, rows)


def _shadowing(row: Row[Any]) -> Shadowing:
    return Shadowing(
        row.key, row.version, row.begun_at, row.begun_by, row.judged, row.skipped
    )


def _noticed(row: RowMapping | Mapping[str, Any]) -> Noticed:
    difference = Difference(
        row["site_id"],
        row["comment_id"],
        row["revision"],
        row["was"],
        row["would"],
        row["was_rule"],
        row["would_rule"],
        row["noticed_at"],
    )
    return Noticed(row["name"], difference, row["text"])
