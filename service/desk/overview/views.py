"""Periods as plots and tables: one column, and one row, for each.

Which figures belong together is said in `service.desk.overview.plots`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.desk.overview.charts import Column, Plot, Series
from service.desk.overview.measures import Measure
from service.desk.overview.periods import By, Period, span
from service.desk.overview.scales import Scale, counting_scale, share_scale
from service.desk.overview.sections import Drawing, Table, bars_of, lines_of

STEPS = {
    By.DAY: (1, 2, 7, 14, 28, 56, 112, 364),
    By.WEEK: (1, 2, 4, 8, 13, 26, 52),
}
"""Distances between labels; of days, so that they keep to one day of the week."""


@dataclass(frozen=True, slots=True)
class View:
    """What is plotted: periods of one kind, in their order; at least one."""

    by: By
    periods: Sequence[Period]

    def values(self, *measures: Measure) -> list[float]:
        """All values of some figures, where there are any."""
        found = (m.figure(period) for period in self.periods for m in measures)
        return [value for value in found if value is not None]

    def highest(self, *measures: Measure) -> float:
        """The greatest sum of some counts in one period."""
        return max(
            sum(m.figure(period) or 0 for m in measures) for period in self.periods
        )


def stacked(
    view: View,
    id: str,
    title: str,
    measures: tuple[Measure, ...],
    *,
    is_low: bool = False,
) -> Drawing | None:
    """Counts on each other; None where all are zero."""
    highest = view.highest(*measures)
    if not highest:
        return None
    plot = plotted(view, id, title, measures, counting_scale(highest), is_low=is_low)
    return bars_of(plot)


def shares(view: View, id: str, title: str, *measures: Measure) -> Drawing | None:
    """Shares as lines; None where there are none.

    Of what is rare, from zero; of what is common, around what there is.
    """
    values = view.values(*measures)
    if not values:
        return None
    lowest = min(values) if min(values) > 0.5 else 0.0
    scale = share_scale(max(values), lowest=lowest)
    plot = plotted(view, id, title, measures, scale, is_low=True)
    return lines_of(plot)


def plotted(
    view: View,
    id: str,
    title: str,
    measures: tuple[Measure, ...],
    scale: Scale,
    *,
    is_low: bool = False,
) -> Plot:
    """A plot of some figures, with a column for each period."""
    kinds = " and ".join(measure.name.lower() for measure in measures)
    whole = span(view.periods[0].first, view.periods[-1].last)
    return Plot(
        id=id,
        title=title,
        description=f"By {view.by.value}, {whole}: {kinds}. Numbers are in the table.",
        columns=tuple(_column(period, measures) for period in view.periods),
        series=tuple(_series(measure, view.periods) for measure in measures),
        scale=scale,
        steps=STEPS[view.by],
        is_low=is_low,
    )


def table(view: View, caption: str, *measures: Measure) -> Table:
    """The latest first."""
    return Table(
        f"{caption}, by {view.by.value}",
        (view.by.value.capitalize(), *(measure.name for measure in measures)),
        tuple(
            (_named(period), *(measure.of(period) for measure in measures))
            for period in reversed(view.periods)
        ),
    )


def _column(period: Period, measures: Iterable[Measure]) -> Column:
    said = ", ".join(f"{m.name.lower()} {m.of(period)}" for m in measures)
    return Column(period.label, f"{_named(period)}: {said}", period.is_over)


def _series(measure: Measure, periods: Iterable[Period]) -> Series:
    values = tuple(measure.figure(period) for period in periods)
    return Series(measure.name, measure.style, values)


def _named(period: Period) -> str:
    return period.name if period.is_over else f"{period.name}, so far"
