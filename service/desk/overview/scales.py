"""Axes of plots: from where to where, and the round numbers on them.  Draws nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

MOST_TICKS = 5
"""How many steps an axis has at most."""

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86400, 7 * 86400
DURATIONS = (
    (1, "1 s"),
    (10, "10 s"),
    (MINUTE, "1 min"),
    (10 * MINUTE, "10 min"),
    (HOUR, "1 h"),
    (6 * HOUR, "6 h"),
    (DAY, "1 day"),
    (WEEK, "1 week"),
    (10 * WEEK, "10 weeks"),
    (100 * WEEK, "100 weeks"),
)
"""Seconds at which an axis of durations may have a tick."""


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis: its ticks, ascending, as values and labels; the ends are ticks.

    With `is_log`, equal distances are equal ratios; then no tick is at zero.
    """

    ticks: tuple[tuple[float, str], ...]
    is_log: bool = False

    def place(self, value: float) -> float:
        """Where a value stands, from 0 at the lower end to 1 at the upper one.

        What is beyond an end stands at that end.
        """
        low, high = self.ticks[0][0], self.ticks[-1][0]
        value = min(max(value, low), high)
        if self.is_log:
            return math.log(value / low) / math.log(high / low)
        return (value - low) / (high - low)


def counting_scale(highest: float) -> Scale:
    """An axis of whole numbers, from zero."""
    step = max(1.0, round_step(highest))
    return Scale(tuple((tick, count_label(tick)) for tick in _steps(0, highest, step)))


def share_scale(highest: float, *, lowest: float = 0.0) -> Scale:
    """An axis of shares in [0, 1], labelled in per cent.

    Never less than one per cent from end to end, so that noise does not look like news.
    """
    high = highest * 100
    low = min(lowest * 100, high - 1, 99.0) if lowest else 0.0
    low = max(0.0, low)
    high = max(high, low + 1)
    ticks = _steps(low, high, round_step(high - low))
    return Scale(tuple((tick / 100, f"{tick:g}%") for tick in ticks))


def coefficient_scale(lowest: float) -> Scale:
    """An axis of coefficients up to 1, from 0 or, where there are such, from below."""
    ticks = _steps(min(lowest, 0.0), 1.0, 0.2 if lowest >= 0 else 0.5)
    return Scale(tuple((tick, _signed(tick)) for tick in ticks))


def duration_scale(shortest_s: float, longest_s: float) -> Scale:
    """An axis of durations in seconds, logarithmic.

    People decide in seconds and come back after a weekend: on a linear axis the median
    would lie flat on the ground.
    """
    marks = [mark for mark, _ in DURATIONS]
    below = [i for i, mark in enumerate(marks) if mark <= shortest_s]
    first = min(below[-1] if below else 0, len(marks) - 2)
    above = (i for i, mark in enumerate(marks) if mark >= longest_s)
    last = max(next(above, len(marks) - 1), first + 1)
    return Scale(DURATIONS[first : last + 1], is_log=True)


def round_step(span: float) -> float:
    """The least of 1, 2 or 5 times a power of ten that divides a span into few steps.

    Few is MOST_TICKS; a span of zero gives 1.
    """
    if span <= 0:
        return 1.0
    least = span / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(least))
    # A little less will do: 0.3 / 3 is not quite a tenth.
    return next(power * n for n in (1, 2, 5, 10) if power * n >= least * (1 - 1e-9))


def count_label(number: float) -> str:
    """A count as an axis says it: 950, 1,200, 12k, 3.5M."""
    if number >= 1e6:
        return f"{number / 1e6:g}M"
    if number >= 1e4:
        return f"{number / 1e3:g}k"
    return f"{number:,.0f}"


def _signed(number: float) -> str:
    return f"{number:g}".replace("-", "\N{MINUS SIGN}")


def _steps(low: float, high: float, step: float) -> list[float]:
    """Multiples of a step that reach from below `low` to above `high`; two at least."""
    # Rounded, so that the third tenth is 0.3 and not 0.30000000000000004.
    first = math.floor(round(low / step, 9))
    last = max(math.ceil(round(high / step, 9)), first + 1)
    return [round(i * step, 9) for i in range(first, last + 1)]
