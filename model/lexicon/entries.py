"""What a lexicon is made of, and the files it is read from.

Says nothing about how text is searched.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple, TypeVar

from model.finding import Rule

Kind = TypeVar("Kind", bound=StrEnum)

DATA = Path(__file__).parent / "data"
OWN_FILES = {
    "obscene.tsv": Rule.OBSCENE,
    "personal.tsv": Rule.PERSONAL,
    "derogatory.tsv": Rule.DEROGATORY,
}
"""Our own entries; the file gives the rule."""


class LexiconError(ValueError):
    """A lexicon file is wrong; the message says where and what to mend."""


class Strength(StrEnum):
    """How much an entry weighs.

    REJECT breaks the rule wherever it stands.  FLAG depends on the context, so it is a
    hint and never decides alone.  IGNORE is not matched at all.
    """

    REJECT = "reject"
    FLAG = "flag"
    IGNORE = "ignore"


class Forms(StrEnum):
    """WORD: as it stands.  STEM: with its inflections.  INSIDE: within words, too."""

    WORD = "word"
    STEM = "stem"
    INSIDE = "inside"


class View(StrEnum):
    """The reading of the text in which an entry was found."""

    PLAIN = "plain"
    LEET = "leet"
    REPEATED = "repeated"
    SPACED = "spaced"
    PUNCTUATED = "punctuated"
    SPLIT = "split"
    MASKED = "masked"
    SHORTENED = "shortened"
    REVERSED = "reversed"
    UPSIDE_DOWN = "upside down"
    GLUED = "glued"


@dataclass(frozen=True, slots=True)
class Entry:
    """A word or phrase; `text` is folded: lower-case, ASCII where it can be."""

    text: str
    rule: Rule
    strength: Strength
    forms: Forms


class Match(NamedTuple):
    """An entry found at a half-open range of the folded text.

    A tuple, for a hostile text holds thousands.
    """

    entry: Entry
    start: int
    end: int
    view: View


def shipped_entries() -> list[Entry]:
    """better-profanity's words with our tags, then our own entries.

    Raises:
        LexiconError: a file is wrong, or tags and better-profanity's words differ.
    """
    entries = _tagged()
    for name, rule in OWN_FILES.items():
        entries += _own(DATA / name, rule)
    return entries


def shipped_allowed() -> list[str]:
    """Words and phrases in which nothing is found."""
    return [fields[0] for _, fields in _rows(DATA / "allow.txt", 1)]


def _tagged() -> list[Entry]:
    """The words of the installed better-profanity, each with the tag of its line."""
    # Here, because it takes 7 ms that those who only name an entry have no need of.
    from better_profanity import Profanity

    path = DATA / "better_profanity.tsv"
    tags = {
        text: Entry(
            text,
            _parse(Rule, rule, path, line),
            _parse(Strength, strength, path, line),
            Forms.WORD,
        )
        for line, (text, rule, strength) in _rows(path, 3)
    }
    words = {str(word) for word in Profanity().CENSOR_WORDSET}
    if untagged := sorted(words - tags.keys()):
        raise LexiconError(f"{path.name}: no line for {_some(untagged)}")
    if unknown := sorted(tags.keys() - words):
        raise LexiconError(
            f"{path.name}: not among better-profanity's words: {_some(unknown)}"
        )
    return list(tags.values())


def _own(path: Path, rule: Rule) -> list[Entry]:
    return [
        Entry(
            text,
            rule,
            _parse(Strength, strength, path, line),
            _parse(Forms, forms, path, line),
        )
        for line, (text, strength, forms) in _rows(path, 3)
    ]


def _rows(path: Path, width: int) -> Iterator[tuple[int, list[str]]]:
    """Line numbers and fields of a tab-separated file; blanks and # are skipped."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path.name}: cannot be read: {error}") from error
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) != width or not all(fields):
            raise LexiconError(
                f"{path.name}, line {number}: needs {width} fields between tabs, "
                f"not {line!r}"
            )
        if first := seen.get(fields[0]):
            raise LexiconError(
                f"{path.name}, line {number}: {fields[0]!r} is on line {first} already"
            )
        seen[fields[0]] = number
        yield number, fields


def _parse(kind: type[Kind], value: str, path: Path, line: int) -> Kind:
    try:
        return kind(value)
    except ValueError:
        known = ", ".join(kind)
        raise LexiconError(
            f"{path.name}, line {line}: {value!r} is none of {known}"
        ) from None


def _some(words: list[str]) -> str:
    """The first few of them, and how many there are."""
    shown = ", ".join(repr(word) for word in words[:5])
    return shown if len(words) <= 5 else f"{shown} and {len(words) - 5} more"
