"""What the classifier reads: words as meant, groups without their names, and signs."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model import features
from model.features import Reader, Reading, UnreadableClasses, load_classes
from model.lexicon.matcher import load_lexicon
from model.text import fold

CLASSES = load_classes()
LEXICON = load_lexicon()


def read(text: str) -> Reading:
    folded = fold(text)
    return Reader(CLASSES).read(folded, LEXICON.matches(folded))


@pytest.mark.parametrize("written", ["fսck", "f.u.c.k", "ＦＵＣＫ", "fuuuuck"])
def test_a_disguised_word_is_read_as_it_is_meant(written: str) -> None:
    reading = read(f"oh {written} this")

    assert reading.words == ["oh", "fuck", "this"]
    assert reading.signs[1] == "reject.obscene"


@pytest.mark.parametrize(
    "group", ["Muslims", "Jews", "Biharis", "lesbians", "migrants"]
)
def test_no_group_can_be_told_from_another(group: str) -> None:
    these = read(f"{group} are welcome here.")
    those = read("Hindus are welcome here.")

    assert these == those


def test_what_is_said_of_a_group_makes_different_signs() -> None:
    demeaning = features.signs(read("Those Muslims are hyenas"), "")
    neutral = features.signs(read("my Muslim friends"), "")

    assert "identity be beast" in demeaning
    assert "identity~beast" in demeaning
    assert "identity love" in neutral
    assert "identity~beast" not in neutral


def test_pairs_do_not_reach_across_sentences() -> None:
    signs = features.signs(read("I met Hindus. Dogs barked."), "")

    assert "identity~beast" not in signs


def test_what_is_quoted_is_marked() -> None:
    signs = features.signs(read('he called them "animals" again'), "")

    assert '"beast' in signs


def test_n_grams_stay_within_words_and_mark_their_ends() -> None:
    assert set(features.grams("to")) == {" t", "to", "o ", " to", "to ", " to "}
    assert features.grams("2003") == []


def test_endless_words_cost_no_more_than_long_ones() -> None:
    assert features.grams("a" * 10_000) == features.grams("a" * features.MAX_WORD)


@given(st.text())
def test_every_word_has_a_sign_a_place_and_signs_rest_on_words(text: str) -> None:
    folded = fold(text)
    matches = LEXICON.matches(folded)
    reader = Reader(CLASSES)

    reading = reader.read(folded, matches)
    offsets = reader.offsets(folded, matches)
    places = features.sign_places(reading)

    assert len(reading.words) == len(reading.signs) == len(offsets)
    assert all(0 <= start < end <= len(folded.text) for start, end in offsets)
    assert offsets == sorted(offsets)
    assert len(places) <= len(features.signs(reading, text))
    assert all(0 <= i < len(reading.words) for at in places for i in at)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("beast rats", "classes.tsv:2: no tab"),
        ("filth\trats", "classes.tsv:2: 'rats' is beast already"),
    ],
)
def test_a_broken_line_of_classes_is_named(
    tmp_path: Path, line: str, problem: str
) -> None:
    path = tmp_path / "classes.tsv"
    path.write_text(f"beast\trats\n{line}\n", "utf-8")

    with pytest.raises(UnreadableClasses, match=problem):
        load_classes(path)


def test_sentences_cover_a_text_and_short_ones_join_their_neighbours() -> None:
    first = (
        "No! The minister spoke for two hours about roads and rails and bridges and "
        "ferries and then about the price of each of them in detail."
    )
    second = (
        "I slept very well in the last row of the hall between two kind people who had "
        "brought a blanket and a flask of very good tea with them."
    )
    reading = read(f"{first} {second} Really.")

    ranges = features.sentences(reading)

    cut = [" ".join(reading.cut(start, end).words) for start, end in ranges]
    assert cut[0] == "no ! " + first[4:-1].lower() + " ."
    assert cut[1] == second[:-1].lower() + " . really ."


@given(st.text(alphabet="ab .!?\n", max_size=400))
def test_sentences_leave_no_gap_and_are_never_many(text: str) -> None:
    reading = read(text)

    ranges = features.sentences(reading)

    words = [word for start, end in ranges for word in reading.cut(start, end).words]
    assert words == reading.words
    assert len(ranges) <= features.MAX_SENTENCES + 1
