"""How much of a text may be unknown before the classifier abstains from it.

Text that the model does not know is left to people.  Once they have decided enough of
it, their decisions tell whether half of the words are enough to judge by.  Leaves out
how words become known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from model.artifact import Artifact
from model.correction import FOLDS
from model.features import Reading
from model.judge import MAX_UNKNOWN, Judge, Judgement
from model.labels import Label
from model.lexicon.matcher import Lexicon
from model.vocabulary import grown

LENIENT = 0.5
"""Most that may be unknown, whatever people say: one word in two is known."""

SURE = 1.96
"""Standard normal quantile by which leniency has to be shown to be right."""


def max_unknown(
    base: Artifact,
    lexicon: Lexicon,
    told: Sequence[Label],
    readings: Sequence[Reading],
    folds: NDArray[np.intp],
    flagged: NDArray[np.bool_],
) -> float:
    """The share of unknown words above which a corrected model had better abstain.

    Comments that would pass if it were LENIENT are those that matter: people have
    accepted them rather than not, by a sign test, or it stays as it is.

    Args:
        base: the model before it is corrected.
        lexicon: that it is served with.
        told: n labels.
        readings: of their texts by the model.
        folds: which fold each is in, shape (n,).
        flagged: which the model flags once it is corrected by the other folds, if it
            does not abstain; shape (n,).

    Returns:
        MAX_UNKNOWN or LENIENT.

    Source:
        W. J. Dixon, A. M. Mood, "The Statistical Sign Test", J. Amer. Statist. Assoc.
        41 (1946), 557-566.
    """
    known = Judge(lexicon, base)
    passes = np.flatnonzero(~flagged).tolist()
    left = [i for i in passes if _is_left(known.judge(told[i].text))]
    passing = []
    for fold in range(FOLDS):
        larger = _grown_without(fold, base, told, readings, folds)
        strict, lenient = (
            Judge(lexicon, replace(larger, card={**base.card, "max_unknown": share}))
            for share in (MAX_UNKNOWN, LENIENT)
        )
        passing += [
            told[i]
            for i in left
            if folds[i] == fold
            and _is_left(strict.judge(told[i].text))
            and not _is_left(lenient.judge(told[i].text))
        ]
    rejected = sum(label.rejected for label in passing)
    lead = len(passing) - 2 * rejected
    return LENIENT if lead > SURE * len(passing) ** 0.5 else MAX_UNKNOWN


def _grown_without(
    fold: int,
    base: Artifact,
    told: Sequence[Label],
    readings: Sequence[Reading],
    folds: NDArray[np.intp],
) -> Artifact:
    """The model with the words of all labels but those of one fold."""
    rest = np.flatnonzero(folds != fold).tolist()
    return grown(base, [told[i] for i in rest], [readings[i] for i in rest])


def _is_left(judgement: Judgement) -> bool:
    """Whether it is left to people for nothing but being unknown."""
    return judgement.scores is None and len(judgement.findings) == 1
