"""Words become known when several people use them, and weigh nothing at first."""

from __future__ import annotations

from functools import cache

import numpy as np

from model.artifact import Artifact
from model.features import Reading
from model.finding import ATTRIBUTES
from model.judge import Judge
from model.labels import Label
from model.lexicon.matcher import load_lexicon
from model.pipeline import TextReader
from model.vocabulary import FAMILIAR, grown
from tests.versions import shipped

HINDI = "kya hai bhai ye sab"
"""Words that give Hindi away; the classifier abstains from it."""


@cache
def judge() -> Judge:
    return Judge(load_lexicon(), shipped())


def readings(labels: list[Label]) -> list[Reading]:
    reader = TextReader(load_lexicon(), shipped().classes)
    return [read.reading for read in reader.transform([x.text for x in labels])]


def learnt(*labels: Label) -> Artifact:
    return grown(shipped(), labels, readings([*labels]))


def new_words(*labels: Label) -> list[str]:
    return learnt(*labels).words.names[len(shipped().words.names) :]


def test_a_word_of_two_authors_becomes_known() -> None:
    labels = [
        Label("Typical snorbit.", True, author="a"),
        Label("A snorbit and a quandle!", True, author="b"),
    ]

    assert new_words(*labels) == ["snorbit"]


def test_what_one_author_repeats_may_be_a_name_and_is_not_learnt() -> None:
    labels = [Label(f"Snorbit Zelquist lied {n}.", True, author="a") for n in "xyz"]

    assert new_words(*labels) == []


def test_where_no_author_is_known_two_comments_are_enough() -> None:
    assert new_words(*[Label("Typical snorbit.", True)] * 2) == ["snorbit"]


def test_numbers_are_not_learnt() -> None:
    labels = [Label("Call 9847012345 snorbit", True, author=a) for a in "ab"]

    assert new_words(*labels) == ["snorbit"]


def test_a_new_word_is_as_rare_as_the_rarest_and_weighs_nothing() -> None:
    words = learnt(*[Label("Typical snorbit.", True)] * 2).words

    assert words.idf[-1] == shipped().words.idf.max()
    assert words.coef.dtype == shipped().words.coef.dtype
    np.testing.assert_array_equal(words.coef[-1], np.zeros(len(ATTRIBUTES)))


def test_the_model_it_grows_from_stays_what_it_was() -> None:
    before = len(shipped().words.names), dict(shipped().classes)

    learnt(*[Label(HINDI, True)] * FAMILIAR)

    assert (len(shipped().words.names), dict(shipped().classes)) == before


def test_a_language_that_is_often_decided_on_is_read_and_not_left_to_people() -> None:
    labels = [Label(HINDI, False, author=f"a{n}") for n in range(FAMILIAR)]

    larger = Judge(load_lexicon(), learnt(*labels))

    assert judge().judge(HINDI).scores is None
    assert larger.judge(HINDI).scores is not None


def test_a_few_comments_in_another_language_do_not_make_it_the_site_s_own() -> None:
    labels = [Label(HINDI, False, author=f"a{n}") for n in range(FAMILIAR - 1)]

    larger = Judge(load_lexicon(), learnt(*labels))

    assert larger.judge(HINDI).scores is None
