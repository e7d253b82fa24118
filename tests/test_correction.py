"""A correction follows what people have shown, and no further."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.special import expit

from model.artifact import load, shipped
from model.correction import FOLDS, STRENGTHS, Design, Task, corrected
from model.finding import ATTRIBUTES
from model.judge import load_judge
from model.lexicon.matcher import load_lexicon
from model.pipeline import TextReader, restore

LABELS = 240
FEATURES = 12


def task(truth: np.ndarray, *, seed: int = 0, noise: float = 0.0) -> Task:
    """Labels of a model that is wrong by `truth`, and as many texts that it rehearses.

    With noise, so large a share of the labels says the opposite.
    """
    chance = np.random.default_rng(seed)
    rows = (chance.random((2 * LABELS, FEATURES)) < 0.3).astype(float)
    logits = np.full(2 * LABELS, -1.0)
    right = expit(logits + rows @ truth) > 0.5
    flipped = chance.random(2 * LABELS) < noise
    wanted = np.where(np.arange(2 * LABELS) < LABELS, right ^ flipped, expit(logits))
    rows[LABELS:, 0] = 0
    folds = np.where(np.arange(2 * LABELS) < LABELS, np.arange(2 * LABELS) % FOLDS, -1)
    return Task(
        sp.csr_matrix(rows),
        logits,
        wanted.astype(float),
        np.ones(2 * LABELS),
        folds,
    )


def test_what_people_keep_saying_is_learnt() -> None:
    truth = np.zeros(FEATURES)
    truth[0] = 6.0

    found = corrected([task(truth)])

    assert found.strength in STRENGTHS
    assert found.deltas[0].argmax() == 0
    assert expit(-1 + found.deltas[0][0]) > 0.9


def test_labels_that_say_what_the_model_says_change_nothing_much() -> None:
    found = corrected([task(np.zeros(FEATURES))])

    assert np.all(expit(-1 + found.deltas[0]) < 0.5)


def test_labels_drawn_by_lot_are_not_believed() -> None:
    chance = np.random.default_rng(5)
    by_lot = task(np.zeros(FEATURES))
    wanted = by_lot.targets.copy()
    wanted[:LABELS] = chance.random(LABELS) < expit(-1.0)
    lots = Task(by_lot.rows, by_lot.logits, wanted, by_lot.weights, by_lot.folds)

    found = corrected([lots])

    assert found.strength is None or np.abs(found.deltas[0]).max() < 1.0


def test_what_is_rehearsed_holds_the_model_where_it_is() -> None:
    truth = np.zeros(FEATURES)
    truth[3] = 6.0
    free, held = task(truth), task(truth)
    weights = np.where(held.folds < 0, 50.0, held.weights)
    held = Task(held.rows, held.logits, held.targets, weights, held.folds)

    moved = corrected([free]).deltas[0][3]
    kept = corrected([held]).deltas[0][3]

    assert kept < moved


def test_a_feature_that_no_label_has_stays_as_it_is() -> None:
    truth = np.zeros(FEATURES)
    truth[0] = 6.0
    one = task(truth)
    rows = one.rows.tolil()
    rows[:LABELS, 7] = 0
    without = Task(rows.tocsr(), one.logits, one.targets, one.weights, one.folds)

    found = corrected([without])

    assert found.deltas[0][7] == 0


def test_what_is_left_out_was_not_learnt_from() -> None:
    truth = np.zeros(FEATURES)
    truth[0] = 6.0

    found = corrected([task(truth)])

    assert found.left_out.shape == (LABELS, 1)


@pytest.mark.parametrize(
    "text",
    [
        "A fair point.",
        "You are a liar. " * 30 + "The bridge was closed on Monday for repairs.",
    ],
)
def test_a_design_gives_the_log_odds_that_are_served(text: str) -> None:
    artifact, lexicon = load(shipped()), load_lexicon()
    fitted = restore(artifact, lexicon).named_steps["attributes"]
    texts = TextReader(lexicon, artifact.classes).transform([text])

    design = Design(artifact, fitted, texts)

    served = load_judge().probabilities(text)
    assert expit(design.logits[0]) == pytest.approx(list(served.values()), abs=1e-5)
    coef = fitted.regression.coef_
    for column in range(len(ATTRIBUTES)):
        again = design.rows(column) @ coef[column] + artifact.intercept[column]
        assert again == pytest.approx(design.logits[:, column])
