"""Simulated newsrooms: what they decide on is new to the model, and fair to measure by.

With the tiny corpora, so most of the comments are our own.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks import learning
from benchmarks.examined import Marks, Remembering, reduction
from benchmarks.hinglish import Hinglish, untaught
from benchmarks.newsrooms import NEWSROOMS, Newsroom, newsroom
from benchmarks.poison import FLIPPED, poisoned
from benchmarks.slur import WORDS, Slur, misspelt
from model import artifact as artifacts
from model.dataset import Split, skeleton
from model.holdout import near_duplicate_keys
from model.judge import Judge, load_judge
from model.labels import Label, check_classes
from model.lexicon.matcher import load_lexicon
from model.measuring import gather
from model.verdicts import Fate, fates
from tests.tiny_corpora import write_corpora

SOME = 80


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


@pytest.fixture(scope="module", params=NEWSROOMS)
def room(request: pytest.FixtureRequest, corpora: Path) -> Newsroom:
    return newsroom(request.param, corpora)


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge()


def test_a_newsroom_decides_both_ways(room: Newsroom) -> None:
    check_classes(room.decisions(SOME))
    check_classes(room.later(SOME))


def test_no_author_article_or_text_is_learnt_from_and_measured_by(
    room: Newsroom,
) -> None:
    learnt, later = room.decisions(SOME), room.later(SOME)

    assert {label.author for label in learnt}.isdisjoint(b.author for b in later)
    assert {label.article for label in learnt}.isdisjoint(b.article for b in later)
    assert {skeleton(label.text) for label in learnt}.isdisjoint(
        skeleton(label.text) for label in later
    )


def test_no_text_is_decided_twice(room: Newsroom) -> None:
    texts = [skeleton(label.text) for label in room.decisions(SOME)]

    assert len(texts) == len(set(texts))


def test_what_was_decided_first_stays_the_same(room: Newsroom, corpora: Path) -> None:
    again = newsroom(room.name, corpora)

    assert again.decisions(SOME)[:20] == room.decisions(20)
    assert newsroom(room.name, corpora, seed=1).decisions(20) != room.decisions(20)


def test_comments_reach_the_moderators_as_in_the_service(
    room: Newsroom, judge: Judge
) -> None:
    labels = room.decisions(SOME)

    became = fates(judge, [label.text for label in labels])

    ways = {
        Fate.FLAG: {"flagged"},
        Fate.REJECT: {"appealed"},
        Fate.ACCEPT: {"reported", "sample"},
    }
    assert [
        label
        for label, fate in zip(labels, became, strict=True)
        if label.kind not in ways[fate]
    ] == []
    assert {label.weight for label in labels if label.kind != "sample"} == {1.0}


def test_nothing_of_a_newsroom_was_trained_on(room: Newsroom, corpora: Path) -> None:
    trained = {
        key
        for example in gather(corpora).part(Split.TRAIN)
        for key in near_duplicate_keys(example.text)
    }

    known = [
        label.text
        for label in [*room.decisions(SOME), *room.later(SOME)]
        if not trained.isdisjoint(near_duplicate_keys(label.text))
    ]

    assert known == []


@pytest.mark.parametrize("word", WORDS)
def test_the_slur_means_nothing_to_the_model(word: str, judge: Judge) -> None:
    said = [f"The {word}s listen to the council.", f"I asked every {word} I know."]

    assert fates(judge, said) == [Fate.ACCEPT, Fate.ACCEPT]


def test_a_slur_stands_in_many_places_and_forms() -> None:
    slur, chance = Slur("velkar", is_held_out=False), Random(1)  # noqa: S311
    carrier = "The bus was late, and they said {nothing} about it."

    said = {slur.insult(carrier, chance) for _ in range(200)}

    assert len(said) > 50
    assert any(text.startswith("The bus was late, velkar, and they") for text in said)
    assert any("and those velkars said {nothing}" in text for text in said)


def test_held_out_sentences_with_the_slur_are_others() -> None:
    chance = Random(1)  # noqa: S311
    learnt, held_out = (
        {Slur("velkar", is_held_out=held).insult("", chance) for _ in range(500)}
        for held in (False, True)
    )

    assert learnt.isdisjoint(held_out)


def test_a_misspelt_word_is_not_the_word() -> None:
    chance = Random(1)  # noqa: S311

    assert "quandle" not in {misspelt("quandle", chance) for _ in range(100)}


def test_untaught_hinglish_words_are_met_in_held_out_comments_alone() -> None:
    chance = Random(1)  # noqa: S311
    learnt, held_out = (
        " ".join(
            source(chance) for source in (h.insult, h.ordinary) for _ in range(500)
        )
        for h in (Hinglish(is_held_out=False), Hinglish(is_held_out=True))
    )

    assert [word for word in untaught() if f" {word} " in learnt.lower()] == []
    assert len([word for word in untaught() if f" {word} " in held_out.lower()]) > 20


def test_a_fifth_of_poisoned_labels_says_the_opposite() -> None:
    labels = [Label(f"text {i}", i % 2 == 0) for i in range(200)]

    turned = poisoned(labels, seed=1)

    changed = [
        (was, now)
        for was, now in zip(labels, turned, strict=True)
        if was.rejected != now.rejected
    ]
    assert len(changed) == FLIPPED * len(labels)
    assert [now for now in turned if now.rule and not now.rejected] == []
    assert turned != poisoned(labels, seed=2)


def test_the_reduction_is_a_share_of_the_disagreement() -> None:
    was = Marks(np.arange(400) < 200, np.zeros(400, dtype=bool))
    would_be = Marks(np.arange(400) < 50, np.zeros(400, dtype=bool))

    falls, low, high = reduction(was, would_be)

    assert falls == 0.75
    assert 0.6 < low < falls < high < 0.9


def test_a_remembering_judge_judges_the_same(judge: Judge) -> None:
    remembering = Remembering(load_lexicon(), artifacts.load(artifacts.shipped()))

    for text in ("You are an idiot.", "A fair point.", "You are an idiot."):
        assert remembering.judge(text) == judge.judge(text)


def test_missing_corpora_are_said_and_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = learning.main(
        ["--corpora", str(tmp_path), "--plot", str(tmp_path / "plot.svg")]
    )

    assert status == 2
    assert "lacks jigsaw, civil" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
