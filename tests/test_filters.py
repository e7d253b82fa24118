"""A list is narrowed as its query string says, and says so itself."""

from __future__ import annotations

from string import printable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.finding import Rule, Source
from service.desk.filters import choose
from service.domain import Waiting
from service.store.cases import Filters, Order

FREE = st.none() | st.text(printable, min_size=1).map(str.strip).filter(bool)
SCORE = st.none() | st.integers(0, 100).map(lambda percent: percent / 100)
FILTERS = st.builds(
    Filters,
    waiting=st.none() | st.sampled_from(Waiting),
    rule=st.none() | st.sampled_from(Rule),
    source=st.none() | st.sampled_from(Source),
    article=FREE,
    author=FREE,
    language=FREE,
    words=FREE,
)


def test_nothing_asked_is_everything_newest_first() -> None:
    chosen = choose({})

    assert chosen.filters == Filters()
    assert chosen.order is Order.NEWEST
    assert (chosen.query, chosen.chips, chosen.problems) == ({}, [], {})


@given(FILTERS, st.sampled_from(Order), SCORE, SCORE)
def test_the_query_string_of_a_list_asks_for_the_same_again(
    filters: Filters, order: Order, one: float | None, other: float | None
) -> None:
    scores = {"least": one, "most": other}
    if one is not None and other is not None:
        scores = {"least": min(one, other), "most": max(one, other)}
    asked = {
        name: str(value)
        for name in ("waiting", "rule", "source", "article", "author", "language")
        if (value := getattr(filters, name)) is not None
    }
    asked |= {name: str(value) for name, value in scores.items() if value is not None}
    asked |= {"words": filters.words} if filters.words else {}

    chosen = choose({**asked, "order": order})

    assert chosen.problems == {}
    assert choose(chosen.query).filters == chosen.filters
    assert choose(chosen.query).order == chosen.order == order
    assert {chip.label for chip in chosen.chips} == {
        chip.label for chip in choose(chosen.query).chips
    }
    assert len(chosen.chips) == len(asked)


def test_a_score_of_zero_is_a_score_like_any_other() -> None:
    chosen = choose({"least": "0", "most": "0"})

    assert (chosen.filters.least, chosen.filters.most) == (0.0, 0.0)
    assert chosen.query == {"least": "0", "most": "0"}


def test_a_score_may_be_written_with_a_comma() -> None:
    assert choose({"least": "0,25"}).filters.least == 0.25


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("rule", "rude", "“rude” is none of derogatory, personal, obscene."),
        ("waiting", "1", "“1” is none of escalated"),
        ("source", "lexicon ,", "is none of lexicon, classifier, contact."),
        ("order", "random", "“random” is none of newest, oldest."),
        ("least", "1.01", "A score is from 0 to 1, not “1.01”."),
        ("most", "-0.1", "A score is from 0 to 1"),
        ("least", "nan", "A score is from 0 to 1"),
        ("most", "many", "A score is from 0 to 1"),
        ("words", "a\0b", "can be looked for"),
        ("author", "u" * 301, "At most 300 characters can be looked for."),
    ],
)
def test_what_cannot_be_read_narrows_nothing_and_is_named(
    name: str, value: str, problem: str
) -> None:
    chosen = choose({name: value})

    assert chosen.filters == Filters()
    assert problem in chosen.problems[name]
    assert chosen.typed == {name: value}
    assert chosen.query == {}


def test_a_range_the_wrong_way_round_is_named() -> None:
    chosen = choose({"least": "0.9", "most": "0.1"})

    assert chosen.problems == {"most": "The highest score is below the lowest."}
    assert chosen.filters == Filters(least=0.9)


def test_each_chip_lets_go_of_its_own_filter_alone() -> None:
    chosen = choose({"rule": "obscene", "words": "cow", "order": "oldest"})

    assert [(chip.label, chip.value, chip.without) for chip in chosen.chips] == [
        ("Rule", "Obscene", {"words": "cow", "order": "oldest"}),
        ("Text", "cow", {"rule": "obscene", "order": "oldest"}),
    ]
