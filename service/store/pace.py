"""How fast moderators decide, as far as the log tells.

How long a comment waited says nothing of that.  What it does tell is when one moderator
decided one comment and when the next: in between is the time that the second one took,
unless there was a pause.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby, pairwise
from statistics import median

from sqlalchemy import select

from service.deciding import JUDGED
from service.store.database import Database
from service.store.schema import decisions

PAUSE = timedelta(minutes=2)
"""What takes longer is taken for a pause."""

LEAST = 30
"""From fewer times nothing is told."""

LOOKED_AT = 5_000
"""Decisions that are looked at, the last ones of all sites."""


def seconds_a_decision(database: Database) -> float | None:
    """The median time between a moderator's decisions; None if there are too few.

    What is decided at once, by one keystroke, counts as one decision.

    Raises:
        StoreUnavailable: as `Store`'s methods do.
    """
    with database.reading() as connection:
        rows = connection.execute(LAST_DECISIONS).all()
    times = [
        (after - before).total_seconds()
        for _, made in groupby(sorted({(r.by, r.at) for r in rows}), lambda one: one[0])
        for (_, before), (_, after) in pairwise(made)
        if after - before <= PAUSE
    ]
    return median(times) if len(times) >= LEAST else None


LAST_DECISIONS = (
    select(decisions.c.decided_by.label("by"), decisions.c.decided_at.label("at"))
    .where(decisions.c.kind.in_([kind.value for kind in JUDGED]))
    .order_by(decisions.c.key.desc())
    .limit(LOOKED_AT)
)
