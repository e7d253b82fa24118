"""From examples to an artefact: fit, calibrate, export.

Leaves out where examples come from and where the version goes: `model.retrain`.
"""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from model.artifact import Artifact, Block
from model.dataset import Example, labels, weights
from model.regression import SentenceRegression


def fit(
    pipeline: Pipeline, examples: Sequence[Example], report: Callable[[str], None]
) -> None:
    """Fit the pipeline in place, saying what it does as it goes.

    Coefficients are rounded to half precision here, so that what is measured later,
    exported and served is one and the same model.
    """
    report("reading texts")
    read = pipeline.named_steps["read"].transform([e.text for e in examples])
    report("fitting")
    attributes: SentenceRegression = pipeline.named_steps["attributes"]
    attributes.fit(read, labels(examples), sample_weight=weights(examples))
    coef = attributes.regression.coef_
    attributes.regression.coef_ = coef.astype(np.float16).astype(np.float64)


def calibrate(pipeline: Pipeline, validation: Sequence[Example]) -> None:
    """Weigh whole texts and sentences so that the probabilities are true."""
    read = pipeline.named_steps["read"].transform([e.text for e in validation])
    pipeline.named_steps["attributes"].calibrate(read, labels(validation))


def export(pipeline: Pipeline, card: Mapping[str, Any]) -> Artifact:
    """The pipeline's coefficients as an artefact."""
    attributes: SentenceRegression = pipeline.named_steps["attributes"]
    union = attributes.features
    blocks: dict[str, Block] = {}
    start = 0
    for name, vectorizer in union.transformer_list:
        vocabulary = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.get)
        end = start + len(vocabulary)
        scale = (union.transformer_weights or {}).get(name, 1.0)
        idf = getattr(vectorizer, "idf_", None)
        if idf is None:
            idf = np.full(len(vocabulary), scale)
        coef = attributes.regression.coef_[:, start:end].T.astype(np.float16)
        blocks[name] = Block(vocabulary, np.asarray(idf, dtype=np.float32), coef)
        start = end
    return Artifact(
        card,
        pipeline.named_steps["read"].classes,
        frozenset(union.transformer_list[0][1].common_),
        mix=attributes.mix_,
        intercept=attributes.intercept_,
        **blocks,
    )


def libraries() -> dict[str, str]:
    """Versions of what trained the model."""
    names = ("scikit-learn", "numpy", "scipy", "better-profanity")
    versions = {name: importlib.metadata.version(name) for name in names}
    return {"python": platform.python_version(), **versions}
