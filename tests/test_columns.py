"""What the classifier looks up is what training spelt out."""

from __future__ import annotations

import re
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import artifact as artifacts
from model import columns, features
from model.columns import Columns, Names
from model.features import MASKED, Reader, Reading
from model.lexicon.matcher import Lexicon, load_lexicon
from model.newscomments import news_comments
from model.text import fold


@pytest.fixture(scope="module")
def artifact() -> artifacts.Artifact:
    return artifacts.load(artifacts.shipped())


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.fixture(scope="module")
def names(artifact: artifacts.Artifact) -> Names:
    blocks = artifact.grams, artifact.words, artifact.signs
    return Names(*(tuple(block.names) for block in blocks))


@pytest.fixture(scope="module")
def looked_up(artifact: artifacts.Artifact, names: Names) -> Columns:
    return Columns(names, artifact.common | MASKED)


def spelt_out(
    artifact: artifacts.Artifact, reading: Reading, original: str
) -> list[set[str]]:
    """The features of a text, as strings, block by block."""
    words = set(reading.words) - artifact.common - MASKED
    return [
        {gram for word in words for gram in features.grams(word)},
        {*reading.words, *features.pairs(reading.words)},
        set(features.signs(reading, original)),
    ]


def names_found(
    names: Names, looked_up: Columns, reading: Reading, original: str
) -> list[list[str]]:
    """What the rows that are looked up are called, block by block."""
    called = numbered(names)
    ids, (_, first, second) = looked_up.rows(reading, original)
    blocks = (ids[:first], ids[first:second], ids[second:])
    return [sorted(called[row] for row in block if row) for block in blocks]


@cache
def numbered(names: Names) -> list[str]:
    """What each row is called; the first has no name."""
    return ["", *names.grams, *names.words, *names.signs]


def known(names: Names, spelt: list[set[str]]) -> list[list[str]]:
    """The features that have weights, block by block."""
    return [sorted(has & its) for has, its in zip(spelt, sets(names), strict=True)]


@cache
def sets(names: Names) -> list[set[str]]:
    """The names of each block, to be asked for many times."""
    return [set(block) for block in names]


def test_each_feature_of_a_comment_is_found_once(
    artifact: artifacts.Artifact, lexicon: Lexicon, names: Names, looked_up: Columns
) -> None:
    reader = Reader(artifact.classes)
    texts = [example.text for example in news_comments()][:500]

    for text in (*texts, "", "!", '"', 'He is "vermin", "filth" and "', "Muslim" * 9):
        folded = fold(text)
        reading = reader.read(folded, lexicon.matches(folded))
        expected = known(names, spelt_out(artifact, reading, text))
        assert names_found(names, looked_up, reading, text) == expected


@given(st.data())
def test_so_it_is_in_any_row_of_classes(
    artifact: artifacts.Artifact, names: Names, looked_up: Columns, data: st.DataObject
) -> None:
    classes = sorted({"", ".", '"', "reject.personal", *artifact.classes.values()})
    row = data.draw(st.lists(st.sampled_from(classes), max_size=40))
    reading = Reading(["x"] * len(row), row)

    expected = known(names, spelt_out(artifact, reading, ""))

    assert names_found(names, looked_up, reading, "") == expected


def test_a_run_is_found_whose_beginning_has_no_weight() -> None:
    small = Names(("gram",), ("word",), ("you _ beast", "you _ beast .", "_", '"'))
    reading = Reading(["x"] * 5, ["you", "", "", "beast", "."])

    found = names_found(small, Columns(small, frozenset()), reading, "")

    assert found == [[], [], ["_", "you _ beast", "you _ beast ."]]


def test_the_words_that_are_remembered_have_an_end(
    monkeypatch: pytest.MonkeyPatch, artifact: artifacts.Artifact, names: Names
) -> None:
    monkeypatch.setattr(columns, "MEMORY", 3)
    small = Columns(names, artifact.common | MASKED)

    for length in range(1, 9):
        reading = Reading(["blither" + "x" * length, "it"], ["", ""])
        expected = known(names, spelt_out(artifact, reading, ""))
        assert names_found(names, small, reading, "") == expected
        assert len(small._grams) <= 3


def test_of_words_that_are_remembered_none_is_long(
    artifact: artifacts.Artifact, names: Names
) -> None:
    fresh = Columns(names, artifact.common | MASKED)

    for word in ("idiot" * 2_000, "blithering"):
        reading = Reading([word, "it"], ["", ""])
        expected = known(names, spelt_out(artifact, reading, ""))
        assert names_found(names, fresh, reading, "") == expected

    assert max(map(len, fresh._grams)) == len("blithering")


@given(st.text(st.characters(max_codepoint=127), max_size=40))
def test_folded_ascii_has_the_same_words_by_the_faster_pattern(text: str) -> None:
    folded = fold(text).text

    assert features._ASCII_TOKEN.findall(folded) == features._TOKEN.findall(folded)


def test_patterns_that_stand_in_for_each_other_agree_on_each_character() -> None:
    for char in map(chr, range(128)):
        for text in (fold(f"{before}{char}").text for before in ("", "a", "1", "'")):
            fast = re.findall(features._ASCII_TOKEN, text)
            assert fast == re.findall(features._TOKEN, text)
