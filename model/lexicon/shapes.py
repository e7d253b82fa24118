"""Words found by a pattern of letters, stand-ins for letters, and blanks.

A bit for each word, and for each length, position and character the set of words that
agree: a pattern is looked up in as many steps as it has characters, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

BLANK = "\0"
"""Stands for any one letter in a pattern."""

STAND_INS = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "tl",
    "8": "b",
    "9": "g",
    "!": "il",
    "|": "il",
    "$": "s",
    "@": "ao",
    "+": "t",
    "(": "c",
    "[": "c",
    "<": "c",
    "{": "c",
    "¢": "c",
    "©": "c",
    "€": "e",
    "£": "l",
    "¥": "y",
    "₦": "n",
    "₩": "w",
    "₭": "k",
    "₮": "t",
    "®": "r",
    "§": "s",
    "v": "vu",
}
"""The one or two letters that a character may stand for."""

RUN = re.compile(r"(.)\1+", re.DOTALL)


class Shapes:
    """Words indexed by their letters; earlier ones are preferred.

    The index of a length and first letter is made when first asked for, which is what
    makes loading quick.  Threads that ask at once make the same one.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[tuple[int, str], list[str]] = {}
        self._shelves: dict[tuple[int, str], Shelf] = {}
        for word in words:
            self._words.setdefault((len(word), word[0]), []).append(word)

    def fitting(self, pattern: str) -> Iterator[str]:
        """Words that the pattern, which begins with no blank, may stand for."""
        for letter in STAND_INS.get(pattern[0], pattern[0]):
            key = len(pattern), letter
            if key in self._words:
                shelf = self._shelves.get(key)
                if shelf is None:
                    shelf = self._shelves[key] = Shelf.of(self._words[key])
                yield from shelf.fitting(pattern)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Words of one length with one first letter.

    `agreeing[position][letter]` has bit i set where `words[i]` has the letter there.
    """

    words: list[str]
    agreeing: list[dict[str, int]]

    @classmethod
    def of(cls, words: list[str]) -> Shelf:
        """Index words of one length."""
        agreeing: list[dict[str, int]] = [{} for _ in words[0]]
        for index, word in enumerate(words):
            for letter, sets in zip(word, agreeing, strict=True):
                sets[letter] = sets.get(letter, 0) | 1 << index
        return cls(words, agreeing)

    def fitting(self, pattern: str) -> Iterator[str]:
        """Words that agree with a pattern of their length, the first letter aside."""
        left = (1 << len(self.words)) - 1
        for char, sets in zip(pattern[1:], self.agreeing[1:], strict=True):
            if char == BLANK:
                continue
            meant = STAND_INS.get(char, char)
            left &= sets.get(meant[0], 0) | sets.get(meant[-1], 0)
            if not left:
                return
        while left:
            lowest = left & -left
            yield self.words[lowest.bit_length() - 1]
            left ^= lowest


def squeezed(text: str) -> str:
    """Each run of one character as a single one."""
    return RUN.sub(r"\1", text)


def covers_runs(stretched: str, word: str) -> bool:
    """Whether each run of `stretched` is at least as long as the word's own there."""
    return all(
        len(list(long)) >= len(list(short))
        for (_, long), (_, short) in zip(groupby(stretched), groupby(word), strict=True)
    )
