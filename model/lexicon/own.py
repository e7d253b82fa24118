"""What a site says of words itself, and a text without them.

The classifier learnt elsewhere what words mean.  Of those that a site has its own say
about it is not asked: they are blank in the text that it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ahocorasick_rs import AhoCorasick, Implementation

from model.lexicon.compiled import Compiled, words_of
from model.lexicon.entries import Entry, Match, Strength
from model.text import Folded, fold

Range = tuple[int, int]


class Own:
    """A site's words and the phrases it allows.  Safe to share between threads."""

    def __init__(self, words: Iterable[Entry], allowed: Iterable[str]) -> None:
        """Index them.

        Args:
            words: entries, of any strength.
            allowed: words and phrases in which nothing is found.
        """
        self._words = frozenset(words)
        passed = {words_of(fold(phrase).text) for phrase in allowed}
        # Listed as the lexicon lists what it looks for, which an ignored word is not.
        ignored = [
            replace(word, strength=Strength.FLAG)
            for word in self._words
            if word.strength is Strength.IGNORE
        ]
        passed.update(f" {form} " for form in Compiled.of(ignored, ()).forms)
        self._passed = AhoCorasick(passed, implementation=Implementation.ContiguousNFA)

    def flags(self, entry: Entry) -> bool:
        """Whether the site wants a person to look wherever this entry stands."""
        return entry.strength is Strength.FLAG and entry in self._words

    def without(
        self, folded: Folded, matches: Sequence[Match]
    ) -> tuple[Folded, Sequence[Match]]:
        """The text with blanks for what the site has its own say about.

        Args:
            folded: the text; of the answer, every character stays where it was.
            matches: what the lexicon found in it; the answer's are those of other
                entries.
        """
        others = [match for match in matches if match.entry not in self._words]
        blank = [(m.start, m.end) for m in matches if m.entry in self._words]
        blank += _clear(self._in(folded), folded, others)
        if not blank:
            return folded, matches
        text = _blanked(folded.text, blank)
        return Folded(folded.original, text, folded.offsets), others

    def _in(self, folded: Folded) -> Iterator[Range]:
        """Where the text has words that are ignored or allowed."""
        hits = self._passed.find_matches_as_indexes(
            words_of(folded.text), overlapping=True
        )
        for _, start, end in hits:
            yield start, end - 2


def _clear(
    ranges: Iterable[Range], folded: Folded, matches: Iterable[Match]
) -> Iterator[Range]:
    """Ranges that no match meets; linear, for a hostile text has thousands of both."""
    taken = bytearray(len(folded.text))
    for match in matches:
        taken[match.start : match.end] = b"\1" * (match.end - match.start)
    for start, end in ranges:
        if taken.find(1, start, end) < 0:
            yield start, end


def _blanked(text: str, ranges: Iterable[Range]) -> str:
    chars = list(text)
    for start, end in ranges:
        chars[start:end] = " " * (end - start)
    return "".join(chars)
