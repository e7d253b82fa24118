"""Labelled comments: what an example is, and how examples are joined and split.

Our own comments are read by `model.newscomments`, the public corpora by
`model.corpora`.  Leaves out features.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from model.finding import RULE_OF, Attribute
from model.text import fold

MAX_TEXT = 2_000
"""Characters of a text that are learnt from; what follows is mostly repetition."""

EDGE = 40
"""Letters at either end of a text that make two texts near-duplicates when equal."""

RULES_WEIGHT = 2.5
"""How much more our own comments count for the attributes that name a rule."""

_SPACE_AND_MARKS = re.compile(r"[\s!-/:-@\[-`{-~]+")


class Split(StrEnum):
    """What an example is used for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Example:
    """A comment and what people said of it.

    `labels` holds 0 or 1 for each attribute that somebody judged; an attribute that is
    absent is unknown, not zero.  `weight` scales the example's share in training.
    Examples of one `group` (minimal pairs, a template) stay on one side of the split.
    """

    text: str
    labels: Mapping[Attribute, int]
    corpus: str
    weight: float = 1.0
    group: str | None = None


class UnreadableData(Exception):
    """A data file is missing or breaks its format; the message says where and how."""


CLEAN: Mapping[Attribute, int] = dict.fromkeys(Attribute, 0)
"""Labels of a comment in which people saw nothing wrong."""


def labels_of(attributes: Iterable[Attribute]) -> dict[Attribute, int]:
    """Labels of a comment judged on all attributes; any of them makes it TOXICITY."""
    given = set(attributes)
    if given:
        given.add(Attribute.TOXICITY)
    return {attribute: int(attribute in given) for attribute in Attribute}


def deduplicate(
    examples: Iterable[Example], held_out: Iterable[str] = ()
) -> list[Example]:
    """Keep the first of examples that differ in nothing but case, space and marks.

    Args:
        examples: of which a later one gives way to an earlier one.
        held_out: texts that no example may have.
    """
    seen = {skeleton(text) for text in held_out}
    kept = []
    for example in examples:
        key = skeleton(example.text)
        if key not in seen:
            seen.add(key)
            kept.append(example)
    return kept


def skeleton(text: str) -> str:
    """The folded text without space and ASCII marks; the text where that is empty."""
    return _SPACE_AND_MARKS.sub("", fold(text[:MAX_TEXT]).text) or text


def split(examples: Sequence[Example]) -> list[Split]:
    """Assign each example to a part: 80 % train, 10 % validation, 10 % test.

    Examples of one group, and near-duplicates (the same EDGE letters at the start or
    at the end), share a part.  The assignment follows from the texts alone, so that it
    is the same on every run and for every subset that keeps a group whole.
    """
    parents: dict[str, str] = {}

    def root(key: str) -> str:
        parents.setdefault(key, key)
        while parents[key] != key:
            parents[key] = parents[parents[key]]
            key = parents[key]
        return key

    def join(one: str, other: str) -> None:
        a, b = sorted((root(one), root(other)))
        parents[b] = a

    names = []
    for example in examples:
        letters = skeleton(example.text)
        names.append(f"text:{letters[:EDGE]}")
        if len(letters) > EDGE:
            join(names[-1], f"end:{letters[-EDGE:]}")
        if example.group is not None:
            join(names[-1], f"group:{example.corpus}:{example.group}")
    return [_part(root(name)) for name in names]


def _part(group: str) -> Split:
    digest = hashlib.blake2b(group.encode("utf-8", "surrogatepass"), digest_size=4)
    tenth = int.from_bytes(digest.digest()) % 10
    if tenth == 0:
        return Split.TEST
    return Split.VALIDATION if tenth == 1 else Split.TRAIN


def fingerprint(examples: Iterable[Example]) -> str:
    """A short name for exactly these texts, labels and weights, in any order."""
    total = 0
    for example in examples:
        row = json.dumps([example.text, sorted(example.labels.items()), example.weight])
        digest = hashlib.blake2b(row.encode(), digest_size=8).digest()
        total = (total + int.from_bytes(digest)) % 2**64
    return f"{total:016x}"


@dataclass(frozen=True, slots=True)
class Examples:
    """Examples of all corpora with the part each is used for."""

    examples: Sequence[Example]
    splits: Sequence[Split]

    def part(self, split: Split) -> list[Example]:
        """The examples of one part."""
        pairs = zip(self.examples, self.splits, strict=True)
        return [example for example, its in pairs if its is split]


def labels(examples: Sequence[Example]) -> NDArray[np.float32]:
    """Labels of shape (n, attributes); NaN where nobody judged."""
    rows = [[e.labels.get(a, np.nan) for a in Attribute] for e in examples]
    return np.array(rows, dtype=np.float32).reshape(-1, len(Attribute))


def weights(examples: Sequence[Example]) -> NDArray[np.float32]:
    """Weights of shape (n, attributes).

    Our own comments count RULES_WEIGHT times more for the attributes that decide.
    TOXICITY is what the public corpora measure too, and has to stay true to them.
    """
    rows = [
        [
            e.weight * (RULES_WEIGHT if a in RULE_OF and e.corpus[:4] == "own/" else 1)
            for a in Attribute
        ]
        for e in examples
    ]
    return np.array(rows, dtype=np.float32).reshape(-1, len(Attribute))
