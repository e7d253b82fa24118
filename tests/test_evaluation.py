"""Evaluation figures against published values and constructed cases."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from model.evaluation import (
    bias_aucs,
    expected_calibration_error,
    fit_platt,
    roc_auc,
    span_f1,
    threshold_for_precision,
    wilson_interval,
    wilson_lower_bound,
)


def test_wilson_intervals_match_published_values() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    low, high = wilson_interval([81, 15, 0, 1], [263, 148, 20, 29])

    assert low == pytest.approx([0.2553, 0.0624, 0.0, 0.0061], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605, 0.1611, 0.1718], abs=5e-5)
    assert (wilson_lower_bound([81, 15], [263, 148]) == low[:2]).all()


def test_impossible_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="between 0 and trials"):
        wilson_lower_bound([3], [2])


def test_noise_earns_no_automatic_rejection() -> None:
    rng = np.random.default_rng(seed=0)

    threshold = threshold_for_precision(
        rng.random(400) < 0.5, rng.random(400), precision=0.95
    )

    assert threshold is None


def test_tied_probabilities_share_one_fate() -> None:
    # 60 right and 60 wrong at one probability: no order may hide the wrong ones.
    tied = np.full(120, 0.9)

    assert threshold_for_precision(np.arange(120) < 60, tied, precision=0.9) is None


def test_two_classes_split_where_they_meet() -> None:
    p = np.linspace(0, 1, 1001)

    threshold = threshold_for_precision(p >= 0.7, p, precision=0.95)

    assert threshold is not None
    assert 0.65 < threshold <= 0.7


def test_roc_auc_counts_pairs_and_half_of_ties() -> None:
    # Of the four pairs: two right, one tied, one wrong.
    assert roc_auc([True, True, False, False], [0.9, 0.2, 0.2, 0.1]) == 0.875


def test_roc_auc_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(seed=1)
    positive, score = rng.random(500) < 0.2, rng.integers(0, 20, 500)

    assert roc_auc(positive, score) == pytest.approx(roc_auc_score(positive, score))


def test_roc_auc_of_one_class_is_undefined() -> None:
    assert np.isnan(roc_auc([True, True], [0.1, 0.2]))


def test_calibration_error_is_the_gap_between_word_and_deed() -> None:
    positive = np.arange(100) < 30

    assert expected_calibration_error(positive, np.full(100, 0.8)) == pytest.approx(0.5)
    assert expected_calibration_error(positive, np.full(100, 0.3)) == pytest.approx(0.0)


def test_platt_scaling_recovers_the_logistic_curve() -> None:
    rng = np.random.default_rng(seed=2)
    logit = rng.normal(size=50_000) * 2
    positive = rng.random(50_000) < 1 / (1 + np.exp(-(0.5 * logit - 1)))

    slopes, intercept = fit_platt(logit[:, None], positive)

    assert (*slopes, intercept) == pytest.approx((0.5, -1.0), abs=0.05)


def test_calibration_weighs_several_logits_and_never_against_one() -> None:
    rng = np.random.default_rng(seed=1)
    logits = rng.normal(size=(50_000, 3)) * 2
    true = logits @ [0.7, 0.2, -0.3] - 1
    positive = rng.random(50_000) < 1 / (1 + np.exp(-true))

    slopes, _ = fit_platt(logits, positive)

    assert slopes == pytest.approx([0.7, 0.2, 0.0], abs=0.05)


def test_calibration_bears_two_logits_that_are_one() -> None:
    logit = np.linspace(-3, 3, 101)

    slopes, _ = fit_platt(np.column_stack([logit, logit]), logit > 0.5)

    assert np.isfinite(slopes).all()
    assert slopes.min() >= 0


def test_a_biased_scorer_shows_in_bpsn() -> None:
    # Innocent mentions of the group score like abuse elsewhere.
    positive = np.array([True, False, True, False])
    subgroup = np.array([True, True, False, False])
    score = np.array([0.99, 0.9, 0.8, 0.1])

    aucs = bias_aucs(positive, score, subgroup)

    assert aucs == {"subgroup": 1.0, "bpsn": 0.0, "bnsp": 1.0}


def test_span_f1_is_that_of_the_shared_task() -> None:
    assert span_f1(frozenset(), frozenset()) == 1.0
    assert span_f1(frozenset({1}), frozenset()) == 0.0
    assert span_f1(frozenset({1, 2, 3}), frozenset({2, 3, 4})) == pytest.approx(2 / 3)
