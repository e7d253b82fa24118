"""Intervals for how much better one judge is than another on the same texts.

Both are asked the same, so what is drawn again and again are the texts with the
difference on each: what both get wrong is no noise.  Leaves out what is asked, and what
follows from an interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

RESAMPLES = 2_000

LEVEL = 0.95
"""Share of the resamples that lie within an interval."""


def paired_interval(
    gain: ArrayLike, weight: ArrayLike, group: ArrayLike, *, seed: int
) -> tuple[float, float]:
    """Percentile interval of the weighted mean of a difference between two judges.

    Groups are drawn whole, with replacement: the disguises of one sentence, or copies
    of one comment, are no independent evidence.

    Args:
        gain: shape (n,), what the second judge has on each text more than the first.
        weight: shape (n,), above 0.
        group: shape (n,), the name of each text's group.
        seed: of the draws; the same seed gives the same interval.

    Returns:
        Lower and upper end, on the scale of `gain`.

    Source:
        B. Efron, R. J. Tibshirani, "An Introduction to the Bootstrap" (1993), chapter
        13; paired, for two systems on one test set: T. Berg-Kirkpatrick, D. Burkett,
        D. Klein, "An Empirical Investigation of Statistical Significance in NLP",
        EMNLP 2012, 995-1005.
    """
    _, member = np.unique(np.asarray(group), return_inverse=True)
    w = np.asarray(weight, dtype=float)
    sums = np.column_stack(
        [np.bincount(member, w * np.asarray(gain)), np.bincount(member, w)]
    )
    # Equal groups are drawn together: the same distribution, at a cost that does not
    # grow with the number of texts.
    kinds, counts = np.unique(sums, axis=0, return_counts=True)
    drawn = _draw(counts, seed) @ kinds
    return interval(drawn[:, 0] / drawn[:, 1])


def resamples(count: int, *, seed: int) -> NDArray[np.int64]:
    """How often each of `count` things is drawn, shape (RESAMPLES, count)."""
    return _draw(np.ones(count, dtype=np.int64), seed)


def interval(values: NDArray[np.float64]) -> tuple[float, float]:
    """What the middle LEVEL of the resampled values lie between."""
    low, high = np.quantile(values, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _draw(counts: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    total = int(counts.sum())
    chance = np.random.default_rng(seed)
    drawn: NDArray[np.int64] = chance.multinomial(total, counts / total, size=RESAMPLES)
    return drawn
