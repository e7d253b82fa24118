"""Text folded for matching, and the way back to what the reader wrote.

Knows characters and scripts only: what a word means, and what digits or punctuation may
stand for, is the lexicon's part.
"""

# ruff: noqa: RUF001, RUF002  (letters of other scripts are quoted)

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from model.finding import Span
from model.lookalikes import CAPITALS, LOOKALIKES, FoldTable

FEW_RUNS = 16
"""Up to this many runs of non-ASCII characters are folded apart from the rest."""

NON_ASCII = re.compile(r"[^\x00-\x7f]+")
WORD = re.compile(r"[^\W_]+")
LATIN = re.compile(r"[a-z]")
REGIONAL = re.compile("[\U0001f1e6-\U0001f1ff]+")
TELLTALES = frozenset("ѕԁԛԝӏϲ")
"""Letters seldom written but for their looks: they make a look-alike word Latin."""

MARKS = frozenset({"Mn", "Me"})

_table = FoldTable()
_AMBIGUOUS = frozenset(LOOKALIKES).union(map(chr, range(0x1F1E6, 0x1F200)))


@dataclass(frozen=True, slots=True)
class Folded:
    """A text, its folded form, and which character each folded one came from.

    `offsets[i]` is the index in `original` of the character that `text[i]` stands for;
    None where every index is its own.  Offsets never decrease.
    """

    original: str
    text: str
    offsets: Sequence[int] | None

    def span(self, start: int, end: int) -> Span:
        """The reader's own characters behind a half-open range of `text`.

        A character is taken whole, even if only a part of what it folds to is meant,
        and with the marks that sit on it.
        """
        if self.offsets is None:
            return Span(start, end)
        if start == end:
            at = self._offset(start)
            return Span(at, at)
        last = self.offsets[end - 1] + 1
        limit = max(last, self._offset(end))
        while last < limit and unicodedata.category(self.original[last]) in MARKS:
            last += 1
        return Span(self.offsets[start], last)

    def _offset(self, index: int) -> int:
        if self.offsets is None:
            return index
        return self.offsets[index] if index < len(self.offsets) else len(self.original)


def fold(text: str) -> Folded:
    """Fold a text for matching.

    Lower-case; compatibility forms, curly quotes, dashes and spaces plain; marks and
    zero-width characters dropped; look-alike letters Latin where Latin is meant.  ASCII
    text is lower-cased only.  Never raises, whatever the text holds.
    """
    if text.isascii():
        return Folded(text, text.lower(), None)
    runs = [match.span() for match in NON_ASCII.finditer(text)]
    if len(runs) > FEW_RUNS:
        runs = [(0, len(text))]
    forms = [[_table[char] for char in text[start:end]] for start, end in runs]
    folded = _joined(text, runs, forms)
    offsets = _offsets(len(text), runs, forms) if _is_uneven(forms) else None
    if not _AMBIGUOUS.isdisjoint(itertools.chain.from_iterable(forms)):
        folded = _latinised(text, folded, offsets)
    return Folded(text, folded, offsets)


def _is_uneven(forms: list[list[str]]) -> bool:
    return any(len(form) != 1 for run in forms for form in run)


def _joined(text: str, runs: list[tuple[int, int]], forms: list[list[str]]) -> str:
    """The folded runs, and what lies between them in lower case."""
    parts: list[str] = []
    last = 0
    for (start, end), run in zip(runs, forms, strict=True):
        parts.append(text[last:start].lower())
        parts.extend(run)
        last = end
    parts.append(text[last:].lower())
    return "".join(parts)


def _offsets(
    length: int, runs: list[tuple[int, int]], forms: list[list[str]]
) -> list[int]:
    offsets: list[int] = []
    last = 0
    for (start, end), run in zip(runs, forms, strict=True):
        offsets.extend(range(last, start))
        offsets += [at for at, form in enumerate(run, start) for _ in form]
        last = end
    offsets.extend(range(last, length))
    return offsets


def _latinised(original: str, folded: str, offsets: list[int] | None) -> str:
    """Replace letters of other scripts where they stand in for Latin ones.

    One character for one, so offsets stay.  A word that mixes scripts is Latin wherever
    it can be.  A word that could be read in both (сор, ее, а) follows the nearest words
    that can not: it is Latin only if one of those is and neither is foreign, so that a
    Russian or Greek comment stays itself.
    """
    folded = REGIONAL.sub(_spelled_flags, folded)
    words = [match.span() for match in WORD.finditer(folded)]
    kinds = [_kind(folded[start:end]) for start, end in words]
    chars: list[str] | None = None
    for (start, end), is_latin in zip(words, _read_as_latin(kinds), strict=True):
        if not is_latin or folded[start:end].isascii():
            continue
        chars = chars or list(folded)
        for at in range(start, end):
            if not chars[at].isascii():
                source = original[at if offsets is None else offsets[at]]
                chars[at] = _lookalike(source, chars[at])
    return folded if chars is None else "".join(chars)


def _spelled_flags(run: re.Match[str]) -> str:
    """Regional indicators as letters, but for a lone pair, which is a flag.

    Flags in a row spell something too; that it is a word of the lexicon is so unlikely
    that they need no list of countries here.
    """
    symbols = run.group()
    if len(symbols) == 2:
        return symbols
    return "".join(chr(ord(symbol) - 0x1F1E6 + ord("a")) for symbol in symbols)


def _kind(word: str) -> str:
    """`latin`, `foreign`, `both` (readable as either) or `neither` (digits)."""
    if LATIN.search(word):
        return "latin"
    if word.isascii():
        return "neither"
    if not all(char in LOOKALIKES or char.isascii() for char in word):
        return "foreign"
    return "both" if TELLTALES.isdisjoint(word) else "latin"


def _read_as_latin(kinds: list[str]) -> list[bool]:
    """For each word whether its look-alikes are to be read as Latin letters."""
    before = _nearest(kinds)
    after = _nearest(kinds[::-1])[::-1]
    return [
        kind == "latin"
        or (kind == "both" and "latin" in sides and "foreign" not in sides)
        for kind, sides in zip(kinds, zip(before, after, strict=True), strict=True)
    ]


def _nearest(kinds: list[str]) -> list[str | None]:
    """For each word the kind of the last decisive one before it."""
    nearest: list[str | None] = []
    decisive: str | None = None
    for kind in kinds:
        nearest.append(decisive)
        if kind in {"latin", "foreign"}:
            decisive = kind
    return nearest


def _lookalike(source: str, char: str) -> str:
    return CAPITALS.get(source) or LOOKALIKES.get(source) or LOOKALIKES.get(char, char)
