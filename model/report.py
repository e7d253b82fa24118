"""An examination as one HTML page with plots, and the plots as files beside it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from model.examination import Results
from model.page import page, pictures
from model.plots import plots


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
        drawn = plots({"": results})
        for plot, (light, _) in drawn.items():
            (folder / f"{Path(name).stem}-{plot}.png").write_bytes(light)
        parts.append(f"<h2>{escape(name)}</h2>{_table(figures)}{pictures(drawn)}")
    path = folder / "report.html"
    path.write_bytes(page(f"Model {version}", parts))
    return path


def _table(figures: Mapping[str, Any]) -> str:
    rows = [
        f'<tr><th>{escape(name)}</th><td class="number">{escape(str(value))}</td></tr>'
        for name, value in figures.items()
    ]
    return f"<table>{''.join(rows)}</table>"
