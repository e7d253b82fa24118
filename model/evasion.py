"""Disguises that commenters put on a word, to test with and to train against.

Each takes one lower-case word and a source of chance and returns the word as a reader
would still understand it.  None looks at what the lexicon can undo.
"""

# ruff: noqa: RUF001  (look-alike letters are what this is about)

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from random import Random
from types import MappingProxyType

LEET = {
    "a": "4@",
    "b": "8",
    "e": "3",
    "g": "9",
    "i": "1!",
    "l": "1",
    "o": "0",
    "s": "5$",
    "t": "7+",
}
VOWEL_SYMBOLS = "*#@%&$"
CYRILLIC = dict(zip("aceopxyisjkmthbdnuw", "асеорхуіѕјкмтһьԁпцш", strict=True))
GREEK = dict(zip("abeiknoprtuvxyw", "αβεικηορгτυνχγω", strict=True))
ARMENIAN = dict(zip("hnoqug", "հոօզսց", strict=True))
ACCENTED = dict(zip("aceginoprstuyzdklhw", "áçéğíñöṕřšťüýžďķłĥŵ", strict=True))
FLIPPED = dict(
    zip("abcdefghijklmnopqrstuvwxyz", "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz", strict=True)
)
SMALL_CAPITALS = dict(
    zip("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", strict=True)
)
JOINERS = "\u200b\u200c\u200d\u2060\ufeff"
MARKS = "\u0301\u0308\u0323\u0336\u0303"
SEPARATORS = ".-_*~"

Evasion = Callable[[str, Random], str]


def leet(word: str, chance: Random) -> str:
    """Digits and symbols for some letters, one at least: sh1t, a$s."""
    return _replaced(word, {k: list(v) for k, v in LEET.items()}, chance)


def repeated(word: str, chance: Random) -> str:
    """One letter three to six times: fuuuck."""
    at = chance.randrange(len(word))
    return word[:at] + word[at] * chance.randint(3, 6) + word[at + 1 :]


def zero_width(word: str, chance: Random) -> str:
    """An invisible character after every letter but the last."""
    return "".join(char + chance.choice(JOINERS) for char in word[:-1]) + word[-1]


def soft_hyphens(word: str, _: Random) -> str:
    """A hyphen that is shown at a line's end only after every letter but the last."""
    return "\u00ad".join(word)


def cyrillic(word: str, chance: Random) -> str:
    """Cyrillic letters that look alike, one at least."""
    return _replaced(word, {k: [v] for k, v in CYRILLIC.items()}, chance)


def greek(word: str, chance: Random) -> str:
    """Greek letters that look alike, one at least."""
    return _replaced(word, {k: [v] for k, v in GREEK.items()}, chance)


def armenian(word: str, chance: Random) -> str:
    """Armenian letters that look alike, one at least."""
    return _replaced(word, {k: [v] for k, v in ARMENIAN.items()}, chance)


def full_width(word: str, _: Random) -> str:
    """Full-width forms, as in East Asian typography."""
    return _shifted(word, 0xFF41)


def mathematical(word: str, chance: Random) -> str:
    """Bold, script, Fraktur or sans-serif letters of the mathematical alphabets."""
    return _shifted(word, chance.choice([0x1D41A, 0x1D4EA, 0x1D586, 0x1D5BA, 0x1D68A]))


def circled(word: str, _: Random) -> str:
    """Letters in circles."""
    return _shifted(word, 0x24D0)


def squared(word: str, _: Random) -> str:
    """White capitals in black squares, as emoji keyboards offer them."""
    return _shifted(word, 0x1F170)


def regional(word: str, _: Random) -> str:
    """Regional indicators, of which flags are made."""
    return _shifted(word, 0x1F1E6)


def small_capitals(word: str, _: Random) -> str:
    """Phonetic small capitals."""
    return "".join(SMALL_CAPITALS.get(char, char) for char in word)


def accents(word: str, chance: Random) -> str:
    """Letters with an accent in one character, one at least."""
    return _replaced(word, {k: [v] for k, v in ACCENTED.items()}, chance)


def combining(word: str, chance: Random) -> str:
    """A mark over, under or through every letter."""
    return "".join(char + chance.choice(MARKS) for char in word)


def zalgo(word: str, chance: Random) -> str:
    """Heaps of marks on every letter."""
    pile = [chr(code) for code in range(0x300, 0x36F) if unicodedata.name(chr(code))]
    return "".join(char + "".join(chance.choices(pile, k=8)) for char in word)


def spaced(word: str, _: Random) -> str:
    """A blank between all letters."""
    return " ".join(word)


def split(word: str, chance: Random) -> str:
    """One blank within."""
    at = chance.randrange(1, len(word))
    return f"{word[:at]} {word[at:]}"


def punctuated(word: str, chance: Random) -> str:
    """One mark between all letters: f.u.c.k."""
    return chance.choice(SEPARATORS).join(word)


def starred(word: str, chance: Random) -> str:
    """Stars for the vowels within, or for a letter if there is none."""
    return _masked(word, "*", chance)


def symbol_masked(word: str, chance: Random) -> str:
    """Other symbols for the vowels within, or for a letter if there is none."""
    return _masked(word, VOWEL_SYMBOLS, chance)


def without_vowels(word: str, _: Random) -> str:
    """No vowels but at the start; words left with two letters stay whole."""
    bare = word[0] + "".join(char for char in word[1:] if char not in "aeiou")
    return bare if len(bare) > 2 else word


def reversed_letters(word: str, _: Random) -> str:
    """The word turned round."""
    return word[::-1]


def upside_down(word: str, _: Random) -> str:
    """The word turned by half a turn."""
    return "".join(FLIPPED.get(char, char) for char in reversed(word))


def mixed(word: str, chance: Random) -> str:
    """Two or three disguises, one upon the other."""
    first = chance.choice([leet, repeated, starred])
    second = chance.choice([cyrillic, accents, combining, greek])
    third = chance.choice([spaced, punctuated, zero_width, _same])
    return third(second(first(word, chance), chance), chance)


def _same(word: str, _: Random) -> str:
    return word


def _replaced(word: str, replacements: Mapping[str, list[str]], chance: Random) -> str:
    """Replace each letter with an even chance, and one in any case."""
    able = [at for at, char in enumerate(word) if char in replacements]
    if not able:
        return word
    sure = chance.choice(able)
    return "".join(
        chance.choice(replacements[char])
        if at == sure or (char in replacements and chance.random() < 0.5)
        else char
        for at, char in enumerate(word)
    )


def _masked(word: str, symbols: str, chance: Random) -> str:
    inner = range(1, max(2, len(word) - 1))
    hidden = {at for at in inner if word[at] in "aeiou"} or {chance.choice(inner)}
    return "".join(
        chance.choice(symbols) if at in hidden else char for at, char in enumerate(word)
    )


def _shifted(word: str, first: int) -> str:
    """The word in an alphabet whose letter a has this code point."""
    return "".join(
        chr(first + ord(char) - ord("a")) if "a" <= char <= "z" else char
        for char in word
    )


EVASIONS: Mapping[str, Evasion] = MappingProxyType(
    {
        evasion.__name__: evasion
        for evasion in (
            *(leet, repeated, zero_width, soft_hyphens, cyrillic, greek, armenian),
            *(full_width, mathematical, circled, squared, regional, small_capitals),
            *(accents, combining, zalgo, spaced, split, punctuated, starred),
            *(symbol_masked, without_vowels, reversed_letters, upside_down, mixed),
        )
    }
)
"""Every disguise by name."""
