"""Regular inflections of an English stem, as commenters spell them.

Irregular forms are entries of their own.
"""

from __future__ import annotations

import re

SIBILANT = re.compile(r"(?:s|x|z|ch|sh)$")
CONSONANT_Y = re.compile(r"[^aeiou]y$")
ONE_VOWEL = re.compile(r"(?:^|[^aeiou])[aeiou][bdgmnpt]$")
"""Ends like shit, cum, fag: the last consonant doubles before a vowel."""

VOWEL_ENDINGS = ("ed", "er", "ers", "in", "ing", "ings", "y")


def inflections(stem: str) -> frozenset[str]:
    """The stem itself and its plural, verb, agent and adjective forms.

    The possessive needs no form: an apostrophe ends the word.  Of a phrase the last
    word is inflected.

    Returns:
        `shit`: shit, shits, shitz, shitted, shitter, shitters, shittin, shitting,
        shittings, shitty.
    """
    return frozenset({*plurals(stem), *_before_vowels(stem)})


def plurals(stem: str) -> tuple[str, ...]:
    """The stem and its plurals, z for s among them."""
    if CONSONANT_Y.search(stem):
        return stem, f"{stem[:-1]}ies", f"{stem}s"
    if SIBILANT.search(stem):
        return stem, f"{stem}es", f"{stem}ez"
    return stem, f"{stem}s", f"{stem}z"


def _before_vowels(stem: str) -> set[str]:
    if stem.endswith("e"):
        return {f"{stem[:-1]}{ending}" for ending in VOWEL_ENDINGS}
    if CONSONANT_Y.search(stem):
        return {f"{stem}ing", *(f"{stem[:-1]}{e}" for e in ("ied", "ier", "iest"))}
    if ONE_VOWEL.search(stem):
        stem += stem[-1]
    return {f"{stem}{ending}" for ending in VOWEL_ENDINGS}
