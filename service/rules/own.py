"""What a site may set of its own, checked: words, allowed phrases, notices, notes.

Words are literal: there are no patterns, and what could never be found is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TypeVar

from model.finding import Rule
from model.lexicon.compiled import JOINTS, symbols_of
from model.lexicon.entries import Forms, Strength
from model.lexicon.matcher import Lexicon
from model.text import fold
from service.domain import Word
from service.errors import InvalidInput
from service.notices import LANGUAGES, NOTICES

Choice = TypeVar("Choice", bound=StrEnum)

MAX_WORD = 64  # characters
MAX_WORDS = 2_000
"""A site's own words, and as many allowed phrases: measured in `judges`."""

MAX_NOTICE = 1_000  # characters
MAX_NOTE = 200  # characters

AROUND = f'{JOINTS}\r\n\t"“”‘’„«»'  # noqa: RUF001  quotation marks
"""What may stand around a word that was pasted, and is no part of it."""

JOINERS = "\u200c\u200d"
"""Invisible, but letters of Indian scripts look otherwise without them."""

FORMS = (Forms.WORD, Forms.STEM)
"""How a site's word may be looked for; INSIDE is for few, which we have chosen."""


def make_word(text: str, rule: str, strength: str, forms: str) -> Word:
    """A word of a site's own, spelt as it was given.

    Raises:
        InvalidInput: names every field that is wrong, as `/text`, `/rule` and so on.
    """
    problems: list[tuple[str, str]] = []
    values = (
        _text(text, problems),
        _choice(Rule, rule, "/rule", problems),
        _choice(Strength, strength, "/strength", problems),
        _choice(FORMS, forms, "/forms", problems),
    )
    if problems:
        raise InvalidInput(*problems[0], *problems[1:])
    return Word(*values)


def make_phrase(text: str) -> str:
    """A word or phrase to be allowed, spelt as it was given.

    Raises:
        InvalidInput: it could never stand in a comment.
    """
    problems: list[tuple[str, str]] = []
    phrase = _text(text, problems)
    if problems:
        raise InvalidInput(*problems[0])
    return phrase


def same(text: str) -> str:
    """What texts share that are read as the same word."""
    return " ".join(fold(text).text.split())


def with_word(
    words: Iterable[Word], allowed: Iterable[str], word: Word
) -> tuple[Word, ...]:
    """The words with one more, in place of one that is read the same.

    Raises:
        InvalidInput: it is allowed, or there are too many.
    """
    key = same(word.text)
    if any(same(phrase) == key for phrase in allowed):
        problem = f"“{word.text}” is on the allow list; take it off there first."
        raise InvalidInput("/text", problem)
    kept = tuple(other for other in words if same(other.text) != key)
    if len(kept) >= MAX_WORDS:
        raise InvalidInput("/text", f"A site may have {MAX_WORDS:,} words of its own.")
    return (*kept, word)


def with_phrase(
    allowed: Iterable[str], words: Iterable[Word], phrase: str
) -> tuple[str, ...]:
    """The allow list with one phrase more.

    Raises:
        InvalidInput: it is one of the site's words, or there are too many.
    """
    key = same(phrase)
    if any(same(word.text) == key for word in words):
        problem = f"“{phrase}” is among the words; remove it there first."
        raise InvalidInput("/text", problem)
    kept = tuple(other for other in allowed if same(other) != key)
    if len(kept) >= MAX_WORDS:
        raise InvalidInput("/text", f"The allow list may have {MAX_WORDS:,} lines.")
    return (*kept, phrase)


def make_notices(
    given: Mapping[tuple[str, str], str],
) -> dict[str, dict[str, str]]:
    """A site's wording of notices, by language and clause.

    Args:
        given: texts by language and clause; a blank one, and one that is ours, is
            left out: ours then holds.

    Raises:
        InvalidInput: a language or clause is unknown, or a text too long; names every
            one that is wrong, as `/hi/obscene`.
    """
    notices: dict[str, dict[str, str]] = {}
    problems: list[tuple[str, str]] = []
    for (language, clause), text in given.items():
        text = "\n".join(line.strip() for line in text.strip().splitlines())
        if problem := _wrong_notice(language, clause, text):
            problems.append((f"/{language}/{clause}", problem))
        elif text and text != NOTICES[language][clause]:
            notices.setdefault(language, {})[clause] = text
    if problems:
        raise InvalidInput(*problems[0], *problems[1:])
    return notices


def make_note(text: str) -> str | None:
    """Why a change is made, in one line; None for a blank one.

    Raises:
        InvalidInput: it is too long or has control characters.
    """
    note = " ".join(text.split())
    if len(note) > MAX_NOTE:
        raise InvalidInput("/note", f"A note may have {MAX_NOTE} characters.")
    if control := _control(note):
        raise InvalidInput("/note", f"There is a control character in it ({control}).")
    return note or None


def _text(text: str, problems: list[tuple[str, str]]) -> str:
    """The text without what is invisible; what is wrong with it joins the problems."""
    seen = "".join(c for c in text if c in JOINERS or unicodedata.category(c) != "Cf")
    spelt = re.sub(" +", " ", seen).strip(AROUND)
    if problem := _wrong_text(spelt):
        problems.append(("/text", problem))
    return spelt


def _wrong_text(text: str) -> str | None:
    """Why a text could never be found in a comment; None if it could."""
    folded = same(text)
    if not text:
        return "Write a word or a phrase."
    if len(text) > MAX_WORD or len(folded) > MAX_WORD:
        return f"A word or phrase may have {MAX_WORD} characters."
    if control := _control(text):
        return f"There is a control character in it ({control})."
    if not any(char.isalnum() for char in folded):
        return "There is no letter or digit in it to look for."
    if symbols := symbols_of(folded):
        shown = " ".join(dict.fromkeys(symbols))
        return (
            f"What has {shown} in it is never found. A word is looked for as it "
            "stands, it is no pattern; write it plainly, and disguises are seen."
        )
    if not _is_found(folded):
        return "No comment can be read in a way that this would be found."
    return None


def _is_found(folded: str) -> bool:
    word = Word(folded, Rule.OBSCENE, Strength.FLAG, Forms.WORD)
    return bool(Lexicon([word], ()).matches(fold(folded)))


def _control(text: str) -> str | None:
    """The first control character, or half of a pair that stands alone, as U+0007."""
    for char in text:
        if unicodedata.category(char) in ("Cc", "Cs"):
            return f"U+{ord(char):04X}"
    return None


def _choice(
    known: Iterable[Choice], value: str, pointer: str, problems: list[tuple[str, str]]
) -> Choice:
    choices = tuple(known)
    for choice in choices:
        if choice.value == value:
            return choice
    problems.append((pointer, f"must be one of {', '.join(choices)}"))
    return choices[0]


def _wrong_notice(language: str, clause: str, text: str) -> str | None:
    if language not in LANGUAGES or clause not in NOTICES[language]:
        return "There is no such notice."
    if len(text) > MAX_NOTICE:
        return f"A notice may have {MAX_NOTICE:,} characters."
    if control := _control(text.replace("\n", "")):
        return f"There is a control character in it ({control})."
    return None
