"""The desk says when, who and what in plain words, and shows what an edit changed."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.finding import Rule
from service.desk.cards import counted, happened, times
from service.desk.differences import differences
from service.desk.moments import ago, in_words
from service.domain import AUTOMATIC, Decision, Kind, Outcome, Verdict
from tests.fixtures_store import NOON
from tests.samples import ACCEPTED, REJECTED

FLAGGED = replace(ACCEPTED, flagged=True)
HELD = replace(FLAGGED, outcome=Outcome.REJECT)
WORDS = st.text("abé<i>, \n")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "just now"),
        (0, "just now"),
        (4.9, "just now"),
        (5, "5 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (3600, "1 h ago"),
        (86_399, "23 h ago"),
        (86_400, "1 day ago"),
        (14 * 86_400 - 1, "13 days ago"),
        (14 * 86_400, "15 Feb 2026"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert in_words(NOON - timedelta(seconds=seconds), NOON) == words


def test_the_exact_time_stands_beneath_in_utc() -> None:
    there = datetime(2026, 3, 1, 17, 0, tzinfo=timezone(timedelta(hours=5.5)))

    assert ago(there, NOON) == (
        '<time datetime="2026-03-01T11:30:00+00:00" '
        'title="1 March 2026, 11:30:00 UTC">30 min ago</time>'
    )


@pytest.mark.parametrize(
    ("verdict", "kind", "rule", "words"),
    [
        (REJECTED, Kind.REVIEW, Rule.OBSCENE, "Rejected as obscene by Ann"),
        (ACCEPTED, Kind.REVIEW, None, "Approved by Ann"),
        (ACCEPTED, Kind.SECOND, None, "Approved by Ann, as a second opinion"),
        (ACCEPTED, Kind.APPEAL, None, "Appeal granted by Ann"),
        (
            REJECTED,
            Kind.APPEAL,
            Rule.PERSONAL,
            "Appeal turned down by Ann, rejected as personal",
        ),
        (ACCEPTED, Kind.UNDO, None, "Undone by Ann: accepted as before"),
        (REJECTED, Kind.UNDO, None, "Undone by Ann: rejected as before"),
        (ACCEPTED, Kind.ESCALATION, None, "Left to an editor by Ann"),
        (REJECTED, Kind.SITE, None, "Rejected by Ann, on the site"),
    ],
)
def test_a_decision_is_said_in_words(
    verdict: Verdict, kind: Kind, rule: Rule | None, words: str
) -> None:
    assert happened(Decision(verdict, "Ann", NOON, 1, kind, rule)) == words


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (ACCEPTED, "Accepted automatically"),
        (REJECTED, "Rejected automatically"),
        (FLAGGED, "Flagged and published until decided"),
        (HELD, "Flagged and held until decided"),
    ],
)
def test_what_no_person_decided_is_said_to_be_automatic(
    verdict: Verdict, words: str
) -> None:
    assert happened(Decision(verdict, AUTOMATIC, NOON, 1)) == words


def test_numbers_agree_with_their_nouns() -> None:
    assert [counted(n, "report") for n in (0, 1, 2000)] == [
        "0 reports",
        "1 report",
        "2,000 reports",
    ]
    assert [times(n) for n in (1, 2, 3)] == ["once", "twice", "3 times"]


def test_a_difference_is_of_whole_words() -> None:
    assert differences("The pen is red.", "The blue pen was red.") == (
        "The <ins>blue </ins>pen <del>is</del><ins>was</ins> red."
    )


@given(WORDS, WORDS)
def test_a_difference_holds_both_texts_whole(old: str, new: str) -> None:
    shown = str(differences(old, new))

    without_new = re.sub("<ins>.*?</ins>|</?del>", "", shown, flags=re.DOTALL)
    without_old = re.sub("<del>.*?</del>|</?ins>", "", shown, flags=re.DOTALL)
    assert unescape(without_new) == old
    assert unescape(without_old) == new


def test_of_long_texts_that_differ_throughout_the_middle_is_replaced() -> None:
    old, new = (
        "Dear all, " + "a b " * 900 + "Bye.",
        "Dear all, " + "b a " * 900 + "Bye.",
    )

    shown = str(differences(old, new))

    assert shown.startswith("Dear all, <del>a b")
    assert shown.endswith("</ins> Bye.")
    assert (shown.count("<del>"), shown.count("<ins>")) == (1, 1)


CYCLE = [f"x{i} " for i in range(50)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("a b " * 1200, "b a c " * 800, id="few words"),
        pytest.param(
            "".join(CYCLE * 49) + "".join(CYCLE[::3] * 140),
            "!".join(CYCLE * 49),
            id="many words in circles",
        ),
    ],
)
def test_texts_made_to_be_slow_to_compare_are_not(old: str, new: str) -> None:
    start = time.thread_time()
    differences(old, new)

    assert time.thread_time() - start < 2
