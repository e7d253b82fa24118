"""Intervals for the difference between two judges, against published values."""

from __future__ import annotations

import numpy as np
import pytest

from model.bootstrap import RESAMPLES, interval, paired_interval, resamples

MICE = np.array([94.0, 197, 16, 38, 99, 141, 23])
"""Days that seven mice survived: Efron and Tibshirani (1993), table 2.1."""


def test_the_spread_of_resampled_means_is_the_published_one() -> None:
    means = resamples(len(MICE), seed=0) @ MICE / len(MICE)

    # Table 2.2: 23.36 for endlessly many resamples.
    assert means.std() == pytest.approx(23.36, rel=0.05)


def test_the_interval_is_that_of_the_mean() -> None:
    low, high = paired_interval(MICE, np.ones(7), np.arange(7), seed=0)

    assert low < MICE.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 23.36, rel=0.1)


def test_equal_judges_differ_by_nothing() -> None:
    assert paired_interval(np.zeros(9), np.ones(9), np.arange(9), seed=0) == (0.0, 0.0)


def test_copies_of_a_text_are_no_further_evidence() -> None:
    gain = np.array([1.0, 1, 0, 0, 0, -1])
    group = np.arange(6)

    once = paired_interval(gain, np.ones(6), group, seed=0)
    often = paired_interval(np.tile(gain, 20), np.ones(120), np.tile(group, 20), seed=0)

    assert often == pytest.approx(once)


def test_what_weighs_more_counts_more() -> None:
    gain, group = np.repeat([1.0, -1.0], 50), np.arange(100)

    heavy = paired_interval(gain, np.repeat([9.0, 1.0], 50), group, seed=0)

    assert heavy[0] < 0.8 < heavy[1]


def test_the_same_seed_gives_the_same_interval() -> None:
    ones, group = np.ones(7), np.arange(7)

    again = [paired_interval(MICE, ones, group, seed=seed) for seed in (1, 1, 2)]

    assert again[0] == again[1] != again[2]


def test_noise_is_hardly_ever_taken_for_a_gain() -> None:
    chance = np.random.default_rng(seed=0)
    group, ones = np.arange(200), np.ones(200)

    lows = [
        paired_interval(
            np.where(chance.random(200) < 0.1, chance.choice([-1, 1], 200), 0),
            ones,
            group,
            seed=seed,
        )[0]
        for seed in range(400)
    ]

    # 2.5 % is meant.
    assert np.mean(np.array(lows) > 0) <= 0.04


def test_the_ends_hold_what_they_say() -> None:
    assert interval(np.arange(1001.0)) == pytest.approx((25.0, 975.0))
    assert resamples(3, seed=0).shape == (RESAMPLES, 3)
    assert (resamples(3, seed=0).sum(axis=1) == 3).all()
