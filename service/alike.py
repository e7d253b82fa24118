"""What near-identical comments share, so that they are shown and decided as one."""

from __future__ import annotations

from hashlib import blake2b
from unicodedata import category

from model.text import fold


def alike(text: str) -> bytes:
    """Hash what a text says, whatever its order, case, marks and numbers: 16 bytes.

    Texts are alike when they use the same words.  A text without words is like no other
    but its equals.
    """
    folded = fold(text).text
    words = sorted(set(_words(folded)))
    return blake2b(" ".join(words or [folded]).encode(), digest_size=16).digest()


def _words(text: str) -> list[str]:
    """Runs of letters with their marks: `\\w` would cut Hindi words at the vowels."""
    letters = (c if category(c)[0] in "LM" else " " for c in text)
    words = "".join(letters).split()
    return [word for word in words if any(map(str.isalpha, word))]
