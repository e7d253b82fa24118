"""Spellings derived from a word that are words of their own to the matcher.

They are few for each word and cost nothing in the search, so they are listed when the
lexicon is compiled rather than looked for in the text.
"""

from __future__ import annotations

DOUBLED = frozenset("bcdefglmnoprstz")
VOWELS = str.maketrans("", "", "aeiou")
SHORT = frozenset(
    {"cnt", "crp", "jzz", "lsr", "ngg", "scm", "sht", "slt", "trd", "wnk"}
)
"""Three letters that stand for a word of the lexicon where they are no abbreviation."""

TURNED_WORDS = frozenset(
    {"drat", "esra", "gals", "laud", "nema", "parc", "rail", "sloof", "suna", "tarp"}
)
"""Words and names that are words of the lexicon turned round."""


def stretched(word: str) -> set[str]:
    """A short word with one letter doubled where English doubles letters: shitt.

    Other runs are seen by `model.lexicon.disguise`.
    """
    if not 4 <= len(word) <= 6:
        return set()
    return {
        word[:at] + word[at] + word[at:]
        for at in range(len(word))
        if word[at] in DOUBLED
    } - {word}


def shortened(word: str) -> set[str]:
    """The word without its vowels, or a long one without one of them: btch, bstard."""
    forms = bared(word)
    if len(word) > 5:
        vowels = [at for at in range(1, len(word) - 1) if word[at] in "aeiou"]
        forms.update(word[:at] + word[at + 1 :] for at in vowels)
    forms.discard(word)
    return forms


def bared(word: str) -> set[str]:
    """The word without its vowels but the first letter: btch.

    Four letters have to stay; of three only those that stand for little else.
    """
    bare = word[0] + word[1:].translate(VOWELS)
    is_telling = len(bare) > 3 or bare in SHORT
    return {bare} if is_telling and bare != word else set()


def reversed_word(word: str) -> set[str]:
    """The word turned round, if no other word is so spelled: kcuf, elohssa."""
    turned = word[::-1]
    if len(word) < 4 or turned == word or turned in TURNED_WORDS:
        return set()
    return {turned}
