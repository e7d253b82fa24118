"""Figures by which a classifier is judged, and its thresholds chosen.

Leaves out how examples are read, and the scripts that print figures.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray


def wilson_interval(
    successes: ArrayLike, trials: ArrayLike, *, z: float = 1.96
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson score intervals for proportions.

    Args:
        successes: counts, shape (k,), each from 0 to its `trials`.
        trials: counts, shape (k,), each at least 1.
        z: standard normal quantile; 1.96 leaves 2.5 % outside at either end.

    Returns:
        Lower and upper ends in [0, 1], each of shape (k,).

    Raises:
        ValueError: a pair of counts is impossible.

    Source:
        E. B. Wilson, "Probable Inference, the Law of Succession, and Statistical
        Inference", J. Amer. Statist. Assoc. 22 (1927), 209-212.
    """
    s, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    if np.any((s < 0) | (s > n) | (n < 1)):
        raise ValueError(
            "successes must lie between 0 and trials, trials must be at least 1"
        )
    p = s / n
    centre = p + z**2 / (2 * n)
    spread = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    low, high = (centre - spread) / (1 + z**2 / n), (centre + spread) / (1 + z**2 / n)
    return np.maximum(0.0, low), np.minimum(1.0, high)


def wilson_lower_bound(
    successes: ArrayLike, trials: ArrayLike, *, z: float = 1.96
) -> NDArray[np.float64]:
    """Lower ends of `wilson_interval`."""
    return wilson_interval(successes, trials, z=z)[0]


def threshold_for_precision(
    positive: ArrayLike, probability: ArrayLike, *, precision: float
) -> float | None:
    """Lowest probability from which a verdict is precise enough.

    A threshold qualifies when, of the comments at or above it, the share of positive
    ones has a Wilson lower bound of at least `precision`.

    Args:
        positive: shape (n,), booleans: do people say so?
        probability: shape (n,), in [0, 1].
        precision: wanted share of right verdicts, in (0, 1).

    Returns:
        A probability in [0, 1]; None when no threshold qualifies, which switches the
        automatic verdict off rather than lowering the bar.

    Raises:
        ValueError: the two are not equally long vectors of at least one comment.
    """
    y, p = _vectors(positive, probability)
    order = np.argsort(-p, kind="stable")
    y, p = y[order], p[order]
    # Equal probabilities share one fate: count only at the last of each run of ties.
    last = np.flatnonzero(np.append(np.diff(p) != 0, True))
    qualifies = wilson_lower_bound(np.cumsum(y)[last], last + 1) >= precision
    return float(p[last][qualifies].min()) if qualifies.any() else None


def roc_auc(positive: ArrayLike, score: ArrayLike) -> float:
    """Probability that a positive comment scores above a negative one; ties count half.

    Args:
        positive: shape (n,), booleans, at least one of each.
        score: shape (n,), any scale.

    Returns:
        A number in [0, 1]; 0.5 is chance.  NaN where one class is absent.

    Source:
        H. B. Mann, D. R. Whitney, "On a Test of Whether one of Two Random Variables is
        Stochastically Larger than the Other", Ann. Math. Statist. 18 (1947), 50-60.
    """
    y, s = _vectors(positive, score)
    _, inverse, counts = np.unique(s, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    n_positive, n_negative = int(y.sum()), int((~y).sum())
    if not n_positive or not n_negative:
        return float("nan")
    u = ranks[y].sum() - n_positive * (n_positive + 1) / 2
    return float(u / (n_positive * n_negative))


def expected_calibration_error(
    positive: ArrayLike, probability: ArrayLike, *, bins: int = 15
) -> float:
    """Mean distance between stated probability and observed share, over equal bins.

    Args:
        positive: shape (n,), booleans.
        probability: shape (n,), in [0, 1].
        bins: how many bins of equal width.

    Returns:
        A number in [0, 1]; 0 is perfect.

    Source:
        M. P. Naeini, G. F. Cooper, M. Hauskrecht, "Obtaining Well Calibrated
        Probabilities Using Bayesian Binning", AAAI 2015, 2901-2907.
    """
    y, p = _vectors(positive, probability)
    bin_of = np.minimum((p * bins).astype(int), bins - 1)
    gap = np.bincount(bin_of, weights=p, minlength=bins)
    gap -= np.bincount(bin_of, weights=y, minlength=bins)
    return float(np.abs(gap).sum() / len(p))


def bias_aucs(
    positive: ArrayLike, score: ArrayLike, subgroup: ArrayLike
) -> Mapping[str, float]:
    """Subgroup, BPSN and BNSP AUC of one identity term.

    Args:
        positive: shape (n,), booleans.
        score: shape (n,).
        subgroup: shape (n,), booleans: does the comment name the identity?

    Returns:
        `subgroup`: AUC within the subgroup; `bpsn`: background positives against
        subgroup negatives (low: innocent mentions score like abuse); `bnsp`: background
        negatives against subgroup positives (low: abuse of the subgroup is missed).

    Source:
        D. Borkan et al., "Nuanced Metrics for Measuring Unintended Bias with Real Data
        for Text Classification", WWW 2019 Companion, 491-500.
    """
    y, s = _vectors(positive, score)
    inside = np.asarray(subgroup, dtype=bool)
    parts = {
        "subgroup": inside,
        "bpsn": (inside & ~y) | (~inside & y),
        "bnsp": (inside & y) | (~inside & ~y),
    }
    return {name: roc_auc(y[part], s[part]) for name, part in parts.items()}


def span_f1(predicted: frozenset[int], gold: frozenset[int]) -> float:
    """F1 of two sets of character offsets; 1 where both are empty.

    Source:
        J. Pavlopoulos et al., "SemEval-2021 Task 5: Toxic Spans Detection", 2021, §4.
    """
    if not predicted or not gold:
        return float(predicted == gold)
    return 2 * len(predicted & gold) / (len(predicted) + len(gold))


def fit_platt(
    logits: ArrayLike, positive: ArrayLike
) -> tuple[NDArray[np.float64], float]:
    """Slopes and intercept that calibrate log-odds together, by Newton's method.

    No slope is negative: more evidence never makes an attribute less probable.

    Args:
        logits: shape (n, k), uncalibrated log-odds of k kinds.
        positive: shape (n,), booleans.

    Returns:
        (a, b) such that 1 / (1 + exp(-(logits @ a + b))) is calibrated.

    Source:
        J. Platt, "Probabilistic Outputs for Support Vector Machines", in Advances in
        Large Margin Classifiers (1999), 61-74, with the targets of its section 2.2.
    """
    y, z = np.asarray(positive, dtype=bool), np.asarray(logits, dtype=float)
    if z.ndim != 2 or y.shape != z.shape[:1] or y.size == 0:
        raise ValueError(f"need log-odds of n texts, not {z.shape} and {y.shape}")
    n_positive, n_negative = y.sum(), (~y).sum()
    target = np.where(y, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    slopes = np.zeros(z.shape[1])
    used = np.arange(z.shape[1])
    while True:
        theta = _newton(np.column_stack([z[:, used], np.ones(len(z))]), target)
        if len(used) == 1 or theta[:-1].min() >= 0:
            slopes[used] = theta[:-1]
            return slopes, float(theta[-1])
        used = np.delete(used, theta[:-1].argmin())


def _newton(
    design: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]:
    theta = np.zeros(design.shape[1])
    for _ in range(100):
        p = 1 / (1 + np.exp(-design @ theta))
        gradient = design.T @ (p - target)
        hessian = design.T @ (design * (p * (1 - p))[:, None])
        # Not singular even where two columns are one, as for texts of one sentence.
        step = np.linalg.solve(hessian + 1e-6 * np.eye(len(theta)), gradient)
        theta -= step
        if np.abs(step).max() < 1e-10:
            break
    return theta


def _vectors(
    positive: ArrayLike, number: ArrayLike
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    y, p = np.asarray(positive, dtype=bool), np.asarray(number, dtype=float)
    if y.ndim != 1 or y.shape != p.shape or y.size == 0:
        raise ValueError(
            f"need two equal, non-empty vectors, not {y.shape} and {p.shape}"
        )
    return y, p
