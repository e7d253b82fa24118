"""The plot of disagreement against decisions: one SVG file, the same for equal figures.

It has no background, and colours that are read on white and on black.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.curve import Point

GREY = "#7a7f87"
COLOURS = ("#3d86d8", "#d9730d", "#2f9e6e")
UNDATED = dict.fromkeys(("Creator", "Date", "Format", "Type"))
"""Nothing about the file stands in it, so that equal figures make equal files."""

NOTHING_LEARNT = 25
"""Where on the axis the shipped model stands, for a logarithm has no place for 0."""


def draw(points: Sequence[Point], falls: Mapping[int, float], path: Path) -> None:
    """Write the plot.

    Args:
        points: of all newsrooms, each newsroom's together and the smallest first.
        falls: by what share of itself the disagreement has to fall, by decisions;
            hollow marks show where that is.
        path: of the file.
    """
    # Text as text keeps the file small; the salt keeps its ids the same.
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "refrain"}):
        figure = Figure(figsize=(7.2, 4.0), layout="constrained")
        axes = figure.add_subplot()
        for colour, (name, group) in zip(
            COLOURS, groupby(points, lambda point: point.newsroom), strict=False
        ):
            _line(axes, name, list(group), falls, colour)
        _axes(axes, sorted({point.decisions for point in points}))
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, transparent=True, metadata=UNDATED)


def _line(
    axes: Axes,
    name: str,
    points: Sequence[Point],
    falls: Mapping[int, float],
    colour: str,
) -> None:
    at = [max(point.decisions, NOTHING_LEARNT) for point in points]
    shares = [100 * point.disagreement for point in points]
    axes.plot(at, shares, label=name, color=colour, marker="o", linewidth=2)
    axes.plot(
        list(falls),
        [shares[0] * (1 - fall) for fall in falls.values()],
        color=colour,
        linestyle="none",
        marker="_",
        markersize=14,
        markeredgewidth=1.5,
    )


def _axes(axes: Axes, sizes: Sequence[int]) -> None:
    axes.set_xscale("log")
    places = [max(size, NOTHING_LEARNT) for size in sizes]
    axes.set_xticks(places, [f"{size:,}" for size in sizes], minor=False)
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.set_xlabel("decisions of moderators (bars: what has to be reached)")
    axes.set_ylabel("disagreement with later ones, %")
    axes.legend(frameon=False, labelcolor="linecolor")
    axes.tick_params(colors=GREY)
    axes.xaxis.label.set_color(GREY)
    axes.yaxis.label.set_color(GREY)
    axes.spines[:].set_color(GREY)
    axes.grid(axis="y", color=GREY, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
