"""What a lexicon's entries look like in a text: every form and spelling of each.

Lists patterns; how text is searched for them is `model.lexicon`'s part.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from model.lexicon.entries import Entry, Forms, Strength, View
from model.lexicon.inflection import inflections, plurals
from model.lexicon.variants import bared, reversed_word, shortened, stretched
from model.text import fold

ALPHABETS = range(0x3400)
EMOJI = range(0x1F000, 0x1FC00)
"""Blocks of which each character is remembered, what it is to the matcher."""

JOINTS = " -._'"
"""What stands between the words of a phrase, or in a word, and means nothing."""

LEAST_FLAGGED = 4
"""Letters that a word which only flags must have to be known by other spellings, and
one more to be known when it is turned round."""

LONGEST_INFLECTED = 6
"""Of longer words only the plural is known by other spellings."""


class _Separators(dict[int, str]):
    """Letters, their marks and digits as they are, anything else a blank."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = char if char.isalnum() or unicodedata.category(char)[0] == "M" else " "
        if code in ALPHABETS or code in EMOJI:
            self[code] = kept
        return kept


_separators = _Separators({c: chr(c) if chr(c).isalnum() else " " for c in range(128)})


def words_of(text: str) -> str:
    """Words between blanks, one blank for each other character and at either end."""
    return f" {text.translate(_separators)} "


@dataclass(frozen=True, slots=True)
class Compiled:
    """What to look for.

    `forms` are whole words, and phrases with one blank between words; `inside` are
    parts of words; `respelt` are words that are derived spellings of others; within the
    words and phrases of `exempt` nothing is found.
    """

    forms: dict[str, Entry]
    inside: dict[str, Entry]
    respelt: dict[str, tuple[Entry, View]]
    exempt: frozenset[str]

    @classmethod
    def of(cls, entries: Iterable[Entry], allowed: Iterable[str]) -> Compiled:
        """List the forms of entries; of entries with one text the last holds."""
        known = _by_text(entries)
        exempt = frozenset(_plain(fold(phrase).text) for phrase in allowed)
        forms = _forms(known, exempt)
        return cls(forms, _inside(known), _respelt(known, forms), exempt)


def _by_text(entries: Iterable[Entry]) -> dict[str, Entry]:
    """Entries by their folded text.

    What is written in Cyrillic or Greek reads as Latin look-alikes beside Latin words,
    so it is known by that reading, too.
    """
    known: dict[str, Entry] = {}
    for entry in entries:
        known[fold(entry.text).text] = entry
        if not entry.text.isascii():
            known[fold(f"x {entry.text} x").text[2:-2]] = entry
    return known


def _forms(known: dict[str, Entry], exempt: frozenset[str]) -> dict[str, Entry]:
    """Whole words and phrases, inflected.

    A form that is an entry itself belongs to that entry, so what is ignored is never
    found as another word's inflection.
    """
    forms: dict[str, Entry] = {}
    for text, entry in known.items():
        if entry.strength is Strength.IGNORE:
            continue
        for form in inflections(text) if entry.forms is not Forms.WORD else ():
            if form not in known and form not in exempt:
                forms.setdefault(form, entry)
    for text, entry in known.items():
        if entry.strength is not Strength.IGNORE and _is_wordy(text):
            forms[_plain(text)] = entry
    return forms


def _plain(text: str) -> str:
    """Words with one blank in place of each symbol."""
    return words_of(text)[1:-1]


def _is_wordy(text: str) -> bool:
    """Whether blanks for its symbols leave the entry's meaning: no leet, no stars."""
    return text.isalpha() or not symbols_of(text)


def symbols_of(text: str) -> list[str]:
    """What in a text is neither of a word nor between words."""
    return [
        char
        for char in text
        if not char.isalnum()
        and char not in JOINTS
        and unicodedata.category(char)[0] != "M"
    ]


def _inside(known: dict[str, Entry]) -> dict[str, Entry]:
    return {
        text: entry
        for text, entry in known.items()
        if entry.forms is Forms.INSIDE and entry.strength is not Strength.IGNORE
    }


def _respelt(
    known: dict[str, Entry], forms: dict[str, Entry]
) -> dict[str, tuple[Entry, View]]:
    """Spellings derived from words, none of them a word already; strong ones first."""
    respelt: dict[str, tuple[Entry, View]] = {}
    entries = [e for text, e in known.items() if text.isalpha() and text.isascii()]
    for strength in (Strength.REJECT, Strength.FLAG):
        for entry in entries:
            if entry.strength is strength:
                for view, words in _spellings(entry.text, entry):
                    reading = entry, view
                    for word in words:
                        if word not in forms and word not in known:
                            respelt.setdefault(word, reading)
    return respelt


def _spellings(text: str, entry: Entry) -> Iterator[tuple[View, set[str]]]:
    """Spellings of a word; of one that only flags few, for more of them are words."""
    is_strong = entry.strength is Strength.REJECT
    if is_strong:
        yield View.REPEATED, stretched(text)
    elif len(text) < LEAST_FLAGGED:
        return
    written = _written(text, entry)
    if is_strong or len(text) > LEAST_FLAGGED:
        yield View.REVERSED, set().union(*map(reversed_word, written))
    yield View.SHORTENED, set().union(*map(bared, written))
    if is_strong:
        numbers = (text,) if entry.forms is Forms.WORD else plurals(text)[:2]
        yield View.SHORTENED, set().union(*map(shortened, numbers))


def _written(text: str, entry: Entry) -> Iterable[str]:
    """The inflections in which a word is looked for as another spelling."""
    if entry.forms is Forms.WORD:
        return (text,)
    if entry.strength is Strength.REJECT and len(text) <= LONGEST_INFLECTED:
        return inflections(text)
    return plurals(text)[:2]
