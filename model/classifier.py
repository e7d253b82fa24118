"""Classifier: probabilities of the six attributes, served from an artefact's arrays.

scikit-learn is not imported here.  A word's n-grams are looked up once and remembered;
a text costs one gather and one sum per block of features, and as much again for its
sentences, of which the strongest counts beside the whole.  Both are linear, so what
each word contributed to a probability is exact and additive.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from model import features
from model.artifact import Artifact, Block
from model.features import Reading
from model.finding import ATTRIBUTES, Attribute

MEMORY = 20_000
"""Words whose n-grams are remembered; at some 250 bytes each, 5 MB."""

Ids = NDArray[np.intp]

PLAIN_MARKS = frozenset(".,:;!?'\"()-+/%")
"""Marks that mean nothing by themselves; others may be swearing in disguise."""


class Classifier:
    """Reads nothing but what it is given; safe to share between threads."""

    def __init__(self, artifact: Artifact) -> None:
        self._of_whole, self._of_strongest = artifact.mix
        self._intercept = artifact.intercept
        self._plain = artifact.common | features.MASKED
        blocks = artifact.blocks.values()
        # One set of numbers for all three: 10 MB less than each its own.
        numbers = list(range(max(len(block.names) for block in blocks)))
        self._gram_id, self._word_id, self._sign_id = (
            dict(zip(block.names, numbers, strict=False)) for block in blocks
        )
        self._grams = _weights(artifact.grams)
        self._words = _weights(artifact.words)
        self._signs = _weights(artifact.signs)
        self._memory: dict[str, Ids] = {}

    def probabilities(
        self, reading: Reading, signs: Sequence[str]
    ) -> Mapping[Attribute, float]:
        """Probability of each attribute, in [0, 1].

        Args:
            reading: of the text.
            signs: of the reading, as `features.signs` gives them.

        Text of which nothing is known gets the classes' prior: ask `unknown_share`
        before believing it.
        """
        whole = strongest = self._linear(reading, signs)
        parts = self._sentences(reading)
        if parts:
            strongest = np.max([self._linear(*part) for part in parts], axis=0)
        logit = self._of_whole * whole + self._of_strongest * strongest
        p = 1 / (1 + np.exp(-logit - self._intercept))
        return dict(zip(ATTRIBUTES, p.tolist(), strict=True))

    def unknown_share(self, reading: Reading) -> float:
        """Share of the words that training never saw, in [0, 1].

        Words that give another language away count as unknown.  Where there are no
        words, marks count instead: emoji may be known, other marks may be swearing in
        disguise.  Numbers and common marks alone can offend nobody: 0.
        """
        known = self._word_id
        words = [
            word in known and sign != "foreign"
            for word, sign in zip(reading.words, reading.signs, strict=True)
            if word.isalpha()
        ] or [
            word in known and not word.isascii()
            for word in reading.words
            if word not in PLAIN_MARKS and not word.isdigit()
        ]
        return 1 - sum(words) / len(words) if words else 0.0

    def contributions(
        self, reading: Reading, signs: Sequence[str]
    ) -> NDArray[np.float64]:
        """What each word added to the log-odds, shape (words, attributes).

        A feature that rests on several words is shared among them equally.  The sum is
        the log-odds less the intercept and less what no word stands for (length,
        capitals).
        """
        whole = self._parts(reading, signs)
        sentences = self._sentences(reading)
        if not sentences:
            alone: NDArray[np.float64] = (self._of_whole + self._of_strongest) * whole
            return alone
        logits = np.stack([self._linear(*sentence) for sentence in sentences])
        strongest = logits.argmax(axis=0)
        total: NDArray[np.float64] = self._of_whole * whole
        start = 0
        for i, (sentence, names) in enumerate(sentences):
            end = start + len(sentence.words)
            if (chosen := strongest == i).any():
                part = self._of_strongest * self._parts(sentence, names)
                total[start:end, chosen] += part[:, chosen]
            start = end
        return total

    def _linear(self, reading: Reading, signs: Sequence[str]) -> NDArray[np.float64]:
        """Log-odds without an intercept, shape (attributes,)."""
        grams = _normalized(self._grams, self._gram_ids(reading.words))
        words = _normalized(self._words, self._word_ids(reading.words))
        return grams + words + _total(self._signs, self._sign_ids(signs))[:-1]

    def _sentences(self, reading: Reading) -> list[tuple[Reading, list[str]]]:
        """The sentences and their signs; none where the text is but one."""
        ranges = features.sentences(reading)
        if len(ranges) < 2:
            return []
        parts = (reading.cut(start, end) for start, end in ranges)
        return [(part, features.signs(part, "")) for part in parts]

    def _parts(self, reading: Reading, signs: Sequence[str]) -> NDArray[np.float64]:
        """What each word adds to `_linear`, shape (words, attributes)."""
        words = reading.words
        grams = [self._grams_of(word) for word in words]
        lengths = [len(ids) for ids in grams]
        return (
            _shared(
                self._grams,
                np.concatenate(grams) if grams else np.empty(0, dtype=np.intp),
                np.repeat(np.arange(len(words)), lengths),
                len(words),
            )
            + _shared(self._words, *self._placed_words(words), len(words))
            + _shared(
                self._signs,
                *self._placed_signs(reading, signs),
                len(words),
                is_normalized=False,
            )
        )

    def _placed_words(self, words: Sequence[str]) -> tuple[Ids, Ids]:
        """Columns of words and pairs, and the place of a word each rests on."""
        singles = [self._word_id.get(word, -1) for word in words]
        doubles = [self._word_id.get(pair, -1) for pair in features.pairs(words)]
        columns = np.array(singles + doubles + doubles, dtype=np.intp)
        at = np.arange(len(words), dtype=np.intp)
        places = np.concatenate([at, at[:-1], at[1:]])
        return columns[columns >= 0], places[columns >= 0]

    def _placed_signs(self, reading: Reading, signs: Sequence[str]) -> tuple[Ids, Ids]:
        """Columns of signs, and the place of a word each rests on."""
        rest_on = features.sign_places(reading)
        known = [self._sign_id.get(name, -1) for name in signs[: len(rest_on)]]
        columns = np.repeat(np.array(known, dtype=np.intp), [len(at) for at in rest_on])
        places = np.array([*chain.from_iterable(rest_on)], dtype=np.intp)
        return columns[columns >= 0], places[columns >= 0]

    def _grams_of(self, word: str) -> Ids:
        found = self._memory.get(word)
        if found is None:
            if len(self._memory) >= MEMORY:
                self._memory.clear()
            known = self._gram_id
            names = () if word in self._plain else features.grams(word)
            found = np.array([known[g] for g in names if g in known], dtype=np.intp)
            self._memory[word] = found
        return found

    def _gram_ids(self, words: Iterable[str]) -> Ids:
        found = [self._grams_of(word) for word in set(words) - self._plain]
        if not found:
            return np.empty(0, dtype=np.intp)
        ids = np.concatenate(found)
        ids.sort()
        return ids[np.append(True, ids[1:] != ids[:-1])] if len(ids) else ids

    def _word_ids(self, words: Sequence[str]) -> Ids:
        found = set(map(self._word_id.get, words))
        found.update(map(self._word_id.get, features.pairs(words)))
        return _known(found)

    def _sign_ids(self, signs: Sequence[str]) -> Ids:
        return _known(set(map(self._sign_id.get, signs)))


def _known(found: set[int | None]) -> Ids:
    """Columns that were looked up by `dict.get`: half the time of a loop's."""
    found.discard(None)
    return np.fromiter(found, dtype=np.intp, count=len(found))


def _weights(block: Block) -> NDArray[np.float32]:
    """Coefficients times idf, and in the last column the squared idf for the length.

    A feature's row lies in one place: gathered from columns, a text costs 7 % more.
    """
    idf = block.idf[:, None].astype(np.float32)
    weights = np.hstack([block.coef.astype(np.float32) * idf, idf * idf])
    return np.ascontiguousarray(weights)


def _total(weights: NDArray[np.float32], ids: Ids) -> NDArray[np.float64]:
    # float64 sums keep the probabilities equal to scikit-learn's to 1e-6.
    total: NDArray[np.float64] = weights[ids].sum(axis=0, dtype=np.float64)
    return total


def _normalized(weights: NDArray[np.float32], ids: Ids) -> NDArray[np.float64]:
    total = _total(weights, ids)
    return total[:-1] / np.sqrt(total[-1]) if len(ids) else total[:-1]


def _shared(
    weights: NDArray[np.float32],
    ids: Ids,
    places: Ids,
    count: int,
    *,
    is_normalized: bool = True,
) -> NDArray[np.float64]:
    """One block's contributions to each of `count` words.

    Args:
        weights: shape (features, attributes + 1).
        ids: columns, one for each place that a feature rests on.
        places: the words they rest on, as long as `ids`.
        count: how many words there are.
        is_normalized: whether the block's rows have length 1.

    Returns:
        Shape (count, attributes).
    """
    uses = np.bincount(ids, minlength=len(weights))
    parts = weights[ids, :-1] / uses[ids, None]
    if is_normalized and len(ids):
        parts /= np.sqrt(weights[uses > 0, -1].sum(dtype=np.float64))
    by_attribute = [np.bincount(places, part, minlength=count) for part in parts.T]
    return np.stack(by_attribute, axis=1)
