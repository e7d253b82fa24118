"""How a model version does on labelled comments: figures a newsroom can act on.

Leaves out reading files, printing and plots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.evaluation import (
    expected_calibration_error,
    roc_auc,
    wilson_lower_bound,
)
from model.finding import DOUBTFUL, Attribute, Finding, Rule
from model.judge import Judge, Judgement
from model.labelled import Labelled

Limits = Mapping[str | None, Mapping[str, float | None]]
"""Thresholds as in the card: rule, or attribute of its own, to `flag` and `reject`."""


@dataclass(frozen=True, slots=True)
class Results:
    """What the judge made of n comments; every array has shape (n,).

    `risk` is the strongest finding that names a rule, in [0, 1]; `toxicity` the
    classifier's probability; `flagged` counts abstentions, and not what is rejected.
    """

    rejected_by_people: NDArray[np.bool_]
    risk: NDArray[np.float64]
    toxicity: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    rejected: NDArray[np.bool_]
    abstained: NDArray[np.bool_]


def examine(judge: Judge, comments: Sequence[Labelled]) -> Results:
    """Judge every comment by the thresholds of the version's card."""
    limits = {**judge.card["thresholds"], **judge.card["attribute_thresholds"]}
    judgements = [judge.judge(comment.text, floor=0.0) for comment in comments]
    rejected = np.array([_meets(j, limits, "reject") for j in judgements])
    abstained = np.array([judgement.scores is None for judgement in judgements])
    flagged = np.array([_meets(j, limits, "flag") for j in judgements]) | abstained
    return Results(
        rejected_by_people=np.array([comment.rejected for comment in comments]),
        risk=np.array([_risk(judgement) for judgement in judgements]),
        toxicity=np.array(
            [judge.probabilities(c.text)[Attribute.TOXICITY] for c in comments]
        ),
        flagged=flagged & ~rejected,
        rejected=rejected,
        abstained=abstained,
    )


def _named(judgement: Judgement) -> list[tuple[Rule, Finding]]:
    return [(f.rule, f) for f in judgement.findings if f.rule is not None]


def _risk(judgement: Judgement) -> float:
    return max((finding.score for _, finding in _named(judgement)), default=0.0)


def _meets(judgement: Judgement, limits: Limits, consequence: str) -> bool:
    return any(
        (limit := limits.get(finding.attribute, limits[rule])[consequence]) is not None
        and finding.score >= limit
        and (consequence != "reject" or finding.detail != DOUBTFUL)
        for rule, finding in _named(judgement)
    )


def summary(results: Results) -> dict[str, Any]:
    """Figures of one file, each a share or an area in [0, 1] unless it is a count.

    `recall` counts what is rejected or flagged; `reject_precision` has its Wilson lower
    bound beside it; `queue` is the share of all comments that people have to read.
    """
    people = results.rejected_by_people
    stopped = results.rejected | results.flagged
    right, count = int((results.rejected & people).sum()), int(results.rejected.sum())
    return {
        "comments": len(people),
        "rejected_by_people": int(people.sum()),
        "roc_auc_risk": _rounded(roc_auc(people, results.risk)),
        "roc_auc_toxicity": _rounded(roc_auc(people, results.toxicity)),
        "recall": _share(stopped, people),
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
