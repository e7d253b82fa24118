"""How a model version does on labelled comments: figures a newsroom can act on.

Leaves out reading files, printing and plots.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from model.evaluation import (
    expected_calibration_error,
    roc_auc,
    wilson_lower_bound,
)
from model.finding import Attribute
from model.judge import Judge
from model.verdicts import Fate, Limits, risk


class Decided(Protocol):
    """A comment and whether people rejected it."""

    @property
    def text(self) -> str: ...

    @property
    def rejected(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Results:
    """What the judge made of n comments; every array has shape (n,).

    `risk` is the strongest finding that names a rule, in [0, 1]; `toxicity` the
    classifier's probability; `flagged` counts abstentions, and not what is rejected;
    `weight` is how many comments one stands for.
    """

    rejected_by_people: NDArray[np.bool_]
    risk: NDArray[np.float64]
    toxicity: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    abstained: NDArray[np.bool_]
    weight: NDArray[np.float64]

    @property
    def stopped(self) -> NDArray[np.bool_]:
        """What is rejected or flagged."""
        return self.rejected | self.flagged

    def fate(self, i: int) -> Fate:
        """What became of the comment of this index."""
        if self.rejected[i]:
            return Fate.REJECT
        return Fate.FLAG if self.flagged[i] else Fate.ACCEPT


def examine(
    judge: Judge, comments: Sequence[Decided], weight: ArrayLike | None = None
) -> Results:
    """Judge every comment by the thresholds of the version's card.

    Args:
        judge: of the version.
        comments: n of them.
        weight: shape (n,), for what is plotted; by default every comment counts as one.
    """
    limits = Limits.from_card(judge.card)
    judgements = [judge.judge(comment.text, floor=limits.floor) for comment in comments]
    fates = [limits.fate(judgement) for judgement in judgements]
    scores = [
        judge.probabilities(comment.text) if j.scores is None else j.scores
        for comment, j in zip(comments, judgements, strict=True)
    ]
    return Results(
        rejected_by_people=np.array([comment.rejected for comment in comments]),
        risk=np.array([risk(judgement) for judgement in judgements]),
        toxicity=np.array([row[Attribute.TOXICITY] for row in scores]),
        flagged=np.array([fate is Fate.FLAG for fate in fates]),
        rejected=np.array([fate is Fate.REJECT for fate in fates]),
        abstained=np.array([judgement.scores is None for judgement in judgements]),
        weight=np.ones(len(comments)) if weight is None else np.asarray(weight, float),
    )


def summary(results: Results) -> dict[str, Any]:
    """Figures of one file, each a share or an area in [0, 1] unless it is a count.

    `recall` counts what is rejected or flagged; `reject_precision` has its Wilson lower
    bound beside it; `queue` is the share of all comments that people have to read.
    """
    people = results.rejected_by_people
    right, count = int((results.rejected & people).sum()), int(results.rejected.sum())
    return {
        "comments": len(people),
        "rejected_by_people": int(people.sum()),
        "roc_auc_risk": _rounded(roc_auc(people, results.risk)),
        "roc_auc_toxicity": _rounded(roc_auc(people, results.toxicity)),
        "recall": _share(results.stopped, people),
        "recall_rejected": _share(results.rejected, people),
        "reject_precision": _rounded(right / count) if count else None,
        "reject_precision_at_least": (
            _rounded(float(wilson_lower_bound([right], [count])[0])) if count else None
        ),
        "clean_flagged": _share(results.flagged, ~people),
        "clean_rejected": _share(results.rejected, ~people),
        "queue": _rounded(float(results.flagged.mean())),
        "abstained": _rounded(float(results.abstained.mean())),
        "calibration_error": _rounded(
            expected_calibration_error(people, results.toxicity)
        ),
    }


def _share(what: NDArray[np.bool_], among: NDArray[np.bool_]) -> float | None:
    return _rounded(float(what[among].mean())) if among.any() else None


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(value, 4)
