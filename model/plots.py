"""Plots of what judges made of labelled comments: one version's, or several in one.

matplotlib is imported here and nowhere in what serves.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.examination import Results

FEWEST_BINS, MOST_BINS = 5, 15
"""Into so many the probabilities are put, by how many comments there are."""

A_BIN = 25
"""Comments for which there is one bin more: a share of fewer is mostly chance."""

DOTS = 160
"""Dots per inch: more than a page shows, for screens that show more."""


@dataclass(frozen=True, slots=True)
class Ink:
    """Colours of a plot: of the paper, the writing, and the curves in their order."""

    paper: str
    writing: str
    curves: tuple[str, ...]


LIGHT = Ink("#ffffff", "#1b1d21", ("#8a5a00", "#14507a"))
DARK = Ink("#1c1f24", "#e7e8ea", ("#efc26b", "#8ec4ee"))


def plots(examined: Mapping[str, Results]) -> dict[str, tuple[bytes, bytes]]:
    """The four plots by name, each as a PNG file for light pages and one for dark.

    Args:
        examined: by the name of a version, what it made of the same comments; each has
            a curve in every plot.

    Returns:
        Nothing where people rejected all of the comments or none: there is no curve.
    """
    draw: dict[str, Callable[[Axes, str, Results], None]] = {
        "roc": _roc,
        "precision-recall": _precision_recall,
        "reliability": _reliability,
        "thresholds-queue": _queue,
    }
    if not all(0 < r.rejected_by_people.mean() < 1 for r in examined.values()):
        return {}
    # No window is ever wanted, and none may be on a server.
    mpl.use("agg")
    return {
        name: (_drawn(draw_on, examined, LIGHT), _drawn(draw_on, examined, DARK))
        for name, draw_on in draw.items()
    }


def _drawn(
    draw_on: Callable[[Axes, str, Results], None],
    examined: Mapping[str, Results],
    ink: Ink,
) -> bytes:
    figure = Figure(figsize=(5, 4), layout="constrained", facecolor=ink.paper)
    axes = figure.subplots()
    axes.set_prop_cycle(color=ink.curves)
    for name, results in examined.items():
        draw_on(axes, name, results)
    _write_in(ink, axes)
    if axes.get_legend_handles_labels()[0]:
        figure.legend(
            loc="outside lower center",
            ncols=2,
            fontsize="small",
            frameon=False,
            labelcolor=ink.writing,
        )
    png = io.BytesIO()
    figure.savefig(png, format="png", dpi=DOTS)
    return png.getvalue()


def _write_in(ink: Ink, axes: Axes) -> None:
    axes.set_facecolor(ink.paper)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(ink.writing)
    axes.tick_params(colors=ink.writing)
    for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
        text.set_color(ink.writing)


def _by_score(results: Results) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weight of the rightly and the wrongly stopped, for every limit there can be."""
    order = np.argsort(-results.risk, kind="stable")
    people, weight = results.rejected_by_people[order], results.weight[order]
    # Equal scores share one fate: a limit lies only after the last of them.
    last = np.append(np.diff(results.risk[order]) != 0, True)
    return np.cumsum(weight * people)[last], np.cumsum(weight * ~people)[last]


def _roc(axes: Axes, name: str, results: Results) -> None:
    right, wrong = _by_score(results)
    axes.plot(
        np.append(0, wrong / wrong[-1]), np.append(0, right / right[-1]), label=name
    )
    axes.axline((0, 0), (1, 1), linestyle=":", color="grey")
    axes.set(title="ROC", xlabel="clean comments stopped", ylabel="abuse stopped")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))


def _precision_recall(axes: Axes, name: str, results: Results) -> None:
    right, wrong = _by_score(results)
    axes.plot(right / right[-1], right / (right + wrong), label=name)
    axes.set(title="Precision and recall", xlabel="recall", ylabel="precision")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))


def _reliability(axes: Axes, name: str, results: Results) -> None:
    count = min(max(len(results.toxicity) // A_BIN, FEWEST_BINS), MOST_BINS)
    bins = np.minimum((results.toxicity * count).astype(int), count - 1)
    weight = np.bincount(bins, results.weight, minlength=count)
    used = weight > 0
    stated, observed = (
        np.bincount(bins, results.weight * what, minlength=count)[used] / weight[used]
        for what in (results.toxicity, results.rejected_by_people)
    )
    axes.plot(stated, observed, marker="o", markersize=4, label=name)
    axes.axline((0, 0), (1, 1), linestyle=":", color="grey")
    axes.set(title="Reliability", xlabel="stated probability", ylabel="observed share")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))


def _queue(axes: Axes, name: str, results: Results) -> None:
    limits = np.linspace(0.05, 1, 96)
    is_stopped = results.risk[None, :] >= limits[:, None]
    people, weight = results.rejected_by_people, results.weight
    queue = is_stopped @ weight / weight.sum()
    missed = 1 - is_stopped[:, people] @ weight[people] / weight[people].sum()
    of_version = f"{name}: " if name else ""
    (line,) = axes.plot(limits, queue, label=f"{of_version}comments stopped")
    axes.plot(
        limits,
        missed,
        linestyle="--",
        color=line.get_color(),
        label=f"{of_version}abuse missed",
    )
    axes.set(title="Threshold and queue", xlabel="threshold", ylabel="share")
    axes.set_ylim(0, 1.02)
