"""What the overview plots: each section with its drawings and the table beneath.

Starts from periods and reads no store; how lines and bars are drawn is
`service.desk.overview.charts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from service.desk.overview.charts import SIZES, Column, Plot, Series, bars, lines
from service.desk.overview.measures import (
    ACCEPTED,
    ACCEPTED_RATE,
    ALL,
    CONFIRMED,
    CONFIRMED_RATE,
    DIFFERENT,
    DISPELLED,
    FLAGGED,
    FLAGGED_RATE,
    KAPPA,
    KAPPA_UNTIL,
    LONG_WAIT,
    MEDIAN_WAIT,
    OVERTURNED,
    REJECTED,
    REJECTED_RATE,
    SAME,
    SAME_RATE,
    TWICE,
    UPHELD,
    UPHELD_RATE,
    WAITED,
    Measure,
)
from service.desk.overview.periods import By, Period, span
from service.desk.overview.scales import (
    Scale,
    coefficient_scale,
    counting_scale,
    duration_scale,
    share_scale,
)

STEPS = {
    By.DAY: (1, 2, 7, 14, 28, 56, 112, 364),
    By.WEEK: (1, 2, 4, 8, 13, 26, 52),
}
"""Distances between labels; of days, so that they keep to one day of the week."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plot, drawn at every size; `kind` is bars or lines."""

    plot: Plot
    kind: str
    drawn: tuple[Markup, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers as they are written; the first of each row says what it is about."""

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """Drawings of what belongs together, and their numbers.

    Without drawings there is nothing to plot, and `if_empty` says so.
    """

    id: str
    title: str
    lead: str
    drawings: tuple[Drawing, ...]
    table: Table
    if_empty: str


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


def volume(view: View) -> Section:
    """How many comments came, and what became of them at once."""
    plot = _stacked(view, "volume", "Comments", (REJECTED, FLAGGED, ACCEPTED))
    return Section(
        "volume",
        "Comments",
        "What the automatic verdict was, before anybody looked. A comment that was "
        "changed and sent again counts again.",
        _drawn(plot),
        _table(view, "Comments", ALL, ACCEPTED, FLAGGED, REJECTED),
        "No comments came.",
    )


def rates(view: View) -> Section:
    """Which shares of them were accepted, flagged and rejected."""
    return Section(
        "rates",
        "Shares of all comments",
        "Each on an axis of its own, for most comments on most sites are accepted.",
        _drawn(
            _shares(
                view, "doubtful", "Flagged and rejected", FLAGGED_RATE, REJECTED_RATE
            ),
            _shares(view, "accepted", "Accepted", ACCEPTED_RATE),
        ),
        _table(view, "Shares", ALL, ACCEPTED_RATE, FLAGGED_RATE, REJECTED_RATE),
        "No comments came.",
    )


def waits(view: View) -> Section:
    """How long comments waited for people."""
    measures = MEDIAN_WAIT, LONG_WAIT
    values = view.values(*measures)
    scale = duration_scale(min(values, default=0), max(values, default=0))
    plot = _plot(view, "waits", "Time to decision", measures, scale)
    return Section(
        "waits",
        "Time to decision",
        "From when a comment began to wait until a person decided. Half were decided "
        "within the median, nine in ten within the other line. Each step up the axis "
        "is several times longer than the last.",
        _drawn(_lines(plot) if values else None),
        _table(view, "Time to decision", WAITED, *measures),
        "No comment that waited was decided.",
    )


def with_the_model(view: View) -> Section:
    """How far people agree with automatic verdicts."""
    return Section(
        "model",
        "Agreement with the model",
        "Of the first decision by a person on each comment. Upheld: the person left it "
        "as the model had decided. Doubt: the model had flagged it; confirmed, if the "
        "person rejected it.",
        _drawn(
            _stacked(
                view,
                "firm",
                "Accepted or rejected by the model",
                (UPHELD, OVERTURNED),
                is_low=True,
            ),
            _stacked(
                view,
                "doubts",
                "Flagged by the model",
                (CONFIRMED, DISPELLED),
                is_low=True,
            ),
        ),
        _table(
            view,
            "Agreement with the model",
            UPHELD,
            OVERTURNED,
            UPHELD_RATE,
            CONFIRMED,
            DISPELLED,
            CONFIRMED_RATE,
        ),
        "Nobody has decided on what the model proposed.",
    )


def with_each_other(view: View) -> Section:
    """How far two people agree on the same comment."""
    return Section(
        "people",
        "Agreement with each other",
        "Of comments that were given to a second person. Kappa says how far the two "
        "agree beyond chance: 1 is always, 0 is no better than chance; from 0.6 on, "
        "agreement is commonly called substantial.",
        _drawn(
            _stacked(view, "twice", "Decided twice", (SAME, DIFFERENT), is_low=True),
            _kappa(view),
        ),
        _table(
            view,
            "Agreement with each other",
            TWICE,
            SAME,
            DIFFERENT,
            SAME_RATE,
            KAPPA,
            KAPPA_UNTIL,
        ),
        "No comment was decided by a second person.",
    )


def _stacked(
    view: View,
    id: str,
    title: str,
    measures: tuple[Measure, ...],
    *,
    is_low: bool = False,
) -> Drawing | None:
    highest = view.highest(*measures)
    if not highest:
        return None
    plot = _plot(view, id, title, measures, counting_scale(highest), is_low=is_low)
    return _bars(plot)


def _shares(view: View, id: str, title: str, *measures: Measure) -> Drawing | None:
    """Of what is rare, from zero; of what is common, around what there is."""
    values = view.values(*measures)
    if not values:
        return None
    lowest = min(values) if min(values) > 0.5 else 0.0
    scale = share_scale(max(values), lowest=lowest)
    plot = _plot(view, id, title, measures, scale, is_low=True)
    return _lines(plot)


def _kappa(view: View) -> Drawing | None:
    values = view.values(KAPPA_UNTIL)
    if not values:
        return None
    title = f"Kappa, of all from {view.periods[0].label} until then"
    scale = coefficient_scale(min(values))
    plot = _plot(view, "kappa", title, (KAPPA_UNTIL,), scale, is_low=True)
    return _lines(plot)


def _plot(
    view: View,
    id: str,
    title: str,
    measures: tuple[Measure, ...],
    scale: Scale,
    *,
    is_low: bool = False,
) -> Plot:
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


def _column(period: Period, measures: Iterable[Measure]) -> Column:
    said = ", ".join(f"{m.name.lower()} {m.of(period)}" for m in measures)
    return Column(period.label, f"{_named(period)}: {said}", period.is_over)


def _series(measure: Measure, periods: Iterable[Period]) -> Series:
    values = tuple(measure.figure(period) for period in periods)
    return Series(measure.name, measure.style, values)


def _bars(plot: Plot) -> Drawing:
    return Drawing(plot, "bars", tuple(bars(plot, size) for size in SIZES))


def _lines(plot: Plot) -> Drawing:
    return Drawing(plot, "lines", tuple(lines(plot, size) for size in SIZES))


def _drawn(*drawings: Drawing | None) -> tuple[Drawing, ...]:
    return tuple(drawing for drawing in drawings if drawing)


def _table(view: View, caption: str, *measures: Measure) -> Table:
    """The latest first."""
    return Table(
        f"{caption}, by {view.by.value}",
        (view.by.value.capitalize(), *(measure.name for measure in measures)),
        tuple(
            (_named(period), *(measure.of(period) for measure in measures))
            for period in reversed(view.periods)
        ),
    )


def _named(period: Period) -> str:
    return period.name if period.is_over else f"{period.name}, so far"
