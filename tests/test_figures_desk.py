"""The overview's figures, against published values, peers and cases by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from model.finding import Rule
from service.desk.overview import numbers
from service.desk.overview.agreement import Part, agreement, by_rule, square
from service.desk.overview.figures import kappa, observed_agreement, percentile, share
from service.desk.overview.periods import By, first_day, periods, span
from service.domain import Outcome
from service.store.tallies import Opinion, Pair, Proposal, Tally

ACCEPT, REJECT = Outcome.ACCEPT, Outcome.REJECT
DAY = timedelta(days=1)
counts = st.integers(0, 50)


@pytest.mark.parametrize(
    ("table", "published", "digits"),
    [
        # J. Sim and C. C. Wright, "The Kappa Statistic in Reliability Studies",
        # Physical Therapy 85 (2005), 257-268, table 1.
        pytest.param([[22, 2], [4, 11]], 0.67, 2, id="Sim and Wright"),
        # Stata Base Reference Manual, "kappa", example 1: two radiologists on 85
        # xeromammograms, in four categories.
        pytest.param(
            [[21, 12, 0, 0], [4, 17, 1, 0], [3, 9, 15, 2], [0, 0, 0, 1]],
            0.4728,
            4,
            id="Stata",
        ),
    ],
)
def test_kappa_matches_published_values(
    table: list[list[int]], published: float, digits: int
) -> None:
    assert round(kappa(table) or 0.0, digits) == published


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        pytest.param([[5, 0], [0, 5]], 1.0, id="always the same is one"),
        pytest.param([[0, 5], [5, 0]], -1.0, id="always the opposite is minus one"),
        pytest.param([[4, 4], [4, 4]], 0.0, id="as by chance is zero"),
        pytest.param([[8, 1], [1, 0]], -1 / 9, id="often alike, and still worse"),
        pytest.param([[0, 0], [0, 0]], None, id="of nothing there is none"),
        pytest.param([[7, 0], [0, 0]], None, id="one answer only proves nothing"),
    ],
)
def test_kappa_of_plain_cases(table: list[list[int]], expected: float | None) -> None:
    assert kappa(table) == (None if expected is None else pytest.approx(expected))


@settings(deadline=None)  # Machines are slow at times.
@given(counts, counts, counts, counts)
def test_kappa_is_the_one_that_scikit_learn_computes(
    a: int, b: int, c: int, d: int
) -> None:
    ours = kappa([[a, b], [c, d]])
    first = [0] * (a + b) + [1] * (c + d)
    second = [0] * a + [1] * b + [0] * c + [1] * d

    if ours is not None:
        theirs = cohen_kappa_score(first, second, labels=[0, 1])
        assert ours == pytest.approx(theirs)


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30).map(sorted),
    st.floats(0, 1),
)
def test_percentiles_are_those_that_numpy_computes(
    values: list[int], rank: float
) -> None:
    assert percentile(values, rank) == pytest.approx(np.quantile(values, rank))


def test_of_an_even_number_the_median_lies_half_way() -> None:
    assert percentile([1, 2, 4, 100], 0.5) == 3


def test_of_one_value_every_percentile_is_that_value() -> None:
    assert percentile([7], 0.0) == percentile([7], 0.9) == percentile([7], 1.0) == 7


def test_of_nothing_there_are_no_figures() -> None:
    assert percentile([], 0.5) is None
    assert share(0, 0) is None
    assert observed_agreement([[0, 0], [0, 0]]) is None


def test_none_of_some_is_a_share_like_any_other() -> None:
    assert share(0, 4) == 0.0
    assert observed_agreement([[0, 1], [1, 0]]) == 0.0
    assert observed_agreement([[3, 1], [0, 0]]) == 0.75


# Agreement

OPINIONS = {
    Opinion(None, Proposal.ACCEPT, ACCEPT, None): 8,
    Opinion(None, Proposal.ACCEPT, REJECT, Rule.OBSCENE): 2,
    Opinion(Rule.OBSCENE, Proposal.REJECT, REJECT, Rule.OBSCENE): 3,
    Opinion(Rule.OBSCENE, Proposal.REJECT, ACCEPT, None): 1,
    Opinion(Rule.PERSONAL, Proposal.FLAG, REJECT, Rule.PERSONAL): 4,
    Opinion(Rule.PERSONAL, Proposal.FLAG, REJECT, Rule.OBSCENE): 1,
    Opinion(Rule.PERSONAL, Proposal.FLAG, ACCEPT, None): 5,
    # The model knew too little to propose anything.
    Opinion(None, Proposal.FLAG, REJECT, Rule.OBSCENE): 6,
}


def test_people_uphold_what_the_model_decided_and_confirm_what_it_doubted() -> None:
    found = agreement(OPINIONS)

    assert found.firm == Part(8 + 3, 8 + 2 + 3 + 1)
    assert found.accepted == Part(8, 10)
    assert found.rejected == Part(3, 4)
    assert found.doubts == Part(5, 10)
    assert found.named == Part(3 + 4, 3 + 4 + 1)


def test_each_rule_has_the_opinions_that_its_reasons_met_with() -> None:
    found = by_rule(OPINIONS)

    assert list(found) == [*Rule, None]
    assert found[Rule.OBSCENE].rejected == Part(3, 4)
    assert found[Rule.OBSCENE].doubts == Part(0, 0)
    assert found[Rule.PERSONAL].doubts.share == 0.5
    assert found[Rule.PERSONAL].named == Part(4, 5)
    assert found[Rule.DEROGATORY] == agreement({})
    assert found[None].accepted == Part(8, 10)
    assert found[None].doubts == Part(0, 0)


def test_pairs_make_a_square_of_first_and_second_opinions() -> None:
    pairs = {Pair(ACCEPT, ACCEPT): 4, Pair(ACCEPT, REJECT): 3, Pair(REJECT, ACCEPT): 2}

    assert square(pairs) == [[4, 3], [2, 0]]


# Days and weeks

MONDAY = date(2026, 11, 2)


def test_weeks_start_on_monday_and_days_where_they_are_asked_for() -> None:
    sunday = MONDAY + 6 * DAY

    assert first_day(By.WEEK, 7, sunday) == MONDAY
    assert first_day(By.WEEK, 8, sunday) == MONDAY - 7 * DAY
    assert first_day(By.DAY, 1, sunday) == sunday
    assert first_day(By.DAY, 28, sunday) == sunday - 27 * DAY


def test_a_week_adds_its_days_up_as_far_as_they_go() -> None:
    days = {MONDAY + i * DAY: Tally(accepted=1) for i in range(10)}

    weeks = periods(By.WEEK, days, today=MONDAY + 9 * DAY)

    assert [week.tally.accepted for week in weeks] == [7, 3]
    assert [week.is_over for week in weeks] == [True, False]
    assert [week.name for week in weeks] == ["2–8 Nov", "9–15 Nov"]
    assert [week.label for week in weeks] == ["2 Nov", "9 Nov"]


def test_second_opinions_gather_from_the_first_period_on() -> None:
    pairs = [{Pair(ACCEPT, ACCEPT): 1}, {}, {Pair(ACCEPT, ACCEPT): 2}]
    days = {MONDAY + i * DAY: Tally(pairs=found) for i, found in enumerate(pairs)}

    found = periods(By.DAY, days, today=MONDAY + 9 * DAY)

    assert [day.pairs[0][0] for day in found] == [1, 0, 2]
    assert [day.pairs_until[0][0] for day in found] == [1, 1, 3]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        pytest.param(MONDAY, MONDAY, "2 Nov 2026", id="one day"),
        pytest.param(MONDAY, MONDAY + DAY, "2–3 Nov 2026", id="of one month"),
        pytest.param(MONDAY - 3 * DAY, MONDAY, "30 Oct – 2 Nov 2026", id="of two"),
        pytest.param(
            date(2025, 12, 31), date(2026, 1, 1), "31 Dec 2025 – 1 Jan 2026", id="years"
        ),
    ],
)
def test_a_span_of_days_says_no_more_than_is_needed(
    first: date, last: date, said: str
) -> None:
    assert span(first, last) == said


def test_days_of_another_year_say_so() -> None:
    days = {date(2025, 12, 31): Tally(), date(2026, 1, 1): Tally()}

    found = periods(By.DAY, days, today=date(2026, 1, 1))

    assert [day.name for day in found] == ["Wed 31 Dec 2025", "Thu 1 Jan"]


# Numbers


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (90, "2 min"),
        (3599, "1 h"),
        (7800, "2 h 10 min"),
        (86_399, "1 d"),
        (86_400 * 3 + 3600 * 5, "3 d 5 h"),
    ],
)
def test_durations_are_said_by_their_two_largest_units(
    seconds: float | None, said: str
) -> None:
    assert numbers.duration(seconds) == said


def test_no_number_is_a_dash_and_zero_is_zero() -> None:
    assert numbers.per_cent(None) == numbers.coefficient(None) == "–"
    assert numbers.per_cent(0.0) == "0.0%"
    assert numbers.per_cent(1.0) == "100.0%"
    assert numbers.coefficient(-0.125) == "−0.12"
    assert numbers.count(12345) == "12,345"
