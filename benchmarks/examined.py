"""How a candidate does on a newsroom's clean decisions, beside the shipped model.

Trains by the parts of `model.learn`, and writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from benchmarks.weeks import shipped
from model import artifact as artifacts
from model.adapt import adapt
from model.bootstrap import interval, resamples
from model.gate import Check, Gate, gate
from model.holdout import hold_out
from model.judge import Judge, Judgement
from model.labels import Label
from model.lexicon.matcher import Lexicon, load_lexicon
from model.verdicts import Fate, fates

SUITES: Mapping[str, Sequence[str]] = {
    "functional suite": (
        "innocent comments of the suite",
        "abusive comments of the suite",
    ),
    "fairness": ("fairness, verdicts",),
    "worst identity": ("fairness, BPSN ROC-AUC of the worst identity",),
    "evasion": ("abuse in disguise",),
}
"""The gate's checks that do not depend on a newsroom, put together."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A candidate, what the gate says of it, and from how many labels it came."""

    judge: Judge
    gate: Gate
    learnt_from: int
    judged_by: int


class Remembering(Judge):
    """A judge that remembers what it made of a text; every gate asks it the same."""

    def __init__(self, lexicon: Lexicon, artifact: artifacts.Artifact) -> None:
        super().__init__(lexicon, artifact)
        self._known: dict[tuple[str, float, bool], Judgement] = {}

    def judge(
        self, text: str, *, floor: float = 0.05, with_places: bool = True
    ) -> Judgement:
        """As `Judge.judge`."""
        key = text, floor, with_places
        if key not in self._known:
            self._known[key] = super().judge(text, floor=floor, with_places=with_places)
        return self._known[key]


@cache
def _artifact() -> artifacts.Artifact:
    """What every candidate starts from."""
    return artifacts.load(artifacts.shipped())


@cache
def _current() -> Judge:
    """What every candidate is held against."""
    return Remembering(load_lexicon(), _artifact())


def trained(labels: Sequence[Label], *, seed: int) -> Trained:
    """Learn from labels as `model.learn` does, and ask the gate.

    Raises:
        UnreadableData: the labels that are left to learn from are of one class.
    """
    parts = hold_out(labels)
    artifact = adapt(_artifact(), parts.train, seed=seed, report=_say_nothing)
    judge = Judge(load_lexicon(), artifact)
    said = gate(_current(), judge, parts.held_out, seed=seed)
    return Trained(judge, said, len(parts.train), len(parts.held_out))


@dataclass(frozen=True, slots=True)
class Marks:
    """How a judge does on n decisions; both arrays of shape (n,).

    `wrong`: stopped and accepted by people, or passed and rejected by them.
    `refused`: rejected and accepted by people.
    """

    wrong: NDArray[np.bool_]
    refused: NDArray[np.bool_]

    @property
    def disagreement(self) -> float:
        """Share of the decisions that it gets wrong."""
        return float(self.wrong.mean())


def marks(judge: Judge, labels: Sequence[Label]) -> Marks:
    """How a judge does on what people decided."""
    return _marks(fates(judge, [label.text for label in labels]), labels)


def shipped_marks(labels: Sequence[Label]) -> Marks:
    """How the model that ships does."""
    return _marks([shipped().fate(label.text) for label in labels], labels)


def _marks(became: Sequence[Fate], labels: Sequence[Label]) -> Marks:
    rejected = np.array([label.rejected for label in labels])
    stopped = np.array([fate.is_stopped for fate in became])
    refused = np.array([fate is Fate.REJECT for fate in became])
    return Marks(stopped != rejected, refused & ~rejected)


def reduction(was: Marks, would_be: Marks) -> tuple[float, float, float]:
    """By what share of itself the disagreement falls, and its 95 % interval.

    The decisions are drawn again and again, the same for both judges.
    """
    drawn = resamples(len(was.wrong), seed=0)
    before, after = drawn @ was.wrong, drawn @ would_be.wrong
    low, high = interval(1 - after / before)
    return 1 - would_be.disagreement / was.disagreement, low, high


def changes(gate: Gate) -> dict[str, float]:
    """What each of SUITES has gained, in percentage points; a loss is below 0."""
    checks = {check.name: check for check in gate.checks}
    return {name: _gain([checks[part] for part in SUITES[name]]) for name in SUITES}


def _gain(checks: Sequence[Check]) -> float:
    """Of several checks as one, by their cases."""
    gained = sum(check.cases * (check.candidate - check.current) for check in checks)
    return 100 * gained / sum(check.cases for check in checks)


def _say_nothing(_: str) -> None:
    """Training tells how far it is; nobody listens here."""
