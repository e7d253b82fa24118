"""Words written as one: youidiot, stupidbitch, #TrumpIsAnIdiot.

Says where such a word is to be cut; whether its pieces break a rule is looked up by
others.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from model.text import Folded

LONGEST = 40
"""Longer words are not cut, nor are words with more than so many letters in a tag."""

SHORTEST_FORM = 4
"""Shorter words of the lexicon are parts of too many others to be cut off."""

BEFORE = frozenset(
    """
    are damn dirty dumb fat filthy is lil little lying old pathetic silly stupid such
    that the these this those total u ugly ur utter what ya you your youre
    """.split()  # noqa: SIM905  words read better in a row
)
"""What is glued in front of an insult.  Not his or my: Hiscock is a name."""

ARTICLES = frozenset({"a", "an"})
"""What is glued between them: awanker is nothing, youreawanker is."""

AFTER = frozenset(
    """
    all her him in it me my off that the them this u ur you your
    """.split()  # noqa: SIM905
)
"""What is glued behind one."""

LONGEST_SMALL = max(map(len, BEFORE))

TAG = re.compile(r"#(\w{4,60})")
HUMP = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
IN_TAG = 5
"""Letters of a word that is cut off either end of a hashtag, whatever the rest is."""

BEFORE_SHORT = ("are", "isa", "you")
"""What is before a shorter one: #themayorisatwat."""


class Scissors:
    """Knows the words that others are glued to.  Safe to share between threads."""

    def __init__(self, words: Collection[str], exempt: Collection[str]) -> None:
        self._words = words
        self._exempt = exempt

    def _is_known(self, word: str) -> bool:
        return len(word) >= SHORTEST_FORM and word in self._words

    def cuts(self, word: str) -> list[int]:
        """Where to cut a word of small words around one or more of the lexicon's.

        Returns:
            Offsets; empty if the word is no such.
        """
        if not 5 < len(word) <= LONGEST or word in self._exempt:
            return []
        return self._after(word) or self._before(word, BEFORE)

    def _before(self, word: str, small: frozenset[str]) -> list[int]:
        """Cuts of a word that begins with small words."""
        for size in range(min(LONGEST_SMALL, len(word) - SHORTEST_FORM), 0, -1):
            if word[:size] in small:
                rest = word[size:]
                if self._is_known(rest):
                    return [size]
                if cuts := self._after(rest) or self._before(rest, BEFORE | ARTICLES):
                    return [size, *(size + cut for cut in cuts)]
        return []

    def _after(self, word: str) -> list[int]:
        """Cuts of a word that begins with one of the lexicon's."""
        for size in range(len(word) - 1, SHORTEST_FORM - 1, -1):
            if word[:size] in self._words:
                rest = word[size:]
                if rest in AFTER or self._is_known(rest):
                    return [size]
        return []

    def tag_cuts(self, folded: Folded) -> Iterator[int]:
        """Where to cut the hashtags of a text: at capitals, and around known words."""
        for tag in TAG.finditer(folded.text):
            start, word = tag.start(1), tag[1]
            if folded.offsets is None:
                written = folded.original[start : tag.end()]
            else:
                at = folded.offsets[start : tag.end()]
                written = "".join(folded.original[i] for i in at)
            humps = [hump.start() for hump in HUMP.finditer(written)][1:]
            for cut in humps or self._ends(word):
                yield start + cut

    def _ends(self, word: str) -> list[int]:
        """The cut of a word of the lexicon off either end."""
        for size in range(len(word) - 1, IN_TAG - 1, -1):
            if word[:size] in self._words:
                return [size]
            if word[-size:] in self._words:
                return sorted({len(word) - size, *self.cuts(word)})
        short = word[:-SHORTEST_FORM]
        if short.endswith(BEFORE_SHORT) and word[-SHORTEST_FORM:] in self._words:
            return [len(short)]
        return self.cuts(word)
