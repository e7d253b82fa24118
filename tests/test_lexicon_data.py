"""The word lists are in order.  How they are matched is tested elsewhere."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from better_profanity import Profanity

from model.finding import Rule
from model.lexicon.entries import Forms, Strength, shipped_allowed, shipped_entries
from model.lexicon.matcher import Lexicon
from model.text import fold

DATA = Path(__file__).parent.parent / "model" / "lexicon" / "data"
TAGS = "better_profanity.tsv"
OWN = {
    "derogatory.tsv": Rule.DEROGATORY,
    "obscene.tsv": Rule.OBSCENE,
    "personal.tsv": Rule.PERSONAL,
}
ALLOWED = "allow.txt"

own_files = pytest.mark.parametrize("name", OWN)
every_file = pytest.mark.parametrize("name", [TAGS, *OWN, ALLOWED])


def sections(name: str) -> list[list[str]]:
    """The lines of a file in runs, parted by blank lines and comments."""
    runs: list[list[str]] = [[]]
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            runs.append([])
        else:
            runs[-1].append(line)
    return [run for run in runs if run]


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for run in sections(name) for line in run]


def own_entries() -> Iterator[tuple[str, Rule, Strength, Forms]]:
    for name, rule in OWN.items():
        for text, strength, forms in rows(name):
            yield text, rule, Strength(strength), Forms(forms)


def tags() -> dict[str, tuple[Rule, Strength]]:
    return {text: (Rule(rule), Strength(weight)) for text, rule, weight in rows(TAGS)}


def test_every_word_of_better_profanity_is_tagged_and_nothing_else() -> None:
    words = [str(word) for word in Profanity().CENSOR_WORDSET]

    assert len(words) == 916
    assert [text for text, _, _ in rows(TAGS)] == sorted(words)


def test_every_tag_is_a_rule_and_a_strength() -> None:
    for text, rule, strength in rows(TAGS):
        assert rule in set(Rule), text
        assert strength in set(Strength), text


@own_files
def test_every_own_entry_has_a_strength_and_forms(name: str) -> None:
    for row in rows(name):
        assert len(row) == 3, row
        assert row[1] in set(Strength), row
        assert row[2] in set(Forms), row


@every_file
def test_a_line_is_written_as_text_is_folded(name: str) -> None:
    for text, *_ in rows(name):
        latin = [c for c in text if "LATIN" in unicodedata.name(c, "")]

        assert text == " ".join(text.split()), text
        assert text == unicodedata.normalize("NFC", text).lower(), text
        assert "".join(latin).isascii(), text


@every_file
def test_every_section_is_sorted(name: str) -> None:
    for section in sections(name):
        texts = [line.split("\t")[0] for line in section]

        assert all(first < second for first, second in pairwise(texts)), section[0]


def test_no_entry_stands_in_two_places() -> None:
    counts = Counter(text for text, *_ in own_entries())

    assert [text for text, count in counts.items() if count > 1] == []


def test_an_own_entry_only_widens_a_word_of_better_profanity() -> None:
    """It gives more forms to it, under the same rule and with the same strength."""
    tagged = tags()
    shared = [entry for entry in own_entries() if entry[0] in tagged]

    for text, rule, strength, forms in shared:
        assert (rule, strength) == tagged[text], text
        assert forms is not Forms.WORD, text


def test_no_entry_is_already_found_inside_of_words() -> None:
    inside = [text for text, _, _, forms in own_entries() if forms is Forms.INSIDE]

    for text, *_ in own_entries():
        assert not [part for part in inside if part in text and part != text], text


def test_nothing_is_allowed_twice_or_rejected_as_it_stands() -> None:
    allowed = [text for (text,) in rows(ALLOWED)]
    rejected = {text for text, _, weight, _ in own_entries() if weight == "reject"}
    rejected |= {text for text, (_, weight) in tags().items() if weight == "reject"}

    assert len(set(allowed)) == len(allowed)
    assert not rejected.intersection(allowed)


def test_every_allowed_line_keeps_an_entry_from_being_found() -> None:
    without = Lexicon(shipped_entries(), allowed=())
    useless = [text for text in shipped_allowed() if not without.matches(fold(text))]

    assert useless == []


def test_nothing_is_found_in_what_is_allowed() -> None:
    allowed = shipped_allowed()
    lexicon = Lexicon(shipped_entries(), allowed)
    found = {text: lexicon.matches(fold(text)) for text in allowed}

    assert [text for text, matches in found.items() if matches] == []
