"""What a lexicon's entries look like in a text: every form and spelling of each.

Lists patterns; how text is searched for them is `model.lexicon`'s part.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from model.lexicon.entries import Entry, Forms, Strength, View
from model.lexicon.inflection import inflections, plurals
from model.lexicon.variants import reversed_word, shortened, stretched
from model.text import fold

REMEMBERED = 0x3400
"""What a character is to the matcher is remembered below this code point only."""


class _Separators(dict[int, str]):
    """Letters, their marks and digits as they are, anything else a blank."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        kept = char if char.isalnum() or unicodedata.category(char)[0] == "M" else " "
        if code < REMEMBERED:
            self[code] = kept
        return kept


_separators = _Separators({c: chr(c) if chr(c).isalnum() else " " for c in range(128)})


def words_of(text: str) -> str:
    """Words between blanks, one blank for each other character and at either end."""
    return f" {text.translate(_separators)} "


@dataclass(frozen=True, slots=True)
class Compiled:
    """What to look for.

    `forms` are whole words and phrases between blanks; `inside` are parts of words;
    `respelt` are spellings derived from strong words; within `exempt`, between blanks,
    nothing is found.
    """

    forms: dict[str, Entry]
    inside: dict[str, Entry]
    respelt: dict[str, tuple[Entry, View]]
    exempt: frozenset[str]

    @classmethod
    def of(cls, entries: Iterable[Entry], allowed: Iterable[str]) -> Compiled:
        """List the forms of entries; of entries with one text the last holds."""
        known = _by_text(entries)
        exempt = frozenset(words_of(fold(phrase).text) for phrase in allowed)
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
            pattern = f" {form} "
            if form not in known and pattern not in exempt:
                forms.setdefault(pattern, entry)
    for text, entry in known.items():
        if entry.strength is not Strength.IGNORE and _is_wordy(text):
            forms[words_of(text)] = entry
    return forms


def _is_wordy(text: str) -> bool:
    """Whether blanks for its symbols leave the entry's meaning: no leet, no stars."""
    return text.isalpha() or all(
        char.isalnum() or char in " -._'" or unicodedata.category(char)[0] == "M"
        for char in text
    )


def _inside(known: dict[str, Entry]) -> dict[str, Entry]:
    return {
        text: entry
        for text, entry in known.items()
        if entry.forms is Forms.INSIDE and entry.strength is not Strength.IGNORE
    }


def _respelt(
    known: dict[str, Entry], forms: dict[str, Entry]
) -> dict[str, tuple[Entry, View]]:
    """Spellings derived from strong words, none of them a word already."""
    respelt: dict[str, tuple[Entry, View]] = {}
    for text, entry in known.items():
        if entry.strength is Strength.REJECT and text.isalpha() and text.isascii():
            for word, view in _spellings(text, entry.forms):
                if f" {word} " not in forms and word not in known:
                    respelt.setdefault(word, (entry, view))
    return respelt


def _spellings(text: str, forms: Forms) -> Iterator[tuple[str, View]]:
    for word in stretched(text):
        yield word, View.REPEATED
    for number in (text,) if forms is Forms.WORD else plurals(text)[:2]:
        for word in reversed_word(number):
            yield word, View.REVERSED
        for word in shortened(number):
            yield word, View.SHORTENED
