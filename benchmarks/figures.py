"""What a benchmark answers, and how it is printed.  Measures nothing."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    `ratio` compares with `peer`, measured in the same run; both are empty where the
    requirement is an absolute one.
    """

    name: str
    ours: str
    peer: str
    ratio: str
    required: str
    met: bool


HEADINGS = ("figure", "Refrain", "peer", "ratio", "required", "met")


def table(figures: Sequence[Figure]) -> str:
    """Lay figures out as a Markdown table."""
    return laid_out([HEADINGS, *(_cells(figure) for figure in figures)])


def laid_out(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table with columns of even width; the first row is its head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "| "
        + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def machine() -> str:
    """Describe the machine in a line: processor, cores, Python, and how busy it is."""
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, load {load:.1f} at the start"
    )


def _cells(figure: Figure) -> tuple[str, ...]:
    *texts, met = astuple(figure)
    return (*texts, "yes" if met else "NO")


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
