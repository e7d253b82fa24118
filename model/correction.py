"""A learned correction: what to add to a model's coefficients so that it agrees with
people, and no more than they have shown.

Leaves out what decisions teach, and where the corrected model goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.pipeline import FeatureUnion
from threadpoolctl import threadpool_limits

from model import features
from model.artifact import Artifact
from model.features import ReadText
from model.regression import SentenceRegression

STRENGTHS = (3.0, 1.0, 0.3, 0.1)
"""Penalties that are tried, the strongest first; before them, no correction at all."""

FOLDS = 3
"""Parts of the labels that are left out in turn to choose among STRENGTHS."""

FLOOR = 0.3
"""Least scale of a feature: what was right so far may still be wrong in company."""

THINNED = 4
"""While strengths are tried, one rehearsed text stands for so many, to save time."""

STEPS = 100
"""Iterations of L-BFGS at most; a correction of 10,000 labels needs some 40."""

Floats = NDArray[np.float64]


class Design:
    """Texts as rows that are linear in the model's coefficients.

    What a text's strongest sentence is, the model as it is decides: with that, the
    log-odds of an attribute are `rows @ coefficients + intercept`, exactly.
    `logits`, of shape (n, attributes), are those of the model as it is.
    """

    def __init__(
        self, artifact: Artifact, fitted: SentenceRegression, texts: Sequence[ReadText]
    ) -> None:
        """Read the features of n texts.

        Args:
            artifact: of the model.
            fitted: what the artefact was exported from.
            texts: to be judged.
        """
        union: FeatureUnion = fitted.features
        coef = fitted.regression.coef_.T
        whole = union.transform(texts).tocsr()
        logits = whole @ coef
        strongest = np.repeat(np.arange(len(texts))[:, None], coef.shape[1], axis=1)
        best = logits.copy()
        cut = [features.sentences(text.reading) for text in texts]
        several = [i for i, ranges in enumerate(cut) if len(ranges) > 1]
        self._rows = whole
        if several:
            parts = union.transform(
                [
                    ReadText(texts[i].reading.cut(start, end), "")
                    for i in several
                    for start, end in cut[i]
                ]
            )
            of_parts, start = parts @ coef, 0
            for i in several:
                its = of_parts[start : start + len(cut[i])]
                strongest[i] = len(texts) + start + its.argmax(axis=0)
                best[i] = its.max(axis=0)
                start += len(cut[i])
            self._rows = sp.vstack([whole, parts]).tocsr()
        self._strongest = strongest
        self._mix = artifact.mix
        self.logits: Floats = (
            artifact.mix[0] * logits + artifact.mix[1] * best + artifact.intercept
        )

    def rows(self, column: int) -> sp.csr_matrix:
        """The rows of one attribute, shape (n, features)."""
        n = len(self.logits)
        at = np.arange(n)
        weights = np.repeat(self._mix[:, column], n)
        places = (np.concatenate([at, at]), np.append(at, self._strongest[:, column]))
        mixed = sp.csr_matrix((weights, places), shape=(n, self._rows.shape[0]))
        return (mixed @ self._rows).astype(np.float64).tocsr()


@dataclass(frozen=True, slots=True)
class Task:
    """What one attribute's coefficients are corrected by.

    Rows are texts: first the labels, then those that are rehearsed, of which the model
    is to make what it does.

    Args:
        rows: shape (n, features).
        logits: the model's log-odds, shape (n,).
        targets: probabilities that people, or the model itself, give; shape (n,).
        weights: how much each counts, shape (n,); 0 for what nobody told.
        folds: of each label, from 0 to FOLDS - 1; -1 for what is rehearsed.
    """

    rows: sp.csr_matrix
    logits: Floats
    targets: Floats
    weights: Floats
    folds: NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Correction:
    """What to add to the coefficients, and how it does on labels that it did not see.

    Args:
        strength: of STRENGTHS, that of the penalty; None where the model is best left
            as it is.
        deltas: for each task what to add, shape (features,).
        left_out: log-odds of each label once the model is corrected by the labels of
            the other folds, shape (labels, tasks).
    """

    strength: float | None
    deltas: list[Floats]
    left_out: Floats


def corrected(tasks: Sequence[Task]) -> Correction:
    """Correct each task's coefficients.

    How far they may go is chosen, for all tasks alike, by what helps on labels that
    were left out, those of one group together.
    """
    left_out = _at_once(delayed(_left_out)(task) for task in tasks)
    losses = sum(_losses(*both) for both in zip(tasks, left_out, strict=True))
    best = int(np.argmin(losses))
    chosen = np.stack([logits[:, best] for logits in left_out], axis=1)
    if not best:
        nothing = [np.zeros(task.rows.shape[1]) for task in tasks]
        return Correction(None, nothing, chosen)
    path = STRENGTHS[:best]
    deltas = _at_once(delayed(_last)(task, path) for task in tasks)
    return Correction(path[-1], deltas, chosen)


def _at_once(calls: Iterable[object]) -> list[Floats]:
    # Threads: products of sparse matrices release the interpreter's lock.  BLAS's own
    # beside them wait for each other: with both, it took 230 s of computing, not 17.
    with threadpool_limits(limits=1, user_api="blas"):
        done: list[Floats] = Parallel(n_jobs=2, prefer="threads")(calls)
    return done


def _left_out(task: Task) -> Floats:
    """Log-odds of each label by corrections that have not seen it.

    Returns:
        Shape (labels, 1 + strengths): with no correction, then with each of STRENGTHS.
    """
    count = int((task.folds >= 0).sum())
    logits = np.repeat(task.logits[:count, None], len(STRENGTHS) + 1, axis=1)
    task = _thinned(task, count)
    for fold in range(FOLDS):
        out = np.flatnonzero(task.folds == fold)
        deltas = _path(_only(task, task.folds != fold), STRENGTHS)
        logits[out, 1:] += task.rows[out] @ np.stack(deltas, axis=1)
    return logits


def _thinned(task: Task, count: int) -> Task:
    """The task with all `count` labels, and a part of the rehearsed, which weigh more.

    Each THINNED-th: they come file by file, so that all kinds stay.
    """
    places = np.arange(len(task.folds))
    kept = (places < count) | (places % THINNED == 0)
    weights = np.where(places < count, task.weights, task.weights * THINNED)
    return _only(replace(task, weights=weights), kept)


def _losses(task: Task, left_out: Floats) -> Floats:
    """Log loss of the labels for each column of `left_out`."""
    told = slice(len(left_out))
    return np.array(
        [_loss(logits, task.targets[told], task.weights[told]) for logits in left_out.T]
    )


def _last(task: Task, strengths: Sequence[float]) -> Floats:
    return _path(task, strengths)[-1]


def _only(task: Task, kept: NDArray[np.bool_]) -> Task:
    return Task(
        task.rows[kept],
        task.logits[kept],
        task.targets[kept],
        task.weights[kept],
        task.folds[kept],
    )


def _path(task: Task, strengths: Sequence[float]) -> list[Floats]:
    """The correction at each strength, each found from the one before.

    Only of features that labels have; the others have nothing to be corrected by.
    """
    is_label = (task.folds >= 0) & (task.weights > 0)
    used = np.flatnonzero(np.diff(task.rows[is_label].tocsc().indptr))
    rows = task.rows[:, used].tocsr()
    scale = _scale(_only(task, is_label), rows[is_label])
    scaled = (rows @ sp.diags(scale)).tocsr()
    turned = scaled.T.tocsr()
    found = np.zeros(len(used))
    path = []
    for strength in strengths:

        def loss(at: Floats, strength: float = strength) -> tuple[float, Floats]:
            logits = task.logits + scaled @ at
            missed = task.weights * (expit(logits) - task.targets)
            penalty = strength / 2 * float(at @ at)
            value = _loss(logits, task.targets, task.weights) + penalty
            return value, turned @ missed + strength * at

        options = {"maxiter": STEPS, "ftol": 1e-7, "gtol": 1e-4}
        found = minimize(loss, found, jac=True, method="L-BFGS-B", options=options).x
        delta = np.zeros(task.rows.shape[1])
        delta[used] = found * scale
        path.append(delta)
    return path


def _scale(labels: Task, rows: sp.csr_matrix) -> Floats:
    """How wrong the model is about each feature: what it is right about stays put.

    The distance of what people said of the comments with the feature from what the
    model expects, as log ratios of both classes, at least FLOOR.

    Source:
        The log-count ratios of S. Wang, C. D. Manning, "Baselines and Bigrams", ACL
        2012, 90-94, with the expected in place of the other class's counts.
    """
    expected = expit(labels.logits)
    distance = np.zeros(rows.shape[1])
    for said, thought in (
        (labels.targets, expected),
        (1 - labels.targets, 1 - expected),
    ):
        seen = rows.T @ (labels.weights * said)
        model = rows.T @ (labels.weights * thought)
        # Weights of features may be negative where sentences count against the whole.
        distance += np.abs(np.log((np.abs(seen) + 1) / (np.abs(model) + 1)))
    scale: Floats = FLOOR + distance
    return scale


def _loss(logits: Floats, targets: Floats, weights: Floats) -> float:
    return float(weights @ (np.logaddexp(0, logits) - targets * logits))
