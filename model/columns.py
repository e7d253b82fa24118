"""Which rows of the classifier's weights a text has: `features`, looked up.

What `features` spells out as strings is mostly found without building them: a word's
n-grams are remembered, and what consists of several words or signs is looked up by its
parts.  Leaves out: weights, and what any of this means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import chain, pairwise
from sys import intern
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from model import features
from model.features import LONGEST_RUN, ORDINARY, Reading

MEMORY = 20_000
"""Words whose n-grams are remembered, none longer than what is read of one; at some 250
bytes each, 5 MB."""

Ids = NDArray[np.intp]
NONE: Ids = np.empty(0, dtype=np.intp)


class Rows(NamedTuple):
    """The rows of a text, block by block: grams, words, signs.

    `starts` says where in `ids` each block begins.  Every block has row 0 as well, in
    which nothing stands, so that none is empty.
    """

    ids: Ids
    starts: tuple[int, int, int]


class Names(NamedTuple):
    """What each block's features are called, in the order of their rows."""

    grams: Sequence[str]
    words: Sequence[str]
    signs: Sequence[str]


class Columns:
    """Looks features up.  Safe to share between threads."""

    def __init__(self, names: Names, plain: Set[str]) -> None:
        """Index the names.

        Args:
            names: the blocks' rows follow each other, from 1 on.
            plain: words whose n-grams are not read.
        """
        first_word = 1 + len(names.grams)
        self._plain = plain
        self._gram = {name: row for row, name in enumerate(names.grams, 1)}
        self._word: dict[str, int] = {}
        self._pair: dict[tuple[str, str], int] = {}
        for row, name in enumerate(names.words, first_word):
            one, blank, other = name.partition(" ")
            if blank:
                self._pair[intern(one), intern(other)] = row
            else:
                self._word[intern(name)] = row
        first_sign = first_word + len(names.words)
        self._sign = {name: row for row, name in enumerate(names.signs, first_sign)}
        self._before = _halved(self._sign)
        self._grams: dict[str, Ids] = {}
        self._runs = _Runs(self._sign)

    def rows(self, reading: Reading, original: str) -> Rows:
        """The distinct rows of a text.

        Args:
            reading: of the text.
            original: the text as sent; empty for a part of one.
        """
        grams = self._rows_of_grams(reading.words)
        words = self._rows_of_words(reading.words)
        signs = self._rows_of_signs(reading, original)
        ids = np.array([0, 0, *words, 0, *signs], dtype=np.intp)
        first = len(grams) + 1
        if len(grams):
            ids = np.concatenate((grams, ids))
        return Rows(ids, (0, first, first + 1 + len(words)))

    def count_known(self, words: Iterable[str]) -> int:
        """How many of the words training saw."""
        return sum(map(self._word.__contains__, words))

    def placed_grams(self, words: Sequence[str]) -> tuple[Ids, Ids]:
        """Rows of n-grams, and the place of a word each rests on."""
        found = [self._grams_of(word) for word in words]
        ids = np.concatenate(found) if found else NONE
        return ids, np.repeat(np.arange(len(words)), [len(of) for of in found])

    def placed_words(self, words: Sequence[str]) -> tuple[Ids, Ids]:
        """Rows of words and pairs, and the place of a word each rests on."""
        singles = [self._word.get(word, 0) for word in words]
        doubles = [self._pair.get(pair, 0) for pair in pairwise(words)]
        rows = np.array(singles + doubles + doubles, dtype=np.intp)
        at = np.arange(len(words), dtype=np.intp)
        places = np.concatenate([at, at[:-1], at[1:]])
        return rows[rows > 0], places[rows > 0]

    def placed_signs(self, reading: Reading) -> tuple[Ids, Ids]:
        """Rows of signs, and the place of a word each rests on."""
        rest_on = features.sign_places(reading)
        names = features.signs(reading, "")[: len(rest_on)]
        known = [self._sign.get(name, 0) for name in names]
        rows = np.repeat(np.array(known, dtype=np.intp), [len(at) for at in rest_on])
        places = np.array([*chain.from_iterable(rest_on)], dtype=np.intp)
        return rows[rows > 0], places[rows > 0]

    def _grams_of(self, word: str) -> Ids:
        """The rows of a word's n-grams."""
        found = self._grams.get(word)
        if found is None:
            known = self._gram
            names = () if word in self._plain else features.grams(word)
            found = np.array([known[g] for g in names if g in known], dtype=np.intp)
            if len(word) <= features.MAX_WORD:
                if len(self._grams) >= MEMORY:
                    self._grams.clear()
                self._grams[word] = found
        return found

    def _rows_of_grams(self, words: Iterable[str]) -> Ids:
        found = [self._grams_of(word) for word in set(words) - self._plain]
        if not found:
            return NONE
        ids = np.concatenate(found)
        ids.sort()
        return ids[np.append(True, ids[1:] != ids[:-1])] if len(ids) else ids

    def _rows_of_words(self, words: Sequence[str]) -> set[int | None]:
        # Looked up by `map`: half the time of a loop's.
        found = set(map(self._word.get, words))
        found.update(map(self._pair.get, pairwise(words)))
        found.discard(None)
        return found

    def _rows_of_signs(self, reading: Reading, original: str) -> set[int | None]:
        row = reading.signs
        found = self._runs.find([*map(row.__getitem__, features.telling(row))])
        for sign, before in features.reaching(row, row):
            if (first := self._before.get(sign)) and before:
                found.update(map(first.get, before))
        found.update(map(self._sign.get, features.others(reading, original)))
        found.discard(None)
        return found


class _Runs:
    """The rows of runs of signs, by what precedes the last sign and by that sign.

    So a run is told from its beginning in one look-up, and no string is built.
    """

    def __init__(self, rows: Mapping[str, int]) -> None:
        """Index all features that are runs; others are found by no run of signs."""
        numbers = dict(rows)
        self._first: dict[str, int] = {}
        self._longer: dict[tuple[int | None, str], int] = {}
        for name in rows:
            self._add(name, numbers)
        # Of a longer run training may know what it does not know of its beginning.
        self._unknown = set(numbers.values()) - set(rows.values())

    def _add(self, name: str, numbers: dict[str, int]) -> int:
        number = numbers.setdefault(name, -len(numbers))
        beginning, blank, last = name.rpartition(" ")
        sign = "" if last == ORDINARY else last
        if blank:
            self._longer[self._add(beginning, numbers), sign] = number
        else:
            self._first[sign] = number
        return number

    def find(self, row: Sequence[str]) -> set[int | None]:
        """The rows of all runs of one to LONGEST_RUN signs; None for unknown ones."""
        runs = [*map(self._first.get, row)]
        found = set(runs)
        for length in range(1, LONGEST_RUN):
            # By `map`: a loop takes twice as long.
            runs = [*map(self._longer.get, zip(runs, row[length:], strict=False))]
            found.update(runs)
        return found - self._unknown if self._unknown else found


def _halved(rows: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Of pairs at a distance, by their second half what the first may be."""
    halved: dict[str, dict[str, int]] = {}
    for name, row in rows.items():
        one, tilde, other = name.partition("~")
        if tilde:
            halved.setdefault(other, {})[one] = row
    return halved
