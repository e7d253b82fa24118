"""Thresholds and figures of a model version, from the judge that is served.

Everything is measured on the artefact's own answers, so that the card states what a
site will see.  Leaves out printing and plots.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.dataset import Example, labels
from model.evaluation import (
    expected_calibration_error,
    roc_auc,
    threshold_for_precision,
)
from model.finding import RULE_OF, Attribute, Rule

PRECISION = {"flag": 0.6, "reject": 0.95}
"""Share of right verdicts that a threshold is chosen for, per consequence."""

COMMENTS = ("own", "jigsaw", "context", "hatemoji", "convabuse")
"""Corpora of comments that know both the abusive and the clean."""

PROSE = ("context", "wikipedia")
"""Corpora of ordinary prose; whatever is flagged there is flagged on any news site."""

MAX_FALSE = 0.001
"""Share of clean prose that a rule may flag at most."""

ATTRIBUTES = tuple(Attribute)

Scores = NDArray[np.float64]


def score_all(
    probabilities: Callable[[str], Mapping[Attribute, float]],
    examples: Sequence[Example],
) -> Scores:
    """Probabilities of shape (n, attributes)."""
    rows = [list(probabilities(example.text).values()) for example in examples]
    return np.array(rows).reshape(-1, len(ATTRIBUTES))


def thresholds(
    scores: Scores, examples: Sequence[Example]
) -> dict[str, dict[str, float | None]]:
    """Scores from which each rule flags and rejects; None where none will do.

    Precise enough among comments, and rare enough in clean prose.  A verdict is right
    where people found any rule broken: most corpora do not tell the rules apart as
    sharply as we do, and a reader is not wronged by the wrong clause.
    """
    truth = labels(examples)[:, ATTRIBUTES.index(Attribute.TOXICITY)]
    comments = _among(COMMENTS, examples) & ~np.isnan(truth)
    prose = _among(PROSE, examples) & (truth == 0)
    table: dict[str, dict[str, float | None]] = {}
    for rule in Rule:
        columns = [i for i, a in enumerate(ATTRIBUTES) if RULE_OF.get(a) is rule]
        score = scores[:, columns].max(axis=1)
        least = np.quantile(score[prose], 1 - MAX_FALSE) if prose.any() else 0.0
        table[rule] = {
            name: _rounded_up(
                threshold_for_precision(
                    truth[comments] == 1, score[comments], precision=precision
                ),
                float(least),
            )
            for name, precision in PRECISION.items()
        }
    return table


def _among(corpora: tuple[str, ...], examples: Sequence[Example]) -> NDArray[np.bool_]:
    return np.array([example.corpus.startswith(corpora) for example in examples])


def _rounded_up(threshold: float | None, least: float) -> float | None:
    """Four digits, upwards: the precision that was asked for must not be lost."""
    if threshold is None:
        return None
    return float(np.ceil(max(threshold, least) * 1e4) / 1e4)


def figures(scores: Scores, examples: Sequence[Example]) -> dict[str, Any]:
    """ROC-AUC of each attribute by corpus, and calibration, of held-out examples."""
    truth = labels(examples)
    groups = _groups(examples)
    table: dict[str, Any] = {"roc_auc": {}, "calibration_error": {}}
    for column, attribute in enumerate(ATTRIBUTES):
        known = ~np.isnan(truth[:, column])
        positive, score = truth[:, column] == 1, scores[:, column]
        error = expected_calibration_error(positive[known], score[known])
        table["calibration_error"][attribute] = round(error, 4)
        table["roc_auc"][attribute] = {
            name: _auc(positive[members & known], score[members & known])
            for name, members in groups.items()
            if len(set(positive[members & known].tolist())) == 2
        }
    return table


def _auc(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> dict[str, float]:
    return {
        "roc_auc": round(roc_auc(positive, score), 4),
        "examples": len(positive),
        "positive": int(positive.sum()),
    }


def _groups(examples: Sequence[Example]) -> dict[str, NDArray[np.bool_]]:
    corpora = np.array([example.corpus for example in examples])
    groups = {name: corpora == name for name in np.unique(corpora).tolist()}
    own = np.char.startswith(corpora, "own/")
    return {**groups, "own": own, "all": np.full(len(corpora), True)}
