"""Days and weeks of the overview, and what they are called.  Days are UTC."""

# ruff: noqa: RUF001, RUF002  (from one day to another stands a dash)

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from service.desk.overview.agreement import Agreement, agreement, square
from service.desk.overview.figures import Square
from service.store.tallies import Samples, Tally, all_samples, total

DAY = timedelta(days=1)
WEEK = timedelta(days=7)


class By(StrEnum):
    """What each column of a plot stands for."""

    DAY = "day"
    WEEK = "week"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of days: a column, or all of them.

    `name` is what stands in a table, such as `Mon 2 Nov` or `2–8 Nov`.  `pairs` are the
    second opinions of the period, `pairs_until` those from the first period on, and so
    are `samples_until` the samples.
    """

    first: date
    last: date
    name: str
    tally: Tally
    model: Agreement
    pairs: Square
    pairs_until: Square
    samples_until: Samples
    is_over: bool

    @property
    def label(self) -> str:
        """What stands below the axis: the first day."""
        return short(self.first)


def first_day(by: By, days: int, today: date) -> date:
    """Where a view of so many days starts; one by week starts on a Monday."""
    first = today - (days - 1) * DAY
    return first if by is By.DAY else monday(first)


def period(first: date, last: date, tally: Tally, today: date) -> Period:
    """One period by itself."""
    pairs = square(tally.pairs)
    return Period(
        first=first,
        last=last,
        name=_name(first, last, today),
        tally=tally,
        model=agreement(tally.opinions),
        pairs=pairs,
        pairs_until=pairs,
        samples_until=tally.samples,
        is_over=last < today,
    )


def periods(by: By, days: Mapping[date, Tally], today: date) -> list[Period]:
    """Group days, given ascending, into what the columns stand for."""
    start, length = (monday, WEEK) if by is By.WEEK else (_itself, DAY)
    found: list[Period] = []
    for first, group in groupby(days, start):
        tally = total(days[day] for day in group)
        one = period(first, first + length - DAY, tally, today)
        if found:
            before = found[-1]
            one = replace(
                one,
                pairs_until=_sum(before.pairs_until, one.pairs),
                samples_until=all_samples([before.samples_until, tally.samples]),
            )
        found.append(one)
    return found


def monday(day: date) -> date:
    """The first day of its week."""
    return day - day.weekday() * DAY


def short(day: date) -> str:
    """A day without its year: `2 Nov`."""
    return f"{day.day} {day:%b}"


def span(first: date, last: date) -> str:
    """From one day to another with the year, saying no more than is needed."""
    if first.year == last.year:
        return f"{_span(first, last)} {last.year}"
    return f"{short(first)} {first.year} – {short(last)} {last.year}"


def _span(first: date, last: date) -> str:
    if first == last:
        return short(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{short(last)}"
    return f"{short(first)} – {short(last)}"


def _name(first: date, last: date, today: date) -> str:
    """With the year only where it is another than today's."""
    days = _span(first, last) if first.year == today.year else span(first, last)
    return f"{first:%a} {days}" if first == last else days


def _sum(one: Square, other: Square) -> Square:
    return [
        [a + b for a, b in zip(row, added, strict=True)]
        for row, added in zip(one, other, strict=True)
    ]


def _itself(day: date) -> date:
    return day
