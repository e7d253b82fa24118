"""Labels of which a fifth says the opposite: whether the gate is deceived.

Every round is another newsroom, and flips labels before any are set aside, so that what
the gate judges by is poisoned too.  Leaves out what is learnt from honest ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from benchmarks.examined import marks, shipped_marks, trained
from benchmarks.newsrooms import NEWSROOMS, newsroom
from model.finding import Rule
from model.labels import Label

FLIPPED = 0.2
"""Share of the labels that say the opposite of what people decided."""

SIZES = (300, 500, 800, 1_200, 1_500)
ROUNDS = 100


@dataclass(frozen=True, slots=True)
class Round:
    """A candidate from poisoned labels.

    `was` and `would_be` are the shares of clean later decisions, `all_was` and
    `all_would_be` of all later comments, that the shipped model and the candidate get
    wrong; `passed` is the gate's answer.
    """

    newsroom: str
    seed: int
    decisions: int
    passed: bool
    was: float
    would_be: float
    all_was: float
    all_would_be: float

    @property
    def is_worse(self) -> bool:
        """Whether the candidate gets more of the clean decisions wrong."""
        return self.would_be > self.was


def one_round(number: int, corpora: Path) -> Round:
    """The round of this number: its newsroom, seed and size follow from it."""
    name = sorted(NEWSROOMS)[number % len(NEWSROOMS)]
    size = SIZES[number % len(SIZES)]
    room = newsroom(name, corpora, seed=1_000 + number)
    labels = poisoned(room.decisions(size), seed=number)
    candidate = trained(labels, seed=number)
    asked = room.held_out, room.traffic
    was = [shipped_marks(labels).disagreement for labels in asked]
    would_be = [marks(candidate.judge, labels).disagreement for labels in asked]
    return Round(
        newsroom=name,
        seed=1_000 + number,
        decisions=size,
        passed=candidate.gate.passed,
        was=was[0],
        would_be=would_be[0],
        all_was=was[1],
        all_would_be=would_be[1],
    )


def poisoned(labels: Sequence[Label], *, seed: int) -> list[Label]:
    """The labels, FLIPPED of them turned round, drawn at random."""
    chance = Random(f"poison/{seed}")  # noqa: S311 - no secret
    chosen = set(chance.sample(range(len(labels)), round(FLIPPED * len(labels))))
    return [
        _flipped(label, chance) if place in chosen else label
        for place, label in enumerate(labels)
    ]


def _flipped(label: Label, chance: Random) -> Label:
    rule = None if label.rejected else chance.choice(list(Rule))
    return replace(label, rejected=not label.rejected, rule=rule)
