"""Which words came to weigh more or less from one version to another.

Between any two versions of one FORMAT, whatever words either knows.  Leaves out the
signs, of which no single word can be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.artifact import Artifact
from model.finding import ATTRIBUTES, RULE_OF, Attribute

MOST = 20
"""Words that are shown each way, and parts of words."""

LEAST = 0.05
"""Change that is too small to be shown."""


@dataclass(frozen=True, slots=True)
class Change:
    """A word, pair of words or part of a word, and by how much its weight rose.

    The weight is coefficient times idf: what it adds to a text's log-odds, before that
    is divided by the text's length.
    """

    name: str
    by: float
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What came to weigh more and less for one attribute, the most changed first.

    Parts of words follow the words.
    """

    attribute: Attribute
    more: Sequence[Change]
    less: Sequence[Change]


def weight_changes(current: Artifact, candidate: Artifact) -> list[Changes]:
    """What changed most, for each attribute that names a rule.

    Of the parts of words, only those are told that changed more than any word: then a
    word was learnt that is not known as a whole.
    """
    words = _differences(current, candidate, "words")
    parts = _differences(current, candidate, "grams")
    return [
        Changes(
            attribute,
            more=_told(words, parts, ATTRIBUTES.index(attribute), sign=1),
            less=_told(words, parts, ATTRIBUTES.index(attribute), sign=-1),
        )
        for attribute in RULE_OF
    ]


Differences = tuple[list[str], NDArray[np.float64]]
"""Features, and by how much their weights rose: shape (features, attributes)."""


def _differences(current: Artifact, candidate: Artifact, block: str) -> Differences:
    """A feature that one version does not have weighs nothing there."""
    was, would_be = _weights(current, block), _weights(candidate, block)
    nothing = np.zeros(len(ATTRIBUTES))
    names = sorted(was.keys() | would_be.keys())
    rows = [would_be.get(name, nothing) - was.get(name, nothing) for name in names]
    return names, np.array(rows)


def _weights(artifact: Artifact, block: str) -> dict[str, NDArray[np.float64]]:
    """Of a text of one sentence, which counts as a whole and as its strongest."""
    its = artifact.blocks[block]
    weights = its.coef.astype(float) * its.idf[:, None] * artifact.mix.sum(axis=0)
    return dict(zip(its.names, weights, strict=True))


def _told(
    words: Differences, parts: Differences, column: int, *, sign: int
) -> list[Change]:
    told = _strongest(words, column, sign, LEAST)
    of_words = np.abs(words[1][:, column]).max(initial=LEAST)
    for part in _strongest(parts, column, sign, of_words):
        # "abby" tells all that "abb" and "bby" do.
        if not any(_overlap(part, other) for other in told if other.is_part):
            told.append(Change(part.name, part.by, is_part=True))
    return told


def _strongest(
    differences: Differences, column: int, sign: int, least: float
) -> list[Change]:
    names, by = differences[0], differences[1][:, column]
    order = np.argsort(-sign * by, kind="stable")[:MOST]
    return [Change(names[i], float(by[i])) for i in order if sign * by[i] > least]


def _overlap(one: Change, other: Change) -> bool:
    a, b = one.name.strip(), other.name.strip()
    return a in b or b in a
