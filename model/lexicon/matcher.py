"""The lexicon: which of its entries stand in a text, and where.

Finds words only; what follows from a match is the policy's part.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import Literal

from ahocorasick_rs import AhoCorasick, Implementation

from model.lexicon.compiled import Compiled, words_of
from model.lexicon.disguise import LEET, STRETCH_SIGNS
from model.lexicon.entries import (
    Entry,
    Forms,
    LexiconError,
    Match,
    Strength,
    View,
    shipped_allowed,
    shipped_entries,
)
from model.lexicon.views import Views
from model.text import Folded, fold

__all__ = [
    "Entry",
    "Forms",
    "Lexicon",
    "LexiconError",
    "Match",
    "Strength",
    "View",
    "load_lexicon",
]

BETWEEN = re.compile(r"[\W_]+")
GAP = re.compile(r"\s{1,3}|[^\s\w]{1,2}|_")
"""What may stand between the words of a phrase: blanks or a hyphen, not both."""

MOST_REVEALED = 50
"""So many disguised words are made plain to look for phrases: time is bounded."""

Meaning = Entry | Literal[View.REPEATED] | None
"""What a pattern stands for: an entry, a sign of repeated letters, or (None) text in
which nothing is found."""


class Lexicon:
    """Entries compiled for searching.  Safe to share between threads."""

    def __init__(self, entries: Iterable[Entry], allowed: Iterable[str]) -> None:
        """Compile.

        Args:
            entries: where two have one text, the later holds.
            allowed: words and phrases in which nothing is found.
        """
        compiled = Compiled.of(entries, allowed)
        patterns: dict[str, Meaning] = {
            **dict.fromkeys(STRETCH_SIGNS, View.REPEATED),
            **compiled.forms,
            **compiled.inside,
            **dict.fromkeys(compiled.exempt),
        }
        self._meanings = list(patterns.values())
        self._automaton = AhoCorasick(
            list(patterns), implementation=Implementation.ContiguousNFA
        )
        self._views = Views(compiled)

    def matches(self, folded: Folded) -> list[Match]:
        """What stands in the text, by start, none overlapping another.

        Of overlapping matches the longest holds, of equally long ones the strongest.
        """
        words = words_of(folded.text)
        hits = self._automaton.find_matches_as_indexes(words, overlapping=True)
        plain, exempt, is_stretched = self._read_hits(hits, words, folded.text)
        signs = self._views.signs(folded.text)
        disguised = self._views.found(folded, words, signs, is_stretched=is_stretched)
        if disguised:
            disguised = _apart(_outside(exempt, disguised))
        if signs or disguised:
            plain += self._phrases(folded.text, disguised[:MOST_REVEALED])
        return _apart([*_outside(exempt, plain), *disguised]) if plain else disguised

    def _read_hits(
        self, hits: list[tuple[int, int, int]], words: str, text: str
    ) -> tuple[list[Match], list[tuple[int, int]], bool]:
        """Matches among the automaton's hits, exempt ranges, and any sign of runs."""
        is_stretched = False
        found: list[Match] = []
        exempt: list[tuple[int, int]] = []
        for which, start, end in hits:
            meaning = self._meanings[which]
            if meaning is View.REPEATED:
                is_stretched = True
                continue
            # `words` has one blank before the text; a whole word brings its blanks.
            whole = words[start] == " "
            start, end = (start, end - 2) if whole else (start - 1, end - 1)
            if meaning is None:
                exempt.append((start, end))
            elif _is_phrase(words[start + 1 : end + 1], text[start:end]):
                found.append(Match(meaning, start, end, View.PLAIN))
        return found, exempt, is_stretched

    def _phrases(self, text: str, disguised: list[Match]) -> list[Match]:
        """Phrases with a word in disguise: you pr*ck, k1ll yourself."""
        plain, starts, ends = _revealed(text, disguised)
        words = words_of(plain.translate(LEET))
        hits = self._automaton.find_matches_as_indexes(words, overlapping=True)
        views = {match.start: match.view for match in disguised}
        found: list[Match] = []
        for match in self._read_hits(hits, words, plain)[0]:
            phrase = words[match.start + 1 : match.end + 1]
            if " " not in phrase:
                continue
            start, end = starts[match.start], ends[match.end - 1]
            within = views.keys() & set(starts[match.start : match.end])
            if within:
                found.append(Match(match.entry, start, end, views[min(within)]))
            elif _is_respelt(phrase, text[start:end]):
                found.append(Match(match.entry, start, end, View.LEET))
        return found


def load_lexicon(
    extra: Iterable[Entry] = (), extra_allowed: Iterable[str] = ()
) -> Lexicon:
    """The lexicon as shipped, and what a site adds to it.

    Args:
        extra: entries; one with the text of a shipped entry replaces it, so that
            IGNORE switches a word off.
        extra_allowed: words and phrases in which nothing is found.

    Raises:
        LexiconError: a shipped file is wrong, or better-profanity's words changed.
    """
    return Lexicon([*shipped_entries(), *extra], [*shipped_allowed(), *extra_allowed])


def _is_phrase(words: str, text: str) -> bool:
    """Whether what stands between the words of a match may stand within a phrase."""
    if " " not in words:
        return True
    return all(GAP.fullmatch(gap) for gap in BETWEEN.findall(text))


def _is_respelt(words: str, text: str) -> bool:
    """Whether a phrase is written with leet letters, but not with digits only."""
    return text.islower() and words != words_of(text)[1:-1]


def _revealed(text: str, disguised: list[Match]) -> tuple[str, list[int], list[int]]:
    """The text with disguised words plain.

    Args:
        text: folded.
        disguised: matches by start, none overlapping another.

    Returns:
        The text, and for each of its characters where it starts and ends in `text`; of
        a plain word each character starts and ends where the disguised one does.
    """
    parts: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    for match in disguised:
        word = fold(match.entry.text).text
        parts += [text[at : match.start], word]
        starts += [*range(at, match.start), *[match.start] * len(word)]
        ends += [*range(at + 1, match.start + 1), *[match.end] * len(word)]
        at = match.end
    parts.append(text[at:])
    starts += range(at, len(text))
    ends += range(at + 1, len(text) + 1)
    return "".join(parts), starts, ends


def _outside(ranges: list[tuple[int, int]], found: list[Match]) -> list[Match]:
    """Matches that lie in none of the ranges."""
    if not ranges:
        return found
    ranges = sorted(ranges)
    starts = [start for start, _ in ranges]
    reach = list(accumulate((end for _, end in ranges), max, initial=-1))
    return [
        match for match in found if reach[bisect_right(starts, match.start)] < match.end
    ]


def _apart(found: list[Match]) -> list[Match]:
    """Of overlapping matches the longest, of those the strongest; by start."""
    found.sort(
        key=lambda match: (
            match.start - match.end,
            match.entry.strength is not Strength.REJECT,
            match.start,
        )
    )
    kept: list[Match] = []
    taken = bytearray(max((match.end for match in found), default=0))
    for match in found:
        if taken.find(1, match.start, match.end) < 0:
            taken[match.start : match.end] = b"\1" * (match.end - match.start)
            kept.append(match)
    return sorted(kept, key=lambda match: match.start)
