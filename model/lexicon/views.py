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

from model.lexicon.compiled import Compiled, is_of_few
from model.lexicon.disguise import STRETCH_SIGN, Reader, Reading
from model.lexicon.entries import Match, View
from model.lexicon.glued import SHORTEST_FORM, Scissors
from model.lexicon.revealed import Edit
from model.lexicon.spacing import OUTER, Joiner, spaced
from model.text import Folded

CHUNK = re.compile(r"\S+")
JOINTS = re.compile(r"[-/,;:&+\"'()\[\]=]+|\.{2,}|[!?](?=[a-z]{2})")
POSSESSIVE = re.compile(r"'s?$")
ADDRESS = re.compile(r"://|www\.|[\w.]@\w+\.\w")
QUOTES = "'\".,;:?`([{<>}])"
PLAIN_QUOTES = "'\".,;:?!`()[]"
MOST_READ = 2_500
"""So many characters of different disguised-looking chunks are read in one text."""

PER_CHUNK = 8
"""What reading a chunk costs besides its characters, in characters."""

MOST_FOUND = 200
"""So many matches a view gives: time is bounded."""

LONGEST_TURNED = 24
"""Longer chunks are not turned round."""

CODE = re.compile(
    r"[A-Z]+-?\d{2,}|\d{2,}-?[A-Z]+"  # number plates, models: SH17, CVN-77
    r"|(?=(?:[A-Z]*\d){3})(?:\d[A-Z\d]*|[A-Z\d]*\d)"  # 5H1T7
    r"|[A-Z\d]*\d[A-Z\d]*(?:[-/._:][A-Z\d]+)*[-/._:]"  # serial numbers: 5H17-204,
    r"[A-Z\d]*\d[A-Z\d]*(?:[-/._:][A-Z\d]+)*"  # versions, dates, scores
    r"|#[\da-fA-F]{3,8}|[\da-f]*\d[\da-f]{6,}|[\dA-F]*\d[\dA-F]{6,}"  # colours, hashes
)
"""What is no word for all its digits, as the reader wrote it."""

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
        if is_of_few(code):
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
            is_complete = self._disguised(folded, found)
        tokens = words.split()
        hits = self._across.find_matches_as_indexes("".join(tokens), overlapping=True)
        for matches in self._hidden(folded, words, signs, tokens, hits):
            some = list(islice(matches, MOST_FOUND))
            is_complete = is_complete and len(some) < MOST_FOUND
            found += some
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
        if not folded.original.isascii() and TURNED.search(folded.original.lower()):
            yield self._upside_down(folded)

    def _disguised(self, folded: Folded, found: list[Match]) -> bool:
        """Find whatever the reader makes of the text's chunks, each read once.

        Returns:
            Whether all were read.
        """
        seen: dict[str, list[tuple[int, int, Reading]]] = {}
        left = MOST_READ
        for chunk in CHUNK.finditer(folded.text):
            written = chunk[0]
            readings = seen.get(written)
            if readings is None:
                if len(written) < 3 or _is_plain(written):
                    continue
                if not (written.islower() or written.isalpha()):
                    continue  # numbers, and scripts without small letters
                left -= PER_CHUNK + len(written)
                if left < 0:
                    continue
                readings = []
                if not _is_code(folded, chunk):
                    readings += self._pieces(written)
                seen[written] = readings
            if len(found) > MOST_FOUND:
                return False
            at = chunk.start()
            for start, end, reading in readings:
                found.append(Match(reading.entry, at + start, at + end, reading.view))
        return left >= 0

    def _pieces(self, chunk: str) -> Iterator[tuple[int, int, Reading]]:
        """Readings of the whole chunk between its quotes, or else of its parts."""
        if chunk.isalpha():
            if reading := self._reader.stretched(chunk):
                yield 0, len(chunk), reading
            return
        if ADDRESS.search(chunk):
            return
        for start, piece in _cores(chunk):
            if reading := self._reader.read(piece):
                yield start, start + len(piece), reading
                return
        yield from self._parts(chunk)

    def _parts(self, chunk: str) -> Iterator[tuple[int, int, Reading]]:
        """Readings of what stands between hyphens, slashes, commas and quotes."""
        at = 0
        for joint in [*JOINTS.finditer(chunk), None]:
            end = len(chunk) if joint is None else joint.start()
            part = chunk[at:end].rstrip("!?.")
            if 2 < len(part) < len(chunk) and (reading := self._reader.read(part)):
                yield at, at + len(part), reading
            at = end if joint is None else joint.end()

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

    def _upside_down(self, folded: Folded) -> Iterator[Match]:
        """Words with turned letters, read from the other side."""
        for chunk in CHUNK.finditer(folded.text):
            if not 2 < len(chunk.group()) <= LONGEST_TURNED:
                continue
            span = folded.span(*chunk.span())
            written = folded.original[span.start : span.end].lower()
            if TURNED.search(written):
                upright = "".join(UPRIGHT.get(char, char) for char in reversed(written))
                if entry := self._reader.spelled(upright.strip(OUTER)):
                    yield Match(entry, *chunk.span(), View.UPSIDE_DOWN)


def _is_abbreviation(written: str, folded: Folded, view: View) -> bool:
    """Whether a respelt word is a few capitals, where not all is capitals."""
    return (
        view is not View.REPEATED
        and len(written) < 6
        and written[:2].isupper()
        and not folded.original.isupper()
    )


def _blank(at: int) -> Edit:
    return Edit(at, at, " ", View.GLUED)


def _is_plain(chunk: str) -> bool:
    """Whether a chunk is a word without runs, perhaps between quotes."""
    core = chunk if chunk.isalpha() else chunk.strip(PLAIN_QUOTES)
    return core.isalpha() and not STRETCH_SIGN.search(core)


def _is_code(folded: Folded, chunk: re.Match[str]) -> bool:
    span = folded.span(*chunk.span())
    written = folded.original[span.start : span.end].strip(QUOTES)
    return CODE.fullmatch(written) is not None


def _cores(chunk: str) -> list[tuple[int, str]]:
    """What may be the word in a chunk: less or more of what surrounds it belongs."""
    cores: dict[tuple[int, str], None] = {}
    for outer in (OUTER, QUOTES + "!?", QUOTES):
        core = POSSESSIVE.sub("", chunk.strip(outer))
        if len(core) > 2:
            cores[len(chunk) - len(chunk.lstrip(outer)), core] = None
    return list(cores)
