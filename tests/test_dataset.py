"""Examples are joined and split so that nothing is measured on what was learnt."""

from __future__ import annotations

from collections import Counter

import numpy as np

from model.dataset import (
    CLEAN,
    Example,
    Split,
    deduplicate,
    fingerprint,
    labels,
    labels_of,
    split,
)
from model.finding import Attribute


def example(text: str, group: str | None = None) -> Example:
    return Example(text, CLEAN, "test", group=group)


def test_any_attribute_makes_a_comment_toxic() -> None:
    given = labels_of([Attribute.THREAT])

    assert given[Attribute.TOXICITY] == given[Attribute.THREAT] == 1
    assert sum(given.values()) == 2
    assert sum(labels_of([]).values()) == 0


def test_equal_letters_are_one_example_and_the_first_is_kept() -> None:
    kept = deduplicate([example("You, idiot!"), example("you idiot"), example("Idiot")])

    assert [e.text for e in kept] == ["You, idiot!", "Idiot"]


def test_a_text_without_letters_is_an_example_too() -> None:
    assert len(deduplicate([example("!!!"), example("???")])) == 2


def test_near_duplicates_stay_on_one_side() -> None:
    stem = "the council has once more put off the repair of the bridge over the river "
    family = [example(f"{stem}{n}") for n in range(200)]

    assert len(set(split(family))) == 1


def test_a_minimal_pair_stays_on_one_side() -> None:
    pairs = [example(f"{n} {side}", group=str(n)) for n in range(300) for side in "ab"]

    parts = split(pairs)

    assert parts[::2] == parts[1::2]


def test_about_a_tenth_is_held_out_twice() -> None:
    parts = Counter(split([example(f"comment number {n}") for n in range(4_000)]))

    assert 0.08 < parts[Split.TEST] / 4_000 < 0.12
    assert 0.08 < parts[Split.VALIDATION] / 4_000 < 0.12


def test_the_split_does_not_depend_on_order() -> None:
    rows = [example(f"comment number {n} about {n % 7}") for n in range(500)]

    forth = dict(zip((e.text for e in rows), split(rows), strict=True))
    back = dict(zip((e.text for e in rows[::-1]), split(rows[::-1]), strict=True))

    assert forth == back


def test_what_nobody_judged_is_unknown_rather_than_clean() -> None:
    row = labels([Example("x", {Attribute.TOXICITY: 1}, "test")])[0]

    assert row[0] == 1
    assert np.isnan(row[1:]).all()


def test_the_fingerprint_names_texts_and_labels_in_any_order() -> None:
    one, two = example("one"), example("two")

    assert fingerprint([one, two]) == fingerprint([two, one])
    assert fingerprint([one]) != fingerprint([two])
    assert fingerprint([one]) != fingerprint(
        [Example("one", labels_of([Attribute.INSULT]), "test")]
    )
