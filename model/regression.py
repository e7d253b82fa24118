"""Regressions from features to the log-odds of the six attributes.

Two layers: one logistic regression per attribute over features, and above it a mixture
of what it says of the whole text and of the text's strongest sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray

# scikit-learn ships no annotations: its bases are Any to mypy, hence [misc] below.
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion

from model import features
from model.evaluation import fit_platt
from model.features import ReadText

RATIO_FLOOR = 0.3
"""Least scale of a feature: what both classes use alike may still matter in company."""


class AttributeRegression(BaseEstimator):  # type: ignore[misc]
    """One logistic regression per attribute, each over the rows that know it.

    Features are first scaled by how differently the two classes use them (log-count
    ratios), which lets many rare words count and few frequent ones not drown them.
    After fitting, `coef_` has shape (attributes, features), the scale included, and
    `intercept_` shape (attributes,).

    Source:
        S. Wang, C. D. Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic
        Classification", ACL 2012, 90-94, with logistic regression in place of SVM.
    """

    def __init__(self, *, c: float = 1.0, max_iter: int = 200) -> None:
        self.c = c
        self.max_iter = max_iter

    def fit(
        self,
        x: sp.csr_matrix,
        y: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None = None,
    ) -> Self:
        """Fit.

        Args:
            x: features, shape (n, features).
            y: labels, shape (n, attributes): 0, 1, or NaN where nobody judged.
            sample_weight: shape (n, attributes).
        """
        weight = np.ones_like(y) if sample_weight is None else sample_weight
        # Threads: SciPy releases the interpreter's lock, and the features are shared.
        fitted = Parallel(n_jobs=2, prefer="threads")(
            delayed(self._fit_one)(x, column, its)
            for column, its in zip(y.T, weight.T, strict=True)
        )
        self.coef_ = np.vstack([coef for coef, _ in fitted])
        self.intercept_ = np.concatenate([intercept for _, intercept in fitted])
        return self

    def _fit_one(
        self, x: sp.csr_matrix, y: NDArray[np.float32], weight: NDArray[np.float32]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        known = np.flatnonzero(~np.isnan(y))
        x, y, weight = x[known], y[known], weight[known]
        ratio = _log_count_ratio(x, y == 1)
        one = LogisticRegression(C=self.c, max_iter=self.max_iter)
        one.fit(x @ sp.diags(ratio), y, sample_weight=weight)
        return one.coef_ * ratio, one.intercept_


def _log_count_ratio(
    x: sp.csr_matrix, positive: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """How differently the classes use each feature, at least RATIO_FLOOR."""
    p = 1 + np.asarray(x[positive].sum(axis=0)).ravel()
    q = 1 + np.asarray(x[~positive].sum(axis=0)).ravel()
    distance = np.abs(np.log(p / p.sum()) - np.log(q / q.sum()))
    ratio: NDArray[np.float32] = (distance + RATIO_FLOOR).astype(np.float32)
    return ratio


class SentenceRegression(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Log-odds of a text from those of the whole and of its strongest sentence.

    One insult among ten friendly sentences drowns in the whole and stands out in its
    own sentence.  How much each counts is learnt for each attribute by `calibrate`, on
    texts that the features and the regression below have not seen.  After that, `mix_`
    has shape (2, attributes) and `intercept_` shape (attributes,).
    """

    def __init__(self, features: FeatureUnion, regression: AttributeRegression) -> None:
        self.features = features
        self.regression = regression

    def fit(
        self,
        x: Sequence[ReadText],
        y: NDArray[np.float32],
        sample_weight: NDArray[np.float32] | None = None,
    ) -> Self:
        """Fit features and regression to whole texts; until `calibrate` these decide.

        Args:
            x: n texts.
            y: labels, shape (n, attributes): 0, 1, or NaN where nobody judged.
            sample_weight: shape (n, attributes).
        """
        self.regression.fit(self.features.fit_transform(x), y, sample_weight)
        self.mix_ = np.repeat([[1.0], [0.0]], y.shape[1], axis=1)
        self.intercept_ = self.regression.intercept_
        self.classes_ = np.array([0.0, 1.0])
        return self

    def calibrate(self, x: Sequence[ReadText], y: NDArray[np.float32]) -> Self:
        """Learn the mixture that makes the probabilities true of other texts."""
        logits = self._logits(x)
        for column, known in enumerate((~np.isnan(y)).T):
            slopes, intercept = fit_platt(
                logits[:, known, column].T, y[known, column] > 0.5
            )
            self.mix_[:, column] = slopes
            self.intercept_[column] = intercept
        return self

    def decision_function(self, x: Sequence[ReadText]) -> NDArray[np.float64]:
        """Log-odds, shape (n, attributes)."""
        whole, strongest = self._logits(x)
        scores: NDArray[np.float64] = (
            self.mix_[0] * whole + self.mix_[1] * strongest + self.intercept_
        )
        return scores

    def predict_proba(self, x: Sequence[ReadText]) -> NDArray[np.float64]:
        """Probability of each attribute, shape (n, attributes), each in [0, 1]."""
        scores: NDArray[np.float64] = 1 / (1 + np.exp(-self.decision_function(x)))
        return scores

    def _logits(self, texts: Sequence[ReadText]) -> NDArray[np.float64]:
        """Of whole texts and of their strongest sentences, shape (2, n, attributes)."""
        whole = self._linear(texts)
        strongest = whole.copy()
        cut = [features.sentences(text.reading) for text in texts]
        several = [i for i, ranges in enumerate(cut) if len(ranges) > 1]
        if several:
            parts = [
                ReadText(texts[i].reading.cut(start, end), "")
                for i in several
                for start, end in cut[i]
            ]
            first = np.cumsum([0, *(len(cut[i]) for i in several[:-1])])
            strongest[several] = np.maximum.reduceat(self._linear(parts), first)
        return np.stack([whole, strongest])

    def _linear(self, texts: Sequence[ReadText]) -> NDArray[np.float64]:
        logits: NDArray[np.float64] = (
            self.features.transform(texts) @ self.regression.coef_.T
        )
        return logits
