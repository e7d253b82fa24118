"""What the classifier reads in a text: characters of words, words, and signs.

Three blocks of features, made of strings, the same for training and for serving:

- *grams*: character n-grams of uncommon words, so that misspelt ones are still read;
- *words*: words and pairs of neighbouring words;
- *signs*: the text as a sequence of word classes (who is spoken of, what is said of
  them, what is denied or quoted), as n-grams and as ordered pairs at a distance, which
  tells "identity are beast" from "my identity friends" whichever group is named.

Where the lexicon uncovered an evasion (`f.u.c.k`), its entry is read in place of what
was written.  Names of identities are read as their class only: the classifier cannot
see *which* group a comment is about, so no group's name can carry a weight of its own.

Leaves out: weights, and what any of this means.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, repeat
from pathlib import Path
from typing import TypeVar

from model.lexicon.matcher import Match, Strength, View
from model.text import Folded

CLASSES_FILE = Path(__file__).parent / "lexicon" / "data" / "classes.tsv"

GRAM_LENGTHS = (2, 3, 4, 5)
MAX_WORD = 24
"""Letters of a word that are read; longer runs are noise or an attempt to cost time."""

MASKED = frozenset({"identity", "gender"})
"""Classes whose words are read as the class alone."""

QUIET = frozenset({"the", "and", "in", "be", "ask", "like", '"'})
"""Classes that only link others: they make no pairs at a distance."""

REACH = 7
"""Largest distance of a pair, in tokens that carry a class."""

SENTENCE = 24
"""Words that a sentence has at least; shorter ones are read with the next."""

MAX_SENTENCES = 20
"""Parts that a text is cut into at most, so that cost stays linear."""

LONGEST_RUN = 4
"""Neighbouring classes that are read as one at most."""

FOREIGN = "foreign"
"""The class of words that give another language away."""

ORDINARY = "_"
"""Stands for words without a class."""

T = TypeVar("T")

_TOKEN = re.compile(r"[^\W\d_]+|'[a-z]{1,3}\b|\d+|[^\w\s]")
_ASCII_TOKEN = re.compile(
    r"[a-z]+|'[a-z]{1,3}\b|[0-9]+|[^a-z0-9_\s\x1c-\x1f]", re.ASCII
)
"""Finds the same in folded ASCII text, in two thirds of the time."""

_MARKS = re.compile(r"[^\w\s']|_")
_ENDS = frozenset(".!?;:")


class UnreadableClasses(Exception):
    """The file of word classes has a line that is none; the message names it."""


def load_classes(path: Path = CLASSES_FILE) -> dict[str, str]:
    """Read the word classes: word to class.

    Raises:
        UnreadableClasses: a line lacks its tab, or a word stands in two classes.
    """
    classes: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        name, tab, words = line.partition("\t")
        if not tab:
            raise UnreadableClasses(f"{path.name}:{number}: no tab after the class")
        for word in words.split():
            if classes.setdefault(word, name) != name:
                raise UnreadableClasses(
                    f"{path.name}:{number}: {word!r} is {classes[word]} already"
                )
    return classes


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the classifier reads it: equally long lists of words and their signs.

    A word is a run of letters or digits, or a single mark.  Its sign is its class, the
    strength and rule of the lexicon's entry that it belongs to, a mark that ends a
    sentence, or empty.
    """

    words: list[str]
    signs: list[str]

    def cut(self, start: int, end: int) -> Reading:
        """The words from `start` up to `end`."""
        return Reading(self.words[start:end], self.signs[start:end])


@dataclass(frozen=True, slots=True)
class ReadText:
    """A reading together with the text as sent, which shows how it was written."""

    reading: Reading
    original: str


class Reader:
    """Reads folded texts.  Immutable; safe to share between threads."""

    def __init__(self, classes: Mapping[str, str]) -> None:
        self._sign = {mark: "." for mark in _ENDS} | {'"': '"'} | dict(classes)
        self._mask = {w: sign for w, sign in classes.items() if sign in MASKED}

    def read(self, folded: Folded, matches: Sequence[Match]) -> Reading:
        """Read one text.

        Args:
            folded: the text.
            matches: what the lexicon found in it: by start, without overlaps.
        """
        words: list[str] = []
        signs: list[str] = []
        position = 0
        for match in matches:
            self._plain(folded.text[position : match.start], words, signs)
            self._match(folded.text[match.start : match.end], match, words, signs)
            position = match.end
        self._plain(folded.text[position:] if position else folded.text, words, signs)
        return Reading(words, signs)

    def offsets(
        self, folded: Folded, matches: Sequence[Match]
    ) -> list[tuple[int, int]]:
        """Where the words of `read` stand in the folded text, end exclusive."""
        found: list[tuple[int, int]] = []
        position = 0
        for match in matches:
            found += _plain_offsets(folded.text, position, match.start)
            if _is_plain(match):
                found += _plain_offsets(folded.text, match.start, match.end)
            else:
                found += [(match.start, match.end)] * len(_TOKEN.findall(_entry(match)))
            position = match.end
        return found + _plain_offsets(folded.text, position, len(folded.text))

    def _plain(self, text: str, words: list[str], signs: list[str]) -> None:
        found = (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)
        # By `map`, which takes half as long as a loop; most texts name no group.
        classes = [*map(self._sign.get, found, repeat(""))]
        signs += classes
        if not MASKED.isdisjoint(classes):
            found = [*map(self._mask.get, found, found)]
        words += found

    def _match(
        self, text: str, match: Match, words: list[str], signs: list[str]
    ) -> None:
        found = _TOKEN.findall(text if _is_plain(match) else _entry(match))
        words += found
        known = self._sign.get(found[0], "") if len(found) == 1 else ""
        entry = match.entry
        if entry.strength is Strength.REJECT or not known:
            known = f"{entry.strength}.{entry.rule}"
        signs += [known] + [""] * (len(found) - 1)


def _is_plain(match: Match) -> bool:
    """Whether the words stand in the text as they are meant."""
    return match.view is View.PLAIN and _MARKS.search(match.entry.text) is None


def _entry(match: Match) -> str:
    """The entry as words; a disguised one (`f.u.c.k`) without its marks."""
    return _MARKS.sub("", match.entry.text) or match.entry.text


def _plain_offsets(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [found.span() for found in _TOKEN.finditer(text, start, end)]


def grams(word: str) -> list[str]:
    """Distinct character n-grams of one word, its ends marked by spaces.

    Numbers and single marks have none; of long words the first MAX_WORD letters count.
    """
    if len(word) < 2 or word[0].isdigit() or word[0] == "'":
        return []
    padded = f" {word[:MAX_WORD]} "
    # A dict, not a set: the order of the columns must be the same on every run.
    return list(
        dict.fromkeys(
            padded[i : i + n] for n in GRAM_LENGTHS for i in range(len(padded) - n + 1)
        )
    )


def pairs(words: Sequence[str]) -> list[str]:
    """Neighbouring words, in order, marks included."""
    return [f"{a} {b}" for a, b in pairwise(words)]


def sentences(reading: Reading) -> list[tuple[int, int]]:
    """Where the sentences of a text stand among its words, end exclusive.

    They cover the text without gaps; one of few words belongs to its neighbour.
    """
    count = len(reading.words)
    if count < 2 * SENTENCE:
        return [(0, count)]
    least = max(SENTENCE, count // MAX_SENTENCES)
    cuts = [0]
    for i, sign in enumerate(reading.signs, start=1):
        if sign == "." and i - cuts[-1] >= least:
            cuts.append(i)
    if len(cuts) > 1 and count - cuts[-1] < least:
        cuts.pop()
    return list(pairwise([*cuts, count]))


def signs(reading: Reading, original: str) -> list[str]:
    """Features of the *signs* block: class n-grams, ordered pairs, and the manner."""
    row = reading.signs
    names = [row[i] or ORDINARY for i in telling(row)]
    twos = [f"{a} {b}" for a, b in pairwise(names)]
    threes = [f"{ab} {c}" for ab, c in zip(twos, names[2:], strict=False)]
    fours = [f"{abc} {d}" for abc, d in zip(threes, names[3:], strict=False)]
    distant = [f"{row[i]}~{row[j]}" for i, j in _distant(row)]
    return [*names, *twos, *threes, *fours, *distant, *others(reading, original)]


def others(reading: Reading, original: str) -> list[str]:
    """The last of `signs`: what stands in quotation marks, and the manner."""
    row = reading.signs
    return [*(f'"{row[i]}' for i in _quoted(row)), *_manner(reading, original)]


def sign_places(reading: Reading) -> list[tuple[int, ...]]:
    """The words (by index) that each of `signs` rests on, in its order.

    The last signs, of the manner, rest on no word and have no place here.
    """
    at = telling(reading.signs)
    ngrams = [
        tuple(at[i : i + n])
        for n in range(1, LONGEST_RUN + 1)
        for i in range(len(at) - n + 1)
    ]
    quoted = [(i,) for i in _quoted(reading.signs)]
    return [*ngrams, *_distant(reading.signs), *quoted]


def telling(row: Sequence[str]) -> list[int]:
    """Where the classes stand; of a run of ordinary words the first stands for all."""
    return [i for i, sign in enumerate(row) if sign or not i or row[i - 1]]


def reaching(row: Sequence[str], said: Sequence[T]) -> list[tuple[T, list[T]]]:
    """Telling classes, each with those before it that make a pair with it.

    They stand in the same sentence, and not too far.

    Args:
        row: the classes.
        said: what is to be said of each, as its place.
    """
    found: list[tuple[T, list[T]]] = []
    seen: list[T] = []
    for sign, one in zip(row, said, strict=True):
        if sign == ".":
            seen = []
        elif sign and sign not in QUIET:
            found.append((one, seen[-REACH:]))
            seen.append(one)
    return found


def _distant(row: Sequence[str]) -> list[tuple[int, int]]:
    """Ordered pairs of telling classes within a sentence."""
    each = reaching(row, range(len(row)))
    return [(one, i) for i, before in each for one in before]


def _quoted(row: Sequence[str]) -> list[int]:
    """Where telling classes stand between quotation marks."""
    if '"' not in row:
        return []
    marks = [i for i, sign in enumerate(row) if sign == '"']
    return [
        i
        for start, end in zip(marks[::2], marks[1::2], strict=False)
        for i in range(start + 1, end)
        if row[i] and row[i] not in QUIET
    ]


def _manner(reading: Reading, original: str) -> list[str]:
    """How it is written: length, capitals, marks."""
    count = len(reading.words)
    found = [f"#{count if count < 9 else min(count.bit_length() * 4, 32)}"]
    if "!!" in original:
        found.append("#exclaims")
    if "?" in original:
        found.append("#asks")
    if len(original) > 8 and original.isupper():
        found.append("#capitals")
    return found
