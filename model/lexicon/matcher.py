"""The lexicon: which of its entries stand in a text, and where.

Finds words only; what follows from a match is the policy's part.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice

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
from model.lexicon.overlaps import apart, disjoint, outside
from model.lexicon.revealed import Edit, Revealed
from model.lexicon.views import Views
from model.text import Folded, fold

__all__ = [
    "Entry",
    "Forms",
    "Lexicon",
    "LexiconError",
    "Match",
    "Search",
    "Strength",
    "View",
    "load_lexicon",
]

RUN_OF_BLANKS = re.compile(r"(?<=\w)(?:[ \t]{2,}|([-_*~])\1{1,2})(?=\w)")
"""Blanks or joints where one stands between the words of a phrase."""

ENDING_MARKS = re.compile(r"[!|+(\[<{]+(?!\w)")

ENOUGH = 200
"""In a text with more plain words that reject nothing else is looked for."""

SIGNS = len(STRETCH_SIGNS)
"""The first patterns are signs of repeated letters, not entries."""

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Search:
    """What stands in a text: by start, none overlapping another.

    Where `is_complete` is false, more of the text looked disguised than is read in
    bounded time: what was found is there, but there may be more.
    """

    matches: list[Match]
    is_complete: bool


class Lexicon:
    """Entries compiled for searching.  Safe to share between threads."""

    def __init__(self, entries: Iterable[Entry], allowed: Iterable[str]) -> None:
        """Compile.

        Args:
            entries: where two have one text, the later holds.
            allowed: words and phrases in which nothing is found.
        """
        self._entries, self._allowed = tuple(entries), tuple(allowed)
        compiled = Compiled.of(self._entries, self._allowed)
        patterns: dict[str, Entry | None] = {
            **dict.fromkeys(STRETCH_SIGNS),
            **{
                f" {form} ": entry
                for form, entry in compiled.forms.items()
                if form not in compiled.inside
            },
            **compiled.inside,
            **dict.fromkeys(f" {phrase} " for phrase in compiled.exempt),
        }
        self._meanings = list(patterns.values())
        """Entries by the number of their pattern; None where nothing is found."""
        self._automaton = AhoCorasick(
            list(patterns), implementation=Implementation.ContiguousNFA
        )
        self._views = Views(compiled)

    def with_words(self, entries: Iterable[Entry], allowed: Iterable[str]) -> Lexicon:
        """This lexicon and what a site adds to it, compiled anew.

        Args:
            entries: one with the text of an entry here replaces it, so that IGNORE
                switches a word off; and what is allowed here is found where a site
                enters just that.
            allowed: words and phrases in which nothing is found, besides those here.
        """
        own = tuple(entries)
        found = {fold(e.text).text for e in own if e.strength is not Strength.IGNORE}
        kept = (phrase for phrase in self._allowed if fold(phrase).text not in found)
        return Lexicon([*self._entries, *own], [*kept, *allowed])

    def matches(self, folded: Folded) -> list[Match]:
        """What was found in the text: `search` without its reservations."""
        return self.search(folded).matches

    def search(self, folded: Folded) -> Search:
        """Look for entries in a text, plain and disguised.

        Of overlapping matches those that reject hold, of these the longest.
        """
        text = folded.text
        words = words_of(text)
        plain, exempt, is_stretched = self._read(words)
        if len(plain) > ENOUGH:
            plain = outside(exempt, plain)
            if sum([m.entry.strength is Strength.REJECT for m in plain]) > ENOUGH:
                return Search(apart(plain), is_complete=False)
        signs = self._views.signs(text)
        found, edits, is_complete = self._views.found(
            folded, words, signs, is_stretched=is_stretched
        )
        disguised = apart(outside(exempt, found)) if found else found
        if signs or disguised or edits or "  " in text:
            edits += [
                Edit(m.start, m.end, fold(m.entry.text).text, m.view) for m in disguised
            ]
            edits += islice(_narrowed(text), ENOUGH)
            disguised += self._phrases(text, plain, edits)
        found = outside(exempt, plain) + disguised
        return Search(apart(found) if len(found) > 1 else found, is_complete)

    def _read(self, words: str) -> tuple[list[Match], list[Range], bool]:
        """Plain matches, exempt ranges, and whether there is any sign of runs.

        Args:
            words: words between blanks, one blank before the text.
        """
        is_stretched = False
        found: list[Match] = []
        exempt: list[Range] = []
        meanings = self._meanings
        hits = self._automaton.find_matches_as_indexes(words, overlapping=True)
        for which, start, end in hits:
            if which < SIGNS:
                is_stretched = True
                continue
            meaning = meanings[which]
            # A whole word brings its blanks.
            whole = words[start] == " "
            start, end = (start, end - 2) if whole else (start - 1, end - 1)
            if meaning is None:
                exempt.append((start, end))
            else:
                found.append(Match(meaning, start, end, View.PLAIN))
        return found, exempt, is_stretched

    def _phrases(self, text: str, plain: list[Match], edits: list[Edit]) -> list[Match]:
        """Phrases with a word in disguise, and what was glued: you pr*ck, youprick."""
        revealed = Revealed(text, disjoint(edits))
        unleeted = _unleeted(revealed.text)
        if unleeted == text:
            return []
        words = words_of(unleeted)
        matches, exempt, _ = self._read(words)
        known = {(match.start, match.end) for match in plain}
        found: list[Match] = []
        for match in outside(exempt, matches):
            start, end, view = revealed.origin(match.start, match.end)
            if (start, end) in known:
                continue
            meant = words[match.start + 1 : match.end + 1]
            if view is None and meant == text[start:end]:
                view = View.GLUED
            elif " " not in meant or (view is None and not _is_leet(text[start:end])):
                continue
            found.append(Match(match.entry, start, end, view or View.LEET))
        return found


@cache
def load_lexicon() -> Lexicon:
    """The lexicon as shipped; compiled once, for that takes a tenth of a second.

    Raises:
        LexiconError: a shipped file is wrong, or better-profanity's words changed.
    """
    return Lexicon(shipped_entries(), shipped_allowed())


def _is_leet(written: str) -> bool:
    """Whether there are letters enough for the rest to stand for some."""
    letters = sum(map(str.isalpha, written))
    return written.islower() and letters > sum(map(str.isdigit, written))


def _unleeted(text: str) -> str:
    """The text with letters for leet, but for marks that end a word."""
    text = ENDING_MARKS.sub(lambda marks: " " * len(marks[0]), text)
    return text.translate(LEET)


def _narrowed(text: str) -> Iterator[Edit]:
    """One blank for each run of them, so that a phrase is found across it."""
    for run in RUN_OF_BLANKS.finditer(text):
        yield Edit(run.start(), run.end(), " ", View.SPACED)
