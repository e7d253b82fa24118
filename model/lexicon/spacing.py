"""Words written with blanks within: f u c k, fu ck.

Finds where letters may have been put apart; the words themselves it asks others for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from model.lexicon.common import WHOLE_WORDS
from model.lexicon.entries import Entry, Match, Strength, View
from model.text import Folded

LONGEST_GROUP = 24
"""So many single characters in a row are read together at most."""

LONE = r"(?:(?:[^\w\s]|_)?\S|\S(?:[^\w\s]|_))(?!\S)"
LONE_GROUP = re.compile(rf"(?<!\S){LONE}(?:\s{{1,3}}{LONE}){{2,{LONGEST_GROUP - 1}}}")
"""Three and more characters that stand alone, each with a mark at most."""

LOOSE = re.compile(r"\S+")
SHORTEST_SPLIT = 4
"""Letters of a word that is found in two parts."""

LONE_WORDS = frozenset("aiu")
OUTER = "'\".,;:?`([{<>}])!*_~-#|+=&/\\"
ENDINGS = frozenset({"ed", "er", "in", "ing"})
"""What is left of an inflected word whose stem, its last letter doubled, stands before
it: they are no reason to take a name before them for one."""


def spaced(text: str, spelled: Callable[[str], Entry | None]) -> Iterator[Match]:
    """f u c k: single characters, perhaps with a mark each, between blanks."""
    known: dict[str, Entry | None] = {}
    for group in LONE_GROUP.finditer(text):
        chunks = group[0].split()
        best: tuple[Entry, int, int] | None = None
        for left, right in _trims(chunks):
            joined = "".join(chunks[left:right])
            if joined not in known:
                known[joined] = _core_spelled(joined, spelled)
            entry = known[joined]
            if entry and (best is None or entry.strength is Strength.REJECT):
                best = entry, left, right
        if best:
            entry, left, right = best
            spans = [chunk.span() for chunk in LOOSE.finditer(group[0])]
            start, end = spans[left][0], spans[right - 1][1]
            yield Match(entry, group.start() + start, group.start() + end, View.SPACED)


def _core_spelled(joined: str, spelled: Callable[[str], Entry | None]) -> Entry | None:
    """What single characters spell.  A plus is a t of leet, or a frame around words."""
    if "_" in joined:
        return None
    core = joined.strip(OUTER)
    return spelled(core) or (spelled(joined) if core != joined else None)


def _trims(chunks: list[str]) -> Iterator[tuple[int, int]]:
    """The whole group, and it without a lone word (a, I, u) at either end."""
    for left in range(1 + (chunks[0] in LONE_WORDS)):
        for right in range(1 + (chunks[-1] in LONE_WORDS)):
            if len(chunks) - left - right > 2:
                yield left, len(chunks) - right


class Joiner:
    """Joins words cut in two.  Safe to share between threads."""

    def __init__(self, forms: Mapping[str, Entry]) -> None:
        """Index whole words."""
        self._forms = forms

    def split(self, folded: Folded, words: str) -> Iterator[Match]:
        """fu ck: a word in two parts that are not both words themselves.

        Args:
            folded: the text.
            words: it with everything but letters and digits blank, and one blank more
                at either end.
        """
        text = folded.text
        known: dict[str, Entry | None] = {}
        for first, second in pairwise(LOOSE.finditer(words)):
            left, right = first[0], second[0]
            entry = self._forms.get(left + right)
            if entry is None or len(left) + len(right) < SHORTEST_SPLIT:
                continue
            start, middle = first.start() - 1, first.end() - 1
            follows, end = second.start() - 1, second.end() - 1
            written = text[max(start - 1, 0) : end]
            if written not in known:
                gap, before = text[middle:follows], text[start - 1 : start]
                is_split = _is_cut(gap, before) and self._are_parts(left, right, entry)
                known[written] = entry if is_split else None
            # "Twatt in Orkney", "Model S hit the road": a name beside a word.
            if known[written] and not (
                (self._is_word(right) and _is_name(folded, start, middle))
                or _is_acronym(folded, (start, middle), (follows, end))
            ):
                yield Match(entry, start, end, View.SPLIT)

    def _are_parts(self, left: str, right: str, entry: Entry) -> bool:
        """Whether two parts read as one word cut up, not as neighbours in a sentence.

        Two words never do; what only flags does if no part is a word of three letters.
        """
        words = [part for part in (left, right) if self._is_word(part)]
        if len(words) > 1 or right in ENDINGS:
            return False
        return entry.strength is Strength.REJECT or len("".join(words)) < 3

    def _is_word(self, word: str) -> bool:
        return word in WHOLE_WORDS or word in self._forms


def _is_name(folded: Folded, start: int, end: int) -> bool:
    """Whether a part is a lone capital, or long and capitalised: "Sh it" is not."""
    span = folded.span(start, end)
    written = folded.original[span.start : span.end]
    if len(written) == 1:
        return written.isupper()
    return len(written) > 3 and written.istitle()


def _is_acronym(folded: Folded, left: tuple[int, int], right: tuple[int, int]) -> bool:
    """Whether the second part only is capitals: he EB page."""
    first, second = folded.span(*left), folded.span(*right)
    written = folded.original[second.start : second.end]
    return (
        len(written) > 1
        and written.isupper()
        and not folded.original[first.start : first.end].isupper()
    )


def _is_cut(gap: str, before: str) -> bool:
    """Whether the gap between two parts is a cut: blanks, and no apostrophe near."""
    return gap.isspace() and len(gap) < 3 and before != "'"
