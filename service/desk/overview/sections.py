"""Sections of the overview: drawings of what belongs together, and their numbers.

What stands in them is said in `service.desk.overview.plots` and, of what is compared
with other weeks, in `service.desk.overview.drifting`.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from service.desk.overview.charts import SIZES, Plot, bars, lines


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


def bars_of(plot: Plot) -> Drawing:
    """A plot with bars, at every size."""
    return Drawing(plot, "bars", tuple(bars(plot, size) for size in SIZES))


def lines_of(plot: Plot) -> Drawing:
    """A plot with lines, at every size."""
    return Drawing(plot, "lines", tuple(lines(plot, size) for size in SIZES))


def drawn(*drawings: Drawing | None) -> tuple[Drawing, ...]:
    """Those that there is something to plot of."""
    return tuple(drawing for drawing in drawings if drawing)
