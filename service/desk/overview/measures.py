"""The figures that the overview plots and writes: how each is found in a period."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from service.desk.overview.agreement import Part
from service.desk.overview.figures import (
    Square,
    kappa,
    observed_agreement,
    percentile,
    share,
)
from service.desk.overview.numbers import NONE, coefficient, count, duration, per_cent
from service.desk.overview.periods import Period
from service.watch import MissRate, miss_rate

Figure = Callable[[Period], float | None]
Written = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure of a period: what it is called, its class, and how it is written."""

    name: str
    style: str
    figure: Figure
    written: Written

    def of(self, period: Period) -> str:
        """The figure as it is written."""
        value = self.figure(period)
        return NONE if value is None else self.written(value)


def _share(part: Callable[[Period], int]) -> Figure:
    return lambda period: share(part(period), period.tally.volume)


def _wait(rank: float) -> Figure:
    return lambda period: percentile(period.tally.waits, rank)


def _rest(part: Part) -> int:
    return part.whole - part.part


def _same(pairs: Square) -> int:
    return sum(row[i] for i, row in enumerate(pairs))


def _missed(part: Callable[[MissRate], float]) -> Figure:
    def until(period: Period) -> float | None:
        rate = miss_rate(period.samples_until)
        return None if rate is None else part(rate)

    return until


ALL = Measure("All", "", lambda p: p.tally.volume, count)
ACCEPTED = Measure("Accepted", "accepted", lambda p: p.tally.accepted, count)
FLAGGED = Measure("Flagged", "flagged", lambda p: p.tally.flagged, count)
REJECTED = Measure("Rejected", "rejected", lambda p: p.tally.rejected, count)

ACCEPTED_RATE = Measure(
    "Accepted", "accepted", _share(lambda p: p.tally.accepted), per_cent
)
FLAGGED_RATE = Measure(
    "Flagged", "flagged", _share(lambda p: p.tally.flagged), per_cent
)
REJECTED_RATE = Measure(
    "Rejected", "rejected", _share(lambda p: p.tally.rejected), per_cent
)

WAITED = Measure("Decided", "", lambda p: len(p.tally.waits), count)
MEDIAN_WAIT = Measure("Median", "first", _wait(0.5), duration)
LONG_WAIT = Measure("Nine in ten", "second", _wait(0.9), duration)

UPHELD = Measure("Upheld", "agreed", lambda p: p.model.firm.part, count)
OVERTURNED = Measure("Overturned", "differed", lambda p: _rest(p.model.firm), count)
UPHELD_RATE = Measure("Upheld, share", "", lambda p: p.model.firm.share, per_cent)
CONFIRMED = Measure("Doubt confirmed", "agreed", lambda p: p.model.doubts.part, count)
DISPELLED = Measure(
    "Doubt dispelled", "differed", lambda p: _rest(p.model.doubts), count
)
CONFIRMED_RATE = Measure(
    "Confirmed, share", "", lambda p: p.model.doubts.share, per_cent
)

TWICE = Measure("Decided twice", "", lambda p: sum(map(sum, p.pairs)), count)
SAME = Measure("The same", "agreed", lambda p: _same(p.pairs), count)
DIFFERENT = Measure(
    "Different", "differed", lambda p: sum(map(sum, p.pairs)) - _same(p.pairs), count
)
SAME_RATE = Measure(
    "The same, share", "", lambda p: observed_agreement(p.pairs), per_cent
)
KAPPA = Measure("Kappa", "", lambda p: kappa(p.pairs), coefficient)
KAPPA_UNTIL = Measure(
    "Kappa until then", "first", lambda p: kappa(p.pairs_until), coefficient
)

DRAWN = Measure("Drawn", "", lambda p: p.tally.samples.drawn, count)
SAMPLED = Measure("Decided", "", lambda p: p.tally.samples.decided, count)
HARMLESS = Measure(
    "Approved",
    "agreed",
    lambda p: p.tally.samples.decided - p.tally.samples.rejected,
    count,
)
MISSED = Measure("Rejected", "differed", lambda p: p.tally.samples.rejected, count)
MISS_RATE_UNTIL = Measure(
    "Missed, until then", "first", _missed(lambda r: r.estimate), per_cent
)
MISS_LOW_UNTIL = Measure("At least", "second", _missed(lambda r: r.low), per_cent)
MISS_HIGH_UNTIL = Measure("At most", "second", _missed(lambda r: r.high), per_cent)
