"""People's decisions tell how much of a text may be unknown, and nothing else does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.abstention import LENIENT, max_unknown
from model.correction import FOLDS
from model.judge import MAX_UNKNOWN, Judge
from model.labels import Label
from model.lexicon.matcher import load_lexicon
from model.pipeline import TextReader
from tests.versions import shipped

WORDS = [f"{a}{b}n" for a in "bcdfghjk" for b in "aeiou"]


def unknown(*, accepted: int, rejected: int) -> list[Label]:
    """Labels of which nearly half of the words are unknown, each its own words."""
    return [
        Label(
            f"the new bridge opens today zq{word} vx{word} kj{word} wq{word}",
            number >= accepted,
            author=f"a{number}",
        )
        for number, word in enumerate(WORDS[: accepted + rejected])
    ]


def chosen(labels: list[Label], *, flagged: bool = False) -> float:
    lexicon = load_lexicon()
    read = TextReader(lexicon, shipped().classes).transform([x.text for x in labels])
    return max_unknown(
        shipped(),
        lexicon,
        labels,
        [text.reading for text in read],
        np.arange(len(labels)) % FOLDS,
        np.full(len(labels), flagged),
    )


def test_what_people_accept_again_and_again_need_not_be_left_to_them() -> None:
    labels = unknown(accepted=30, rejected=2)

    assert chosen(labels) == LENIENT


@pytest.mark.parametrize(("accepted", "rejected"), [(0, 0), (3, 0), (16, 14), (2, 30)])
def test_without_their_showing_it_people_go_on_being_asked(
    accepted: int, rejected: int
) -> None:
    labels = unknown(accepted=accepted, rejected=rejected)

    assert chosen(labels) == MAX_UNKNOWN


def test_what_would_be_flagged_anyway_tells_nothing() -> None:
    assert chosen(unknown(accepted=30, rejected=2), flagged=True) == MAX_UNKNOWN


def test_a_lenient_version_judges_more_but_not_what_another_language_shows_in() -> None:
    card = {**shipped().card, "max_unknown": LENIENT}
    strict, lenient = (
        Judge(load_lexicon(), artifact)
        for artifact in (shipped(), replace(shipped(), card=card))
    )
    text = unknown(accepted=1, rejected=0)[0].text

    assert strict.judge(text).scores is None
    assert lenient.judge(text).scores is not None
    assert lenient.judge(f"{text} und nicht").scores is None
