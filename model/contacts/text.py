"""What the seekers of contact details share: a legible text, and what they saw in it.

Leaves out look-alike letters: `model.text` maps those, but it also lower-cases and
turns some scripts' digits into letters, and here digits and capitals count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from model.finding import Span

SURE = 1.0
"""Confidence of what is a private contact detail whatever stands around it."""

DOUBTFUL = 0.6
"""Confidence of what only a person can judge."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A contact detail in the legible text: code points, end exclusive; confidence."""

    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Legible:
    """A text whose digits, spaces and dashes are ASCII, and the way back.

    `offsets[i]` is the place in `original` of the legible character `i`; None where
    every character kept its place.
    """

    original: str
    text: str
    offsets: tuple[int, ...] | None

    def span(self, start: int, end: int) -> Span:
        """Where the non-empty legible range [start, end) lies in the original."""
        if self.offsets is None:
            return Span(start, end)
        after = self.offsets[end - 1] + 1
        # A keycap digit is a digit with two marks after it: the marks go with it.
        while after < len(self.original) and _is_mark(self.original[after]):
            after += 1
        return Span(self.offsets[start], after)


def legible(text: str) -> Legible:
    """Write full-width, circled, Devanagari, ... digits as ASCII, drop the invisible.

    A character becomes at most one character.
    """
    if text.isascii():
        return Legible(text, text, None)
    table = _table()
    plain = text.translate(table)
    if len(plain) == len(text):
        return Legible(text, plain, None)
    kept = [i for i, char in enumerate(text) if char not in DROPPED]
    return Legible(text, plain, tuple(kept))


def before(text: str, start: int, width: int) -> str:
    """The `width` characters that lead up to `start`, lower-case."""
    return text[max(0, start - width) : start].lower()


def _is_mark(char: str) -> bool:
    return unicodedata.category(char) in ("Mn", "Me")


INVISIBLE = (
    (0xAD, 0xAD),  # soft hyphen
    (0x61C, 0x61C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),  # zero-width space and joiners, direction marks
    (0x202A, 0x202E),
    (0x2060, 0x2069),
    (0x20E3, 0x20E3),  # the keycap around a digit
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),
    (0xE0000, 0xE01EF),  # tags, more variation selectors
)
DROPPED = frozenset(
    chr(code) for first, last in INVISIBLE for code in range(first, last + 1)
)
COMPATIBILITY = (
    (0x2070, 0x2BFF),  # enclosed digits, dingbats
    (0xFE30, 0xFFEF),  # small, full-width and half-width forms
    (0x1D400, 0x1D7FF),  # mathematical letters and digits
    (0x1F100, 0x1F1FF),  # more enclosed letters and digits
)


@cache
def _table() -> Mapping[int, str | None]:
    """A table for `str.translate`; made at the first text that is not ASCII, 10 ms."""
    table: dict[int, str | None] = {}
    # Beyond the Supplementary Multilingual Plane there are no decimal digits.
    for code in range(0x80, 0x20000):
        char = chr(code)
        if char.isdecimal():
            table[code] = str(unicodedata.decimal(char))
        elif char.isspace() and char not in "\x85\u2028\u2029":
            table[code] = " "
    for code in _codes(COMPATIBILITY):
        char = chr(code)
        ascii_form = _ascii_form(char)
        if ascii_form:
            table[code] = ascii_form
    for char in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d":
        table[ord(char)] = "-"
    for code in _codes(INVISIBLE):
        table[code] = None
    return table


def _codes(ranges: tuple[tuple[int, int], ...]) -> Iterator[int]:
    for first, last in ranges:
        yield from range(first, last + 1)


def _ascii_form(char: str) -> str | None:
    """The one ASCII character this is a form of.  A footnote's ² is no digit."""
    if unicodedata.decomposition(char).startswith(("<super>", "<sub>")):
        return None
    digit = unicodedata.digit(char, None)
    form = unicodedata.normalize("NFKC", char) if digit is None else str(digit)
    return form if len(form) == 1 and form.isascii() else None
