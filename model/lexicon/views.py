"""Readings of a text that uncover disguised words: leet, masks, spacing, repeats.

Each view is tried only where a cheap look at the text's shape allows it, and only finds
words it was given.  Plain words are the lexicon's own part.
"""

# ruff: noqa: RUF001  (turned letters look like others)

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ahocorasick_rs import AhoCorasick, Implementation

from model.lexicon.common import WHOLE_WORDS
from model.lexicon.compiled import REMEMBERED, Compiled
from model.lexicon.disguise import Reader, Reading
from model.lexicon.entries import Entry, Match, Strength, View
from model.lexicon.shapes import RUN
from model.text import Folded

CHUNK = re.compile(r"\S+")
TOKEN = re.compile(r"[^\W_]+")
JOINTS = re.compile(r"[-/,;:&+\"'()\[\]=]+|\.{2,}|[!?](?=[a-z]{2})")
POSSESSIVE = re.compile(r"'s?$")
ADDRESS = re.compile(r"://|www\.|[\w.]@\w+\.\w")
QUOTES = "'\".,;:?`([{<>}])"
OUTER = QUOTES + "!*_~-#|+=&/\\"
MOST_CHUNKS = 200
"""So many different disguised-looking chunks are read in one text: time is bounded."""

LONGEST_GROUP = 24
"""So many single characters in a row are read together at most."""

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
    for first in "a0*!(-"
    for second in "a0*!(-"
    for mark in (" ", ". ", ", ")
    for blank in ("", " ")
)
"""Shapes of two characters in a row that stand alone, perhaps each with a mark."""

TURNED = re.compile("[ɐɔǝɟƃɓɥᴉıɾʞɯɹʇʌʍʎᵷ]")
UPRIGHT = dict(
    zip("ɐqɔpǝɟƃɓᵷɥᴉıɾʞɯuodbɹʇnʌʍʎw", "abcdefggghiijkmnopqrtuvwym", strict=True)
)


NO_SIGNS: frozenset[str] = frozenset()


class _Kinds(dict[int, str]):
    """The kind of each character, `*` for symbols, for `str.translate`."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kind = "a" if char.isalpha() else " " if char.isspace() else "*"
        if code < REMEMBERED:
            self[code] = kind
        return kind


_kinds = _Kinds(
    dict.fromkeys(range(128), "*")
    | {ord(char): kind for kind, chars in KINDS.items() for char in chars}
)


class Views:
    """Disguised words.  Safe to share between threads."""

    def __init__(self, compiled: Compiled) -> None:
        """Index what may be uncovered."""
        forms = {form[1:-1]: entry for form, entry in compiled.forms.items()}
        self._forms = forms.keys()
        exempt = frozenset(phrase[1:-1] for phrase in compiled.exempt)
        self._reader = Reader(forms, compiled.inside, exempt)
        self._signs = AhoCorasick(
            [*DISGUISES, *LONE], implementation=Implementation.DFA
        )
        self._respelt = compiled.respelt
        self._joined = {
            form: entry
            for form, entry in forms.items()
            if form.isalpha()
            and len(form) > (3 if entry.strength is Strength.REJECT else 4)
        }
        self._across = AhoCorasick(
            {
                entry.text if form.startswith(entry.text) else form
                for form, entry in self._joined.items()
            }
        )

    def signs(self, text: str) -> frozenset[str]:
        """Shapes in a folded text that no plain words have: empty for most texts."""
        hits = self._signs.find_matches_as_strings(
            f" {text.translate(_kinds)} ", overlapping=True
        )
        return frozenset(hits) if hits else NO_SIGNS

    def found(
        self, folded: Folded, words: str, signs: frozenset[str], *, is_stretched: bool
    ) -> list[Match]:
        """Disguised words in a folded text.

        Args:
            folded: the text.
            words: it with everything but letters and digits blank, and one blank more
                at either end.
            signs: what `signs` says of it.
            is_stretched: whether one of `disguise.STRETCH_SIGNS` is in the text.
        """
        found: list[Match] = []
        if signs or is_stretched:
            found += self._disguised(folded.text)
        if not LONE.isdisjoint(signs):
            found += self._spaced(folded.text)
        tokens = words.split()
        if not self._respelt.keys().isdisjoint(tokens):
            found += self._respelled(folded)
        if self._across.find_matches_as_indexes(words.replace(" ", "")):
            found += self._split(folded)
        if not folded.original.isascii() and TURNED.search(folded.original.lower()):
            found += self._upside_down(folded)
        return found

    def _disguised(self, text: str) -> Iterator[Match]:
        """Whatever the reader makes of the text's chunks, each read once."""
        seen: dict[str, list[tuple[int, int, Reading]]] = {}
        for chunk in CHUNK.finditer(text):
            written, at = chunk.group(), chunk.start()
            readings = seen.get(written)
            if readings is None:
                if len(seen) == MOST_CHUNKS:
                    return
                if len(written) < 3 or (written.isalpha() and not RUN.search(written)):
                    continue
                readings = seen[written] = list(self._pieces(written))
            for start, end, reading in readings:
                yield Match(reading.entry, at + start, at + end, reading.view)

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

    def _respelled(self, folded: Folded) -> Iterator[Match]:
        """btch, kcuf, bittch: but a few capitals without vowels are an abbreviation."""
        for token in TOKEN.finditer(folded.text):
            if not (known := self._respelt.get(token.group())):
                continue
            entry, view = known
            span = folded.span(*token.span())
            written = folded.original[span.start : span.end]
            if view is View.SHORTENED and written[:2].isupper() and len(written) < 6:
                continue
            yield Match(entry, token.start(), token.end(), view)

    def _spaced(self, text: str) -> Iterator[Match]:
        """f u c k: single characters, perhaps with a mark each, between blanks."""
        for group in _lone_groups(text):
            for chunks in _trimmed(text, group):
                joined = "".join(text[start:end] for start, end in chunks)
                entry = (
                    None if "_" in joined else self._reader.spelled(joined.strip(OUTER))
                )
                if entry:
                    yield Match(entry, chunks[0][0], chunks[-1][1], View.SPACED)
                    break

    def _split(self, folded: Folded) -> Iterator[Match]:
        """fu ck: a word in two parts that are not both words themselves."""
        text = folded.text
        tokens = [match.span() for match in TOKEN.finditer(text)]
        for left, right in pairwise(tokens):
            entry = self._joined.get(text[slice(*left)] + text[slice(*right)])
            if entry and self._is_split(folded, left, right, entry):
                yield Match(entry, left[0], right[1], View.SPLIT)

    def _is_split(
        self,
        folded: Folded,
        left: tuple[int, int],
        right: tuple[int, int],
        entry: Entry,
    ) -> bool:
        """Whether two parts read as one word cut up, not as neighbours in a sentence.

        Two words never do; what only flags does if neither part is a word.
        """
        text = folded.text
        parts = text[slice(*left)], text[slice(*right)]
        words = [part in WHOLE_WORDS or part in self._forms for part in parts]
        if all(words) or (any(words) and entry.strength is not Strength.REJECT):
            return False
        # "Model S hit the road": a capital alone beside a word is no part of it.
        at = folded.span(*left).start
        if len(parts[0]) == 1 and words[1] and folded.original[at].isupper():
            return False
        return _is_cut(text[left[1] : right[0]], text[left[0] - 1 : left[0]], parts)

    def _upside_down(self, folded: Folded) -> Iterator[Match]:
        """Words with turned letters, read from the other side."""
        for chunk in CHUNK.finditer(folded.text):
            if not 2 < len(chunk.group()) <= LONGEST_GROUP:
                continue
            span = folded.span(*chunk.span())
            written = folded.original[span.start : span.end].lower()
            if TURNED.search(written):
                upright = "".join(UPRIGHT.get(char, char) for char in reversed(written))
                if entry := self._reader.spelled(upright.strip(OUTER)):
                    yield Match(entry, *chunk.span(), View.UPSIDE_DOWN)


def _cores(chunk: str) -> list[tuple[int, str]]:
    """What may be the word in a chunk: less or more of what surrounds it belongs."""
    cores: dict[tuple[int, str], None] = {}
    for outer in (OUTER, QUOTES + "!?", QUOTES):
        core = POSSESSIVE.sub("", chunk.strip(outer))
        if len(core) > 2:
            cores[len(chunk) - len(chunk.lstrip(outer)), core] = None
    return list(cores)


def _lone_groups(text: str) -> Iterator[list[tuple[int, int]]]:
    """Three and more characters in a row that stand alone, as ranges."""
    group: list[tuple[int, int]] = []
    for chunk in CHUNK.finditer(text):
        start, end = chunk.span()
        is_lone = end - start == 1 or (end - start == 2 and not chunk.group().isalnum())
        if group and (
            not is_lone or start - group[-1][1] > 3 or len(group) == LONGEST_GROUP
        ):
            if len(group) > 2:
                yield group
            group = []
        if is_lone:
            group.append((start, end))
    if len(group) > 2:
        yield group


def _trimmed(
    text: str, group: list[tuple[int, int]]
) -> Iterator[list[tuple[int, int]]]:
    """The group, and it without a lone word (a, I, u) at either end."""
    for first, last in ((0, 0), (1, 0), (0, 1), (1, 1)):
        kept = group[first : len(group) - last]
        dropped = group[:first] + group[len(group) - last :]
        if len(kept) > 2 and all(text[a:b] in {"a", "i", "u"} for a, b in dropped):
            yield kept


def _is_cut(gap: str, before: str, parts: tuple[str, str]) -> bool:
    """Whether the gap between two parts is a cut: one blank or mark, not both."""
    if "'" in (gap, before) or len(gap) > 2 or (gap == "." and 1 in map(len, parts)):
        return False
    return gap.isspace() or " " not in gap
