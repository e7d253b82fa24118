"""What is known of comments that were decided, to try a change of the rules on.

Reads only; what the change would do to them is `service.rules.trial`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import bindparam, func, select

from service.domain import Kind, Outcome, Verdict
from service.store.database import Database
from service.store.records import decision_of
from service.store.schema import comments, decisions, texts

LAST = 1_000
"""Comments that a change is tried on."""

REACH = 100_000
"""So far back, counted in comments of all sites, those of one site are looked for."""

BY_PEOPLE = frozenset({Kind.REVIEW, Kind.APPEAL, Kind.SECOND, Kind.SITE})

_RECENT = (
    select(comments.c.key, comments.c.outcome)
    .where(
        # Added to, so that the database goes back by key instead of sorting the site.
        comments.c.site_id + 0 == bindparam("site_id"),
        comments.c.erased_at.is_(None),
        comments.c.key
        > select(func.max(comments.c.key)).scalar_subquery() - bindparam("reach"),
    )
    .order_by(comments.c.key.desc())
    .limit(bindparam("limit"))
    .subquery()
)
RECENT = (
    select(decisions, _RECENT.c.outcome.label("held"))
    .join(_RECENT, _RECENT.c.key == decisions.c.comment_key)
    .order_by(decisions.c.comment_key.desc(), decisions.c.number)
)
KEPT = (
    select(comments.c.id, texts.c.text)
    .join(
        texts,
        (texts.c.comment_key == comments.c.key)
        & (texts.c.revision == comments.c.revision),
    )
    .where(
        comments.c.site_id == bindparam("site_id"),
        comments.c.outcome == bindparam("outcome"),
        comments.c.kept,
    )
    .order_by(comments.c.key.desc())
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class Decided:
    """A comment: the last automatic verdict, and what it is now.

    `is_by_person` tells whether a person has made it so.
    """

    verdict: Verdict
    outcome: Outcome
    is_by_person: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A comment whose text is kept."""

    id: str
    text: str


class Past:
    """The last comments of a site.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def decided(self, site_id: int, limit: int = LAST) -> list[Decided]:
        """The last comments, newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(
                RECENT, {"site_id": site_id, "limit": limit, "reach": REACH}
            ).all()
        found: list[Decided] = []
        for _, group in groupby(rows, key=lambda row: row.comment_key):
            log = list(group)
            automatic = [row for row in log if row.kind == Kind.AUTOMATIC]
            if automatic:
                verdict = decision_of(automatic[-1]).verdict
                by_person = Kind(log[-1].kind) in BY_PEOPLE
                found.append(Decided(verdict, Outcome(log[-1].held), by_person))
        return found

    def kept(self, site_id: int, outcome: Outcome, limit: int = LAST) -> list[Kept]:
        """The last comments of that outcome whose texts are kept, newest first."""
        wanted = {"site_id": site_id, "outcome": outcome.value, "limit": limit}
        with self._database.reading() as connection:
            rows = connection.execute(KEPT, wanted)
            return [Kept(row.id, row.text) for row in rows]
