"""What one piece of text without blanks may be read as: leet, stretched, masked.

Knows the words it was given and nothing of where the piece stands.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from string import ascii_lowercase

from model.finding import Rule
from model.lexicon.common import WHOLE_WORDS
from model.lexicon.entries import Entry, Strength, View
from model.lexicon.glued import Scissors
from model.lexicon.shapes import BLANK, RUN, STAND_INS, Shapes, covers_runs, squeezed

CONTROL = "\x01"
"""A sign like BLANK that means nothing here."""

LONGEST = 40
"""Longer pieces than this many characters, repeats taken out, are not read."""

SHORTEST_WORD = 3
LONGEST_WORD = 16
"""Longer words are not looked for in disguise: their parts are."""

STRETCH_SIGNS = tuple(letter * 3 for letter in ascii_lowercase) + tuple(
    letter * 2 for letter in "uikhaywvjxq"
)
"""Runs of a letter that English words seldom or never have."""

STRETCH_SIGN = re.compile("|".join(STRETCH_SIGNS) + r"|([^a-z])\1")
LONG_RUN = re.compile(r"(.)\1{3,}", re.DOTALL)
SEPARATOR = re.compile("[^a-z0-9" + re.escape("".join(STAND_INS)) + "]|_")
CENSORED = re.compile("[a-z](?=.*\0)(?=.*[a-z]|\0{2})[a-z0-9\0]+")
"""A letter, a blank, and one letter more or nothing but blanks."""

SYMBOL = re.compile(r"[\W_]")
NUMBER = re.compile(
    r"\d+(?:[a-z]|st|nd|rd|th|am|pm|bn|mn|[ckm]m|kg|ft|in|lb|hp|[km]ph|[kmgt]b)"
    r"|[a-z]\d+"
)
"""Ordinals, quantities, roads: 45s, 73rd, 900k, A55."""

SURE_LEET = 7
"""So long a word is no accident, whatever digits it is written with."""

SURE_STARS = 5
"""So many stars after one letter stand for a slur; for fewer d*** is no dago."""

MASK = re.compile(r"[*#@$%&!?^~_\-.•…]|[^\x00-\x7f\w]")
"""Symbols that hide a letter, emoji among them."""

WEAK_MASKS = frozenset("-_.")
"""Symbols with other uses between letters: they hide one only where much else shows."""

LEET = {ord(char): letters[0] for char, letters in STAND_INS.items() if char != "v"}
"""The letter that a character most likely stands for, for `str.translate`."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The entry that a piece was read as, and how."""

    entry: Entry
    view: View


class Reader:
    """Reads disguised words.  Safe to share between threads."""

    def __init__(
        self,
        forms: Mapping[str, Entry],
        inside: Mapping[str, Entry],
        exempt: frozenset[str],
        scissors: Scissors,
    ) -> None:
        """Index words, parts of words, and words in which nothing is found."""
        self._scissors = scissors
        self._forms = forms
        fitting = [w for w in forms if SHORTEST_WORD <= len(w) <= LONGEST_WORD]
        ranked = sorted(fitting, key=lambda form: not _is_strong(forms[form]))
        self._shapes = Shapes(ranked)
        keys = squeezed("\n".join(ranked)).splitlines()
        unsqueezed: dict[str, list[str]] = {}
        for key, form in zip(keys, ranked, strict=True):
            unsqueezed.setdefault(key, []).append(form)
        self._unsqueezed = {
            key: shared for key, shared in unsqueezed.items() if shared != [key]
        }
        self._squeezed = Shapes(unsqueezed)
        self._inside = inside
        self._ends = Shapes(inside)
        self._sizes = sorted({len(part) for part in inside})
        self._exempt = exempt

    def read(self, piece: str) -> Reading | None:
        """What a piece without blanks stands for; None if it is no disguised word."""
        piece = piece.replace(BLANK, CONTROL)  # In what is sent it hides no letter.
        if len(piece) > LONGEST:
            piece = LONG_RUN.sub(r"\1\1\1", piece)
        if len(piece) > LONGEST:
            return None
        if piece.isalpha():
            return self.stretched(piece)
        if not piece.islower() or _is_number(piece):
            return None
        entry = self._leet(piece)
        best = Reading(entry, View.LEET) if entry else None
        # f@ck is leet for a mild word and a mask for a strong one: the strong is meant.
        for view in (self.stretched, self._masked, self._punctuated):
            if best and _is_strong(best.entry):
                break
            if best and len(MASK.findall(piece)) > 1:
                break  # pi$$es is leet and no mask
            reading = view(piece)
            if reading and (best is None or _is_strong(reading.entry)):
                best = reading
        return best

    def spelled(self, letters: str) -> Entry | None:
        """The entry for letters given one by one, plain or disguised."""
        if entry := self._forms.get(letters) or self._within(letters, ""):
            return entry
        if reading := self.read(letters):
            return reading.entry
        cuts = [0, *self._scissors.cuts(letters), len(letters)]
        pieces = [letters[start:end] for start, end in pairwise(cuts)]
        found = [entry for piece in pieces if (entry := self._forms.get(piece))]
        return next((e for e in found if _is_strong(e)), found[0] if found else None)

    def stretched(self, piece: str) -> Reading | None:
        """fuuuuck, and stretched leet such as a$$$."""
        if len(piece) < 4 or not RUN.search(piece):
            return None
        if piece in self._exempt or not STRETCH_SIGN.search(piece):
            return None
        short = squeezed(piece)
        if len(short) > LONGEST:
            return None
        for key in self._squeezed.fitting(short):
            for form in self._unsqueezed.get(key, (key,)):
                if covers_runs(piece, form):
                    return Reading(self._forms[form], View.REPEATED)
        entry = self._within(squeezed(piece).translate(LEET), piece)
        return Reading(entry, View.REPEATED) if entry else None

    def _leet(self, piece: str) -> Entry | None:
        """sh1t, a$$, bull5h1t."""
        for form in self._shapes.fitting(piece):
            return self._forms[form]
        return self._within(piece.translate(LEET), piece) if len(piece) > 4 else None

    def _within(self, word: str, written: str) -> Entry | None:
        """An entry found anywhere within a word, but not within what was written."""
        if word in self._exempt:
            return None
        for part, entry in self._inside.items():
            if part in word and part not in written:
                return entry
        return None

    def _punctuated(self, piece: str) -> Reading | None:
        """f.u.c.k, fu.ck; also with leet letters and masks: f.u.(.k, f.*.c.k."""
        if len(piece) > 4 and len(set(piece[1::2])) == 1 and not piece[1].isalnum():
            letters = piece[::2]
            digits = sum(map(str.isdigit, letters))
            entry = self.spelled(letters) if 2 * digits <= len(letters) else None
            return Reading(entry, View.PUNCTUATED) if entry else None
        for separator in (SEPARATOR, SYMBOL):
            parts = [part for part in separator.split(piece) if part]
            joined = "".join(parts)
            if len(parts) < 2 or len(joined) < 3 or _are_words(parts):
                continue
            if 2 * sum(map(str.isdigit, joined)) > len(joined):
                continue
            if entry := self._forms.get(joined) or self._leet_whole(joined):
                return Reading(entry, View.PUNCTUATED)
            if reading := self.stretched(joined):
                return Reading(reading.entry, View.PUNCTUATED)
        return None

    def _leet_whole(self, piece: str) -> Entry | None:
        if piece.isalpha() or _is_number(piece):
            return None
        return next((self._forms[form] for form in self._shapes.fitting(piece)), None)

    def _masked(self, piece: str) -> Reading | None:
        """f*ck, f***, c#nt, bullsh*t: any symbol for any one letter."""
        pattern = MASK.sub(BLANK, piece)
        if len(piece) < 3 or not CENSORED.fullmatch(pattern):
            return None
        for form in self._shapes.fitting(pattern):
            if _is_fair_mask(piece, self._forms[form]):
                return Reading(self._forms[form], View.MASKED)
        entry = self._masked_stretched(pattern)
        if entry is None and len(piece) > 5 and pattern.count(BLANK) < 4:
            entry = self._masked_end(piece, pattern)
        return Reading(entry, View.MASKED) if entry else None

    def _masked_stretched(self, pattern: str) -> Entry | None:
        """fuuu*k: one letter hidden, another stretched."""
        short = squeezed(pattern)
        if pattern.count(BLANK) != 1 or len(short) < 4 or len(short) == len(pattern):
            return None
        for key in self._squeezed.fitting(short):
            for form in self._unsqueezed.get(key, (key,)):
                if len(form) == len(key):
                    return self._forms[form]
        return None

    def _masked_end(self, piece: str, pattern: str) -> Entry | None:
        """bullsh*t, sh*thead: a part that is found anywhere, at either end."""
        for size in self._sizes:
            if size >= len(piece):
                break
            for end in (slice(size), slice(-size, None)):
                for part in self._ends.fitting(pattern[end]):
                    symbols = set(MASK.findall(piece[end]))
                    if not symbols:
                        continue
                    if pattern[end].count(BLANK) <= 2 and not symbols & WEAK_MASKS:
                        return self._inside[part]
        return None


def _is_strong(entry: Entry) -> bool:
    return entry.strength is Strength.REJECT


def _is_number(piece: str) -> bool:
    """Whether digits say more than letters do: ordinals, quantities, roads, codes.

    Far more digits than letters are leet only within a word, or in a long one: n1663r
    and 455h0l3, but not 5h17.
    """
    digits = sum(map(str.isdigit, piece))
    if digits > 2 and len(piece) < SURE_LEET:
        letters = sum(map(str.isalpha, piece))
        if digits > letters + 1 and not (piece[0].isalpha() and piece[-1].isalpha()):
            return True
    return digits > 0 and NUMBER.fullmatch(piece) is not None


def _are_words(parts: list[str]) -> bool:
    """Whole words are never joined; single letters and fragments are."""
    return all(part in WHOLE_WORDS for part in parts) and any(
        len(part) > 1 for part in parts
    )


def _is_fair_mask(piece: str, entry: Entry) -> bool:
    """Whether so much of a word shows that the mask means this one."""
    symbols = MASK.findall(piece)
    hidden, shown = len(symbols), len(piece) - len(symbols)
    kinds = set(symbols)
    if not _is_strong(entry) and (shown < 2 or not piece[-1].isalpha()):
        return False
    if len(piece) < 5 and any(map(str.isdigit, piece)):
        return False
    if shown == 1:
        if entry.rule is not Rule.OBSCENE and hidden < SURE_STARS:
            return False
        return hidden > 2 and kinds in ({"*"}, {"#"}, {"-"}, {"_"})
    if piece[-1] in "?!.&":
        return False
    if kinds & WEAK_MASKS:
        return _is_strong(entry) and _is_fair_gap(piece, kinds, hidden, shown)
    if hidden == 1 and not piece[-1].isalnum():
        return shown > 2 and piece[:-1] not in WHOLE_WORDS
    return len(piece) > 3 or "&" not in kinds


def _is_fair_gap(piece: str, kinds: set[str], hidden: int, shown: int) -> bool:
    """f--k, f_ck, f---ing: hyphens, underscores or dots between letters."""
    if len(kinds) > 1 or not piece[-1].isalnum():
        return False
    (symbol,) = kinds
    if hidden == 1:
        return shown > 2 and symbol != "."
    return symbol * hidden in piece
