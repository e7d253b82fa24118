"""What a candidate is judged by shares nothing with what it learnt from."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from model.holdout import hold_out, near_duplicate_keys
from model.labels import Label

WORDS = [f"{a}{b}{c}" for a in "bdfglmn" for b in "aeiou" for c in ("rk", "st", "ll")]


def decisions(count: int = 2_000, *, seed: int = 0) -> list[Label]:
    """Labels of 600 authors under 300 articles, some of each with most of them."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    return [
        Label(
            _text(chance),
            chance.random() < 0.3,
            id=f"c{number}",
            author=f"a{int(600 * chance.random() ** 2)}",
            article=f"t{int(300 * chance.random() ** 1.5)}",
        )
        for number in range(count)
    ]


def _text(chance: random.Random) -> str:
    if chance.random() < 0.1:
        return chance.choice(["Well said!", "Shame on you.", "First!"])
    return " ".join(chance.choices(WORDS, k=chance.randint(4, 30)))


@pytest.mark.parametrize(
    "of",
    [
        lambda label: [label.author],
        lambda label: [label.article],
        lambda label: near_duplicate_keys(label.text),
    ],
    ids=["author", "article", "near-duplicate"],
)
def test_nothing_is_on_both_sides(of: Callable[[Label], Iterable[str]]) -> None:
    parts = hold_out(decisions())

    learnt = {key for label in parts.train for key in of(label)}
    held = {key for label in parts.held_out for key in of(label)}

    assert learnt
    assert held
    assert learnt & held == set()


def test_every_label_has_its_place_or_is_counted() -> None:
    labels = decisions()

    parts = hold_out(labels)

    placed = [*parts.train, *parts.held_out]
    assert len(placed) + parts.left_out == len(labels)
    assert set(placed) <= set(labels)


def test_enough_is_left_to_judge_by_and_most_to_learn_from() -> None:
    parts = hold_out(decisions())

    assert len(parts.held_out) > 150
    assert len(parts.train) > 1_200


def test_the_order_of_labels_decides_nothing() -> None:
    labels = decisions(500)
    shuffled = sorted(labels, key=lambda label: label.id[::-1])

    first, second = hold_out(labels), hold_out(shuffled)

    assert set(first.train) == set(second.train)
    assert set(first.held_out) == set(second.held_out)


def test_an_article_stays_on_its_side_when_more_labels_come() -> None:
    early = decisions(500)
    late = [*early, *(decisions(500, seed=1))]

    before = {label.article for label in hold_out(early).held_out}
    after = {label.article for label in hold_out(late).train}

    assert before & after == set()


def test_one_letter_more_makes_no_other_comment() -> None:
    text = "The council has had the plans for the bridge since spring, and sleeps."
    spam = [Label(f"{text}{'!' * n}", True, article=f"t{n}") for n in range(40)]
    twin = Label(f"{text[:45]} but works hard, they say.", False, article="t50")

    parts = hold_out([*spam, twin])

    assert not parts.train or not parts.held_out


def test_without_articles_and_authors_equal_beginnings_stay_together() -> None:
    labels = [Label(f"{word} is all I say", True) for word in WORDS for _ in range(3)]

    parts = hold_out(labels)

    assert parts.left_out == 0
    assert 0 < len(parts.held_out) < len(parts.train)
