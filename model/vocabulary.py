"""Words that labels use and the model does not know, and how they become known.

A local slur is then learnt as a word and not by its letters, and comments in a language
that the site reads are judged instead of being left to people.  A word of one author's
alone is never learnt, nor is a number: they may give somebody away.  Leaves out what
the words weigh.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from model.artifact import Artifact, Block
from model.features import Reading
from model.finding import ATTRIBUTES
from model.labels import Label

NEW_WORD = 2
"""Labels, by two authors at least, that make a word known."""

FAMILIAR = 5
"""Labels that make a word which gives another language away one of the site's own."""


def grown(
    base: Artifact, told: Sequence[Label], readings: Sequence[Reading]
) -> Artifact:
    """The model with the labels' own words, which weigh nothing yet.

    Args:
        base: the model.
        told: labels.
        readings: of their texts by the model, in the same order.
    """
    known = set(base.words.names)
    new = _shared(told, (_unknown(reading, known) for reading in readings))
    familiar = _shared(told, map(_foreign, readings), FAMILIAR)
    classes = {w: name for w, name in base.classes.items() if w not in familiar}
    return replace(base, words=_with(base.words, sorted(new)), classes=classes)


def _unknown(reading: Reading, known: set[str]) -> list[str]:
    return [w for w in reading.words if w not in known and not w.isdigit()]


def _foreign(reading: Reading) -> list[str]:
    pairs = zip(reading.words, reading.signs, strict=True)
    return [word for word, sign in pairs if sign == "foreign"]


def _shared(
    told: Sequence[Label], found: Iterable[Iterable[str]], least: int = NEW_WORD
) -> frozenset[str]:
    """Words in so many labels, not all of which are known to be by one author."""
    counts: dict[str, int] = defaultdict(int)
    authors: dict[str, set[str | int]] = defaultdict(set)
    for number, (label, words) in enumerate(zip(told, found, strict=True)):
        author = number if label.author is None else label.author
        for word in set(words):
            counts[word] += 1
            authors[word].add(author)
    return frozenset(w for w in counts if counts[w] >= least and len(authors[w]) > 1)


def _with(block: Block, new: Sequence[str]) -> Block:
    """The block and new words, as rare as the rarest that it has."""
    idf = np.append(block.idf, np.full(len(new), block.idf.max()))
    coef = np.vstack([block.coef, np.zeros((len(new), len(ATTRIBUTES)))])
    return Block(
        [*block.names, *new],
        idf.astype(block.idf.dtype),
        coef.astype(block.coef.dtype),
    )
