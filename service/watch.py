"""What is watched over weeks: how much the model misses, and whether comments drift.

Starts from tallies.  Who is told, and in what words, is for others to say.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any

from model.drift import Reference, population_stability_index, reference_of, shares
from model.evaluation import wilson_interval
from service.store.overview import PATIENCE_S, SLACK, Overview
from service.store.records import Site
from service.store.sites import Sites
from service.store.tallies import (
    NOTHING,
    Samples,
    Spread,
    Tally,
    all_samples,
    all_spreads,
)

DAY = timedelta(days=1)
WEEK = 7
BEFORE = 28
"""Days that are compared: the last ones, today among them, with those before them."""
DAYS = WEEK + BEFORE
"""How many days are looked at, today among them."""
MONTH = 28
"""Days over which samples are counted, today among them."""
LEAST_SAMPLES = 20
"""Samples that an estimate needs: of fewer, the interval says next to nothing."""

LEAST = 200
LEAST_BEFORE = 4 * LEAST
"""Comments that each of these need.  Then chance alone makes an index of some 0.06, and
in one week of twenty one above 0.11."""

REMEMBER_S = 60.0
"""How long what was seen is good enough for metrics."""


@dataclass(frozen=True, slots=True)
class MissRate:
    """Which share of accepted comments breaks the rule, by samples.

    `low` and `high` are the ends of the interval in which it lies with 95 % confidence.
    """

    estimate: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Drift:
    """Population stability indices: how far scores and fates lie from what is expected.

    None where that cannot be said.
    """

    scores: float | None = None
    fates: float | None = None

    @property
    def largest(self) -> float:
        """The larger one; 0 where neither is known."""
        return max(self.scores or 0.0, self.fates or 0.0)


@dataclass(frozen=True, slots=True)
class Watched:
    """What all sites together come to: samples of a month, and this week's drift.

    Drift is from what the model's card expects or, where it says nothing, from what the
    same version made of the four weeks before; that of fates is of those sites that go
    by the card's thresholds.
    """

    samples: Samples
    drift: Drift


def miss_rate(samples: Samples) -> MissRate | None:
    """What samples tell; None where fewer than LEAST_SAMPLES were decided."""
    if samples.decided < LEAST_SAMPLES:
        return None
    low, high = wilson_interval(samples.rejected, samples.decided)
    estimate = samples.rejected / samples.decided
    return MissRate(estimate, low.item(), high.item())


def spread_of(tallies: Iterable[Tally], model: str) -> Spread:
    """How one version's verdicts spread.

    Another version's are left out, for with the model all scores change at once: that
    is no drift.
    """
    return all_spreads(t.spreads[model] for t in tallies if model in t.spreads)


def within(days: Mapping[date, Tally], last: date, count: int) -> list[Tally]:
    """The tallies of the days up to the last one, where there are any."""
    wanted = (last - i * DAY for i in range(count))
    return [days[day] for day in wanted if day in days]


def expected_of(before: Spread) -> Reference | None:
    """What to expect of a site by what it was before; None if that was too little."""
    if sum(before.fates) < LEAST_BEFORE:
        return None
    return Reference(shares(before.scores), shares(before.fates))


def drift(spread: Spread, expected: Reference | None) -> Drift:
    """How far comments lie from what is expected, if there are enough of them."""
    if expected is None or sum(spread.fates) < LEAST:
        return Drift()
    return Drift(
        population_stability_index(expected.scores, spread.scores),
        population_stability_index(expected.fates, spread.fates),
    )


def goes_by_the_card(site: Site) -> bool:
    """Whether a site has no thresholds of its own, which would change its fates."""
    return not site.thresholds


class Watch:
    """Looks at all sites together, now and then.  Safe for threads."""

    def __init__(
        self,
        overview: Overview,
        sites: Sites,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Wire the parts; nothing is looked at yet."""
        self._overview = overview
        self._sites = sites
        self._clock = clock
        self._again_at = float("-inf")
        self._first_open: date | None = None
        self._over: dict[int, dict[date, Tally]] = {}
        self._lock = Lock()

    def look(self, card: Mapping[str, Any], now: datetime) -> Watched | None:
        """Look again if it is time to; None if it is not, or days are left to count.

        Days that nobody has counted yet are counted here, for PATIENCE_S or so: after
        some calls all are.

        Args:
            card: of the version that judges.
            now: the time now, in UTC.

        Raises:
            StoreUnavailable: the database cannot be read.
        """
        with self._lock:
            if self._clock() < self._again_at:
                return None
            sites = self._sites.all()
            if not self._count(sites, now):
                return None
            watched = self._watched(sites, card, now)
            self._again_at = self._clock() + REMEMBER_S
            return watched

    def _count(self, sites: Sequence[Site], now: datetime) -> bool:
        """Have the days of every site that are over; False if patience ends before.

        They change no more, and are read once.
        """
        first_open = (now - SLACK).date()
        if first_open != self._first_open:
            self._first_open, self._over = first_open, {}
        patience_ends = self._clock() + PATIENCE_S
        for site in sites:
            if site.id in self._over:
                continue
            if self._clock() > patience_ends:
                return False
            first, last = now.date() - (DAYS - 1) * DAY, first_open - DAY
            days = self._overview.days(site.id, first, last, now)
            if first not in days:
                return False
            self._over[site.id] = {
                day: Tally(samples=tally.samples, spreads=tally.spreads)
                for day, tally in days.items()
            }
        return True

    def _watched(
        self, sites: Sequence[Site], card: Mapping[str, Any], now: datetime
    ) -> Watched:
        model, last = str(card["version"]), now.date()
        samples, weeks, before = [], [], []
        for is_plain in (True, False):
            ids = [site.id for site in sites if goes_by_the_card(site) is is_plain]
            today = self._today(ids, now)
            samples += [t.samples for t in (*self._days(ids, last, MONTH), today)]
            weeks.append(spread_of((*self._days(ids, last, WEEK), today), model))
            earlier = self._days(ids, last - WEEK * DAY, BEFORE)
            before.append(spread_of(earlier, model))
        stated = reference_of(card)
        by_score = stated or expected_of(all_spreads(before))
        by_fate = stated or expected_of(before[0])
        return Watched(
            all_samples(samples),
            Drift(
                drift(all_spreads(weeks), by_score).scores,
                drift(weeks[0], by_fate).fates,
            ),
        )

    def _days(self, ids: Sequence[int], last: date, count: int) -> list[Tally]:
        """Those that are over of so many days, up to the last one, on some sites."""
        return [tally for id in ids for tally in within(self._over[id], last, count)]

    def _today(self, ids: Sequence[int], now: datetime) -> Tally:
        """What is not yet over, on some sites."""
        if not ids or self._first_open is None:
            return NOTHING
        return self._overview.since(ids, self._first_open, now)
