"""Readings of a text that uncover disguised words: leet, masks, spacing, repeats.

Each view is tried only where a cheap look at the text's shape allows it, and only finds
words it was given.  Plain words are the lexicon's own part.
"""

# ruff: noqa: RUF001  (turned letters look like others)

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate, islice
from operator import add
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, Implementation

from model.lexicon.chunks import CHUNK, MOST_FOUND, Chunks
from model.lexicon.compiled import ALPHABETS, EMOJI, Compiled
from model.lexicon.disguise import Reader
from model.lexicon.entries import Entry, Match, View
from model.lexicon.glued import SHORTEST_FORM, Scissors
from model.lexicon.revealed import Edit
from model.lexicon.spacing import OUTER, Joiner, spaced
from model.text import Folded

LONGEST_TURNED = 24
"""Longer chunks are not turned round."""

MOST_TURNED = 60
"""So many different chunks with turned letters are read in one text."""

KINDS = {
    "a": "abcdefghijklmnopqrstuvwxyz",
    "0": "0123456789",
    " ": " \t\n\r\v\f",
    "'": "'\"`",
    ",": ",;:",
    "(": "([{<",
    ")": ")]}>",
    "!": "!",
    "?": "?",
    ".": ".",
    "-": "-",
}
DISGUISES = (
    *("a*", "*a", "a0", "0a", "a!a", "a!0", "0!a", "a!*", " !a", "a?a", "a(a", "a,a"),
    *("a--", "a.a", "a..", "a.*", "-a-", "-*-", "'a'"),
)
"""Shapes of what is no plain word: symbols and digits among letters, lone letters."""

LONE = frozenset(
    f" {first}{mark}{blank}{second}{mark}"
    for first in "a0*!(-."
    for second in "a0*!(-."
    for mark in (" ", ". ", ", ")
    for blank in ("", " ")
)
"""Shapes of two characters in a row that stand alone, perhaps each with a mark."""

TURNED = re.compile("[ɐɔǝɟƃɓɥᴉıɾʞɯɹʇʌʍʎᵷ]")
UPRIGHT = dict(
    zip("ɐqɔpǝɟƃɓᵷɥᴉıɾʞɯuodbɹʇnʌʍʎw", "abcdefggghiijkmnopqrtuvwym", strict=True)
)


Hit = tuple[int, int, int]
"""What an automaton found: which pattern, and the half-open range."""

NO_SIGNS: frozenset[str] = frozenset()


class _Kinds(dict[int, str]):
    """The kind of each character, `*` for symbols, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = "a" if char.isalpha() else " " if char.isspace() else "*"
        if code in ALPHABETS or code in EMOJI:
            self[code] = kind
        return kind


_kinds = _Kinds(
    dict.fromkeys(range(128), "*")
    | {ord(char): kind for kind, chars in KINDS.items() for char in chars}
)


class Found(NamedTuple):
    """What was uncovered in a text.

    `edits` cut words that are glued together.  `is_complete` is false where too much
    looked disguised to be read.
    """

    matches: list[Match]
    edits: list[Edit]
    is_complete: bool


class Views:
    """Disguised words.  Safe to share between threads."""

    def __init__(self, compiled: Compiled) -> None:
        """Index what may be uncovered."""
        words = {form: e for form, e in compiled.forms.items() if form.isalpha()}
        self._words = words
        self._scissors = Scissors(words, compiled.exempt)
        self._joiner = Joiner(words)
        self._reader = Reader(words, compiled.inside, compiled.exempt, self._scissors)
        self._chunks = Chunks(self._reader)
        self._respelt = compiled.respelt
        self._signs = AhoCorasick(
            [*DISGUISES, *LONE], implementation=Implementation.DFA
        )
        self._across = AhoCorasick(
            {
                entry.text if form.startswith(entry.text) else form
                for form, entry in words.items()
                if len(form) >= SHORTEST_FORM
            },
            implementation=Implementation.ContiguousNFA,
        )

    def signs(self, text: str) -> frozenset[str]:
        """Shapes in a folded text that no plain words have: empty for most texts."""
        hits = self._signs.find_matches_as_strings(
            f" {text.translate(_kinds)} ", overlapping=True
        )
        return frozenset(hits) if hits else NO_SIGNS

    def found(
        self, folded: Folded, words: str, signs: frozenset[str], *, is_stretched: bool
    ) -> Found:
        """Disguised words in a folded text.

        Args:
            folded: the text.
            words: it with everything but letters and digits blank, and one blank more
                at either end.
            signs: what `signs` says of it.
            is_stretched: whether one of `disguise.STRETCH_SIGNS` is in the text.
        """
        found: list[Match] = []
        edits: list[Edit] = []
        is_complete = True
        if signs or is_stretched:
            is_complete = self._chunks.find(folded, found)
        tokens = words.split()
        hits = self._across.find_matches_as_indexes("".join(tokens), overlapping=True)
        for matches in self._hidden(folded, words, signs, tokens, hits):
            some = list(islice(matches, MOST_FOUND))
            is_complete = is_complete and len(some) < MOST_FOUND
            found += some
        if not folded.original.isascii() and TURNED.search(folded.original.lower()):
            is_complete = self._upside_down(folded, found) and is_complete
        if "#" in folded.text:
            edits += map(_blank, self._scissors.tag_cuts(folded))
        if hits:
            edits += self._glued(words, tokens, hits)
        if len(edits) > MOST_FOUND:
            del edits[MOST_FOUND:]
            is_complete = False
        return Found(found, edits, is_complete)

    def _hidden(
        self,
        folded: Folded,
        words: str,
        signs: frozenset[str],
        tokens: list[str],
        hits: list[Hit],
    ) -> Iterator[Iterator[Match]]:
        """What each of the views finds that a first look speaks for."""
        if not LONE.isdisjoint(signs):
            yield spaced(folded.text, self._reader.spelled)
        if not self._respelt.keys().isdisjoint(tokens):
            yield self._respelled(folded, words)
        if hits and not self._words.keys().isdisjoint(map(add, tokens, tokens[1:])):
            yield self._joiner.split(folded, words)

    def _respelled(self, folded: Folded, words: str) -> Iterator[Match]:
        """btch, kcuf, bittch: but a few capitals without vowels are an abbreviation."""
        for token in CHUNK.finditer(words):
            if not (known := self._respelt.get(token[0])):
                continue
            (entry, view), start, end = known, token.start() - 1, token.end() - 1
            span = folded.span(start, end)
            written = folded.original[span.start : span.end]
            if _is_abbreviation(written, folded, view) or (
                start and view is not View.SHORTENED and written.istitle()
            ):
                continue  # the latter is a name, such as Twatt
            yield Match(entry, start, end, view)

    def _glued(self, words: str, tokens: list[str], hits: list[Hit]) -> Iterator[Edit]:
        """Where to cut words that others are glued to.

        Args:
            words: words between blanks, one blank before the text.
            tokens: the words.
            hits: where words of the lexicon stand in `tokens`, joined.
        """
        ends = list(accumulate(map(len, tokens)))
        cuts: dict[str, list[int]] = {}
        for start in dict.fromkeys(start for _, start, _ in hits):
            which = bisect_right(ends, start)
            word = tokens[which]
            if word in cuts or word in self._words:
                continue
            cuts[word] = self._scissors.cuts(word)
        if any(cuts.values()):
            for token in CHUNK.finditer(words):
                for cut in cuts.get(token[0], ()):
                    yield _blank(token.start() - 1 + cut)

    def _upside_down(self, folded: Folded, found: list[Match]) -> bool:
        """Add words with turned letters, read from the other side, each once.

        Returns:
            Whether all were read.
        """
        read: dict[str, Entry | None] = {}
        for chunk in CHUNK.finditer(folded.text):
            if not 2 < len(chunk.group()) <= LONGEST_TURNED:
                continue
            span = folded.span(*chunk.span())
            written = folded.original[span.start : span.end].lower()
            if not TURNED.search(written):
                continue
            if written not in read:
                if len(read) == MOST_TURNED:
                    return False
                read[written] = self._reader.spelled(_upright(written))
            if entry := read[written]:
                found.append(Match(entry, *chunk.span(), View.UPSIDE_DOWN))
            if len(found) > MOST_FOUND:
                return False
        return True


def _is_abbreviation(written: str, folded: Folded, view: View) -> bool:
    """Whether a respelt word is a few capitals, where not all is capitals."""
    return (
        view is not View.REPEATED
        and len(written) < 6
        and written[:2].isupper()
        and not folded.original.isupper()
    )


def _upright(written: str) -> str:
    """A chunk from the other side, without what surrounds it."""
    return "".join(UPRIGHT.get(char, char) for char in reversed(written)).strip(OUTER)


def _blank(at: int) -> Edit:
    return Edit(at, at, " ", View.GLUED)
