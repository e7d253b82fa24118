"""Disagreement with a newsroom's later decisions by how many were learnt from.

Leaves out poisoned labels, and what has to be met.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.examined import (
    SUITES,
    Marks,
    changes,
    marks,
    reduction,
    shipped_marks,
    trained,
)
from benchmarks.newsrooms import newsroom

SIZES = (50, 100, 200, 500, 1_000, 2_000, 5_000)

HEADINGS = (
    "newsroom",
    "decisions",
    "learnt from",
    "disagreement",
    "falls by (95 %)",
    "wrongly rejected",
    "of all comments",
    *SUITES,
    "gate",
)


@dataclass(frozen=True, slots=True)
class Point:
    """A candidate from the first `decisions` of a newsroom; with 0, what ships.

    Shares are in [0, 1]: of the later decisions `disagreement` and `wrongly_rejected`,
    of all later comments `of_all`.  `falls` is by what share of itself the disagreement
    falls, with the ends of its interval.  `changes` are the suites' in percentage
    points, and `refused` names the gate's checks that were not passed.
    """

    newsroom: str
    decisions: int
    learnt_from: int
    disagreement: float
    wrongly_rejected: float
    of_all: float
    falls: tuple[float, float, float]
    changes: Mapping[str, float]
    refused: tuple[str, ...]


def points(name: str, corpora: Path, seed: int = 0) -> Iterator[Point]:
    """The points of one newsroom, the smallest first, from what ships on."""
    room = newsroom(name, corpora, seed)
    was = shipped_marks(room.held_out)
    all_was = shipped_marks(room.traffic)
    yield _point(name, 0, 0, (was, was), all_was, {}, ())
    for size in SIZES:
        labels = room.decisions(size)
        if len(labels) < size:
            return
        candidate = trained(labels, seed=seed)
        yield _point(
            name,
            size,
            candidate.learnt_from,
            (was, marks(candidate.judge, room.held_out)),
            marks(candidate.judge, room.traffic),
            changes(candidate.gate),
            tuple(c.name for c in candidate.gate.checks if not c.passed),
        )


def _point(
    name: str,
    size: int,
    learnt_from: int,
    both: tuple[Marks, Marks],
    of_all: Marks,
    changes: Mapping[str, float],
    refused: tuple[str, ...],
) -> Point:
    return Point(
        name,
        size,
        learnt_from,
        both[1].disagreement,
        float(both[1].refused.mean()),
        of_all.disagreement,
        reduction(*both),
        changes,
        refused,
    )
