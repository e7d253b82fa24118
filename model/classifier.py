"""Classifier: probabilities of the six attributes, served from an artefact's arrays.

scikit-learn is not imported here.  A text costs one gather and one sum of the rows that
`model.columns` finds, and as much again for its sentences, of which the strongest
counts beside the whole.  Both are linear, so what each word contributed to a
probability is exact and additive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import features
from model.artifact import Artifact, Block
from model.columns import Columns, Ids, Names
from model.features import FOREIGN, Reading
from model.finding import ATTRIBUTES, Attribute

PLAIN_MARKS = frozenset(".,:;!?'\"()-+/%")
"""Marks that mean nothing by themselves; others may be swearing in disguise."""

LEAST = -700.0
"""Log-odds below which a probability is 0; `exp` knows no number larger by much."""


class _Mix(NamedTuple):
    """How much the whole text and its strongest sentence count for an attribute."""

    whole: float
    strongest: float
    intercept: float


class Classifier:
    """Reads nothing but what it is given; safe to share between threads."""

    def __init__(self, artifact: Artifact) -> None:
        self._of_whole, self._of_strongest = artifact.mix
        mix = zip(*artifact.mix.tolist(), artifact.intercept.tolist(), strict=True)
        self._mix = [_Mix(*numbers) for numbers in mix]
        blocks = artifact.grams, artifact.words, artifact.signs
        names = Names(*(block.names for block in blocks))
        self._columns = Columns(names, artifact.common | features.MASKED)
        self._weights = _weights(blocks)

    def probabilities(
        self, reading: Reading, original: str
    ) -> Mapping[Attribute, float]:
        """Probability of each attribute, in [0, 1].

        Args:
            reading: of the text.
            original: the text as sent.

        Text of which nothing is known gets the classes' prior: ask `unknown_share`
        before believing it.
        """
        whole = strongest = self._linear(reading, original)
        parts = self._sentences(reading)
        if parts:
            linear = [self._linear(part, "") for part in parts]
            strongest = [*map(max, *linear)]
        both = zip(ATTRIBUTES, self._mix, whole, strongest, strict=True)
        return {
            attribute: _logistic(mix.whole * a + mix.strongest * b + mix.intercept)
            for attribute, mix, a, b in both
        }

    def unknown_share(self, reading: Reading) -> float:
        """Share of the words that training never saw, in [0, 1].

        Words that give another language away count as unknown.  Where there are no
        words, marks count instead: emoji may be known, other marks may be swearing in
        disguise.  Numbers and common marks alone can offend nobody: 0.
        """
        words = [*filter(str.isalpha, reading.words)]
        if words:
            known = self._columns.count_known(words)
            if FOREIGN in reading.signs:
                known -= self._columns.count_known(_foreign(reading))
        else:
            words = [
                word
                for word in reading.words
                if word not in PLAIN_MARKS and not word.isdigit()
            ]
            known = self._columns.count_known(w for w in words if not w.isascii())
        return 1 - known / len(words) if words else 0.0

    def contributions(self, reading: Reading, original: str) -> NDArray[np.float64]:
        """What each word added to the log-odds, shape (words, attributes).

        A feature that rests on several words is shared among them equally.  The sum is
        the log-odds less the intercept and less what no word stands for (length,
        capitals).
        """
        whole = self._parts(reading)
        sentences = self._sentences(reading)
        if not sentences:
            alone: NDArray[np.float64] = (self._of_whole + self._of_strongest) * whole
            return alone
        logits = np.array([self._linear(sentence, "") for sentence in sentences])
        strongest = logits.argmax(axis=0)
        total: NDArray[np.float64] = self._of_whole * whole
        start = 0
        for i, sentence in enumerate(sentences):
            end = start + len(sentence.words)
            if (chosen := strongest == i).any():
                part = self._of_strongest * self._parts(sentence)
                total[start:end, chosen] += part[:, chosen]
            start = end
        return total

    def _linear(self, reading: Reading, original: str) -> list[float]:
        """Log-odds without an intercept, one for each attribute."""
        ids, starts = self._columns.rows(reading, original)
        rows = self._weights.take(ids, axis=0)
        # float64 sums keep the probabilities equal to scikit-learn's to 1e-6.
        sums = np.add.reduceat(rows, starts, axis=0, dtype=np.float64)
        grams, words, signs = sums.tolist()
        of_grams, of_words = _length(grams), _length(words)
        # The last column is left over.
        return [
            a / of_grams + b / of_words + c
            for a, b, c in zip(grams[:-1], words, signs, strict=False)
        ]

    def _sentences(self, reading: Reading) -> list[Reading]:
        """The sentences; none where the text is but one."""
        ranges = features.sentences(reading)
        if len(ranges) < 2:
            return []
        return [reading.cut(start, end) for start, end in ranges]

    def _parts(self, reading: Reading) -> NDArray[np.float64]:
        """What each word adds to `_linear`, shape (words, attributes)."""
        words = reading.words
        return (
            self._shared(*self._columns.placed_grams(words), len(words))
            + self._shared(*self._columns.placed_words(words), len(words))
            + self._shared(
                *self._columns.placed_signs(reading), len(words), is_normalized=False
            )
        )

    def _shared(
        self, ids: Ids, places: Ids, count: int, *, is_normalized: bool = True
    ) -> NDArray[np.float64]:
        """One block's contributions to each of `count` words.

        Args:
            ids: rows of weights, one for each place that a feature rests on.
            places: the words they rest on, as long as `ids`.
            count: how many words there are.
            is_normalized: whether the block's rows have length 1.

        Returns:
            Shape (count, attributes).
        """
        distinct, which, uses = np.unique(ids, return_inverse=True, return_counts=True)
        rows = self._weights[distinct]
        each = rows[:, :-1] / uses[:, None]
        if is_normalized and len(ids):
            each /= np.sqrt(rows[:, -1].sum(dtype=np.float64))
        parts = each[which].T
        by_attribute = [np.bincount(places, part, minlength=count) for part in parts]
        return np.stack(by_attribute, axis=1)


def _weights(blocks: Iterable[Block]) -> NDArray[np.float32]:
    """Coefficients times idf, and in the last column the squared idf for the length.

    Shape (rows, attributes + 1): nothing in row 0, then block after block.  All of a
    row lies in one place: gathered from columns, a text costs 7 % more.
    """
    rows = [np.zeros((1, len(ATTRIBUTES) + 1), dtype=np.float32)]
    for block in blocks:
        idf = block.idf[:, None].astype(np.float32)
        rows.append(np.hstack([block.coef.astype(np.float32) * idf, idf * idf]))
    return np.ascontiguousarray(np.concatenate(rows))


def _length(sums: Sequence[float]) -> float:
    """By what a block's sums are divided: its length, or 1 where it is empty."""
    return sqrt(sums[-1]) or 1.0


def _logistic(log_odds: float) -> float:
    """The probability, in [0, 1]; not a number of what is none."""
    return 0.0 if log_odds < LEAST else 1 / (1 + exp(-log_odds))


def _foreign(reading: Reading) -> list[str]:
    """The words that give another language away."""
    return [
        word
        for word, sign in zip(reading.words, reading.signs, strict=True)
        if sign == FOREIGN and word.isalpha()
    ]
