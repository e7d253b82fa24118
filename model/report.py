"""Plots of an examination, and one self-contained HTML page that shows them.

matplotlib is imported here and nowhere in what serves.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from model.examination import Results

STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;text-align:left}
tr:nth-child(odd){background:#f4f4f4}img{max-width:48%;height:auto}
"""

BINS = 15


def plots(results: Results) -> dict[str, Figure]:
    """The four plots: ROC, precision and recall, reliability, threshold and queue."""
    draw: dict[str, Callable[[Axes, Results], None]] = {
        "roc": _roc,
        "precision-recall": _precision_recall,
        "reliability": _reliability,
        "thresholds-queue": _queue,
    }
    # No window is ever wanted, and none may be on a server.
    mpl.use("agg")
    made = {}
    for name, draw_on in draw.items():
        figure = Figure(figsize=(5, 4), layout="constrained")
        draw_on(figure.subplots(), results)
        made[name] = figure
    return made


def _by_score(results: Results) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rightly and wrongly stopped, for every number of comments stopped."""
    order = np.argsort(-results.risk, kind="stable")
    people = results.rejected_by_people[order]
    return np.cumsum(people).astype(float), np.cumsum(~people).astype(float)


def _roc(axes: Axes, results: Results) -> None:
    right, wrong = _by_score(results)
    axes.plot(wrong / max(wrong[-1], 1), right / max(right[-1], 1))
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(title="ROC", xlabel="clean comments stopped", ylabel="abuse stopped")


def _precision_recall(axes: Axes, results: Results) -> None:
    right, wrong = _by_score(results)
    axes.plot(right / max(right[-1], 1), right / (right + wrong))
    axes.set(title="Precision and recall", xlabel="recall", ylabel="precision")
    axes.set_ylim(0, 1.02)


def _reliability(axes: Axes, results: Results) -> None:
    bins = np.minimum((results.toxicity * BINS).astype(int), BINS - 1)
    used = np.unique(bins)
    stated = [results.toxicity[bins == i].mean() for i in used]
    observed = [results.rejected_by_people[bins == i].mean() for i in used]
    axes.plot(stated, observed, marker="o")
    axes.plot([0, 1], [0, 1], linestyle=":", color="grey")
    axes.set(title="Reliability", xlabel="stated probability", ylabel="observed share")


def _queue(axes: Axes, results: Results) -> None:
    limits = np.linspace(0.05, 1, 96)
    people = results.rejected_by_people
    queue = [(results.risk >= limit).mean() for limit in limits]
    missed = [(results.risk[people] < limit).mean() for limit in limits]
    axes.plot(limits, queue, label="comments stopped")
    axes.plot(limits, missed, label="abuse missed")
    axes.set(title="Threshold and queue", xlabel="threshold", ylabel="share")
    axes.legend()


def write_report(
    folder: Path,
    version: str,
    examined: Mapping[str, tuple[Mapping[str, Any], Results]],
) -> Path:
    """Write `report.html` and one PNG a plot into `folder`; returns the page's path.

    Args:
        folder: made if it is not there.
        version: of the model.
        examined: by file name, its summary and results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for name, (figures, results) in examined.items():
        images = []
        # Of one class alone there is nothing to plot.
        drawn = plots(results) if 0 < results.rejected_by_people.mean() < 1 else {}
        for plot, figure in drawn.items():
            png = io.BytesIO()
            figure.savefig(png, format="png", dpi=110)
            (folder / f"{Path(name).stem}-{plot}.png").write_bytes(png.getvalue())
            data = base64.b64encode(png.getvalue()).decode("ascii")
            images.append(f'<img alt="{plot}" src="data:image/png;base64,{data}">')
        parts.append(f"<h2>{escape(name)}</h2>{_table(figures)}{''.join(images)}")
    page = folder / "report.html"
    title = f"Model {escape(version)}"
    page.write_text(
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<style>{STYLE}</style><h1>{title}</h1>{''.join(parts)}</html>",
        "utf-8",
    )
    return page


def _table(figures: Mapping[str, Any]) -> str:
    rows = [
        f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
        for name, value in figures.items()
    ]
    return f"<table>{''.join(rows)}</table>"
