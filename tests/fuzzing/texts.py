"""Texts made up to break what reads them, from a seed; knows nothing of the reader."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

LONGEST = 10_000
"""Characters of a comment, as the service takes them unless told otherwise."""
USUAL = 150
"""Characters of nearly all; one in RARE has up to LONGEST."""
RARE = 400

WORDS = (
    *("you", "are", "an", "idiot", "fuck", "shit", "the", "pen", "is", "muslims"),
    *("kill", "gay", "ass", "bitch", "son of a", "go to", "as shown", "don't", "not"),
    *("call", "him", "lives at", "mail", "dot", "at", "nine", "double", "Flat", "road"),
    *("gmail.com", "98470", "12345", "+91", "(212)", "736-5000", "695001", "NW1 6XE"),
)
MARKS = (
    *"!?.,;:-_*#@$%&/\\|()[]{}<>\"'`~^+=…•·×’“”–—",
    *(" ", "  ", "\t", "\n", "\r\n", "\0", "\x1b[31m", "\x85", "\u2028", "\u3000"),
)
ODD = (
    *("\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u202e", "\u2066", "\u0301"),
    *("\u0489", "\u20e3", "\ufe0f", "\U000e0041", "\u115f", "\u2800", "\ufffd"),
    *("\U0001f595", "\U0001f600", "\U0001f1eb", "\U0001f1fa", "①", "½", "ﷺ", "ſ", "ß"),
    *("İ", "ı", "Σ", "ς", "ǆ", "ﬁ", "무", "지", "無", "ا", "ഡ", "\u0d4d", "م", "ɐ"),
    *("а", "е", "о", "с", "у", "х", "ѕ", "і", "α", "ο", "ս", "Ꮪ", "ᖴ", "𝒻", "ⓤ", "Ｃ"),
)
RANGES = (
    *((0x00, 0x7F), (0x80, 0x24F), (0x250, 0x36F), (0x370, 0x58F), (0x590, 0x8FF)),
    *((0x900, 0xDFF), (0x1D00, 0x2BFF), (0x3000, 0x9FFF), (0xA000, 0xD7FF)),
    *((0xE000, 0xFFFF), (0x10000, 0x1FFFF), (0xE0000, 0xE01EF), (0xF0000, 0x10FFFF)),
)


def chance(seed: int) -> Random:
    """Where chance comes from: with the same seed, the same."""
    return Random(seed)  # noqa: S311 - no secret is made of it


def make_text(random: Random, *, lone: bool = False) -> str:
    """One text of one character at least.

    Args:
        random: where chance comes from.
        lone: whether halves of surrogate pairs may be in it, which JSON cannot carry.
    """
    longest = LONGEST if random.randrange(RARE) == 0 else USUAL
    text = random.choice(_WAYS)(random, random.randint(1, longest))
    if lone and random.randrange(20) == 0:
        at = random.randrange(len(text) + 1)
        text = text[:at] + chr(random.randint(0xD800, 0xDFFF)) + text[at:]
    return text[:LONGEST] or "."


def _of_words(random: Random, length: int) -> str:
    """Words of the rule's own field, spaced and marked at random."""
    return _joined(random, length, (*WORDS, *(" ",) * len(WORDS), *MARKS))


def _of_anything(random: Random, length: int) -> str:
    return _joined(random, length, (*WORDS, *MARKS, *ODD))


def _disguised(random: Random, length: int) -> str:
    """A few words, of which every letter may be changed."""
    text = _of_words(random, length)
    tools = random.choices((*MARKS, *ODD), k=3)
    share = random.choice((0.05, 0.3, 0.9))
    return "".join(
        random.choice((char + tool, tool, char * 2, char.upper()))
        if random.random() < share
        else char
        for char, tool in zip(text, random.choices(tools, k=len(text)), strict=True)
    )


def _repeated(random: Random, length: int) -> str:
    """A short piece again and again, as what costs time is made."""
    pool: Sequence[str] = (*WORDS, *MARKS, *ODD, *"abf19")
    piece = "".join(random.choices(pool, k=random.randint(1, 4)))
    return (piece * length)[:length] + random.choice(pool)


def _of_characters(random: Random, length: int) -> str:
    """Characters of two or three blocks of Unicode, assigned or not."""
    blocks = random.choices(RANGES, k=random.randint(1, 3))
    return "".join(chr(random.randint(*random.choice(blocks))) for _ in range(length))


def _joined(random: Random, length: int, pool: Sequence[str]) -> str:
    return "".join(random.choices(pool, k=1 + length // 3))[:length]


_WAYS: Sequence[Callable[[Random, int], str]] = (
    _of_words,
    _of_anything,
    _disguised,
    _repeated,
    _of_characters,
)
