"""What the days of a site come to, for tests of the overview."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from model.drift import BINS
from model.finding import Rule, Source, Span
from service.domain import Outcome, Verdict
from service.review import Review
from service.store.accounts import Role
from service.store.overview import Overview
from service.store.tallies import Tally
from tests.fixtures_store import NOON
from tests.reviewing import World, reason

ACCEPT, REJECT = Outcome.ACCEPT, Outcome.REJECT
TODAY = NOON.date()
DAY = timedelta(days=1)
NIGHT = datetime(2026, 3, 2, tzinfo=UTC)
"""The end of the day on which worlds begin."""


def days(world: World, first: date, last: date) -> dict[date, Tally]:
    """What the days from one to another come to."""
    overview = Overview(world.database)
    return overview.days(world.site.id, first, last, world.clock())


def today(world: World) -> Tally:
    """What the day has come to on which the clock is."""
    day = world.clock().date()
    return days(world, day, day)[day]


def decide(
    world: World,
    id: str,
    outcome: Outcome,
    seen: int = 1,
    by: str = "anna",
    *,
    review: Review | None = None,
    rule: Rule = Rule.PERSONAL,
    role: Role = Role.MODERATOR,
    alike: bool = False,
) -> None:
    """Decide on a comment, as a moderator unless told."""
    (review or world.review).decide(
        world.site,
        id,
        outcome,
        rule=rule if outcome is REJECT else None,
        note=None,
        seen=seen,
        by=by,
        role=role,
        alike=alike,
    )


def lexicon(verdict: Verdict, *spans: Span, rule: Rule = Rule.OBSCENE) -> Verdict:
    """The verdict with what the word list saw as its reason."""
    found = replace(reason(rule), source=Source.LEXICON, spans=spans)
    return replace(verdict, reasons=(found,))


def one_in(*bins: int, of: int = BINS) -> tuple[int, ...]:
    """Counts of a comment each in these bins."""
    return tuple(bins.count(i) for i in range(of))
