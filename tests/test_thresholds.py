"""Thresholds for whoever tuned them on Perspective: by false positives."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.thresholds import above, grouped, table, threshold_at
from model.dataset import Example
from model.finding import Attribute

SPREAD = np.arange(1000) / 1000


@pytest.mark.parametrize(
    ("rate", "percent"), [(0.5, 50), (0.05, 95), (0.01, 99), (0.009, 99), (1.0, 0)]
)
def test_a_threshold_leaves_as_many_above_as_it_may(rate: float, percent: int) -> None:
    assert threshold_at(rate, SPREAD) == percent
    assert above(percent, SPREAD) <= rate


def test_one_per_cent_lower_would_leave_too_many_above() -> None:
    found = threshold_at(0.05, SPREAD)

    assert found is not None
    assert above(found - 1, SPREAD) > 0.05


def test_no_threshold_helps_where_too_many_are_certain() -> None:
    assert threshold_at(0.1, np.ones(10)) is None


def test_on_the_threshold_is_not_above_it() -> None:
    assert above(50, np.array([0.5, 0.51])) == 0.5


def test_texts_are_grouped_by_place_and_label() -> None:
    given = [
        Example("a", {Attribute.TOXICITY: 0}, "jigsaw"),
        Example("b", {Attribute.TOXICITY: 1}, "context"),
        Example("c", {Attribute.TOXICITY: 1}, "own/forum"),
        Example("d", {Attribute.TOXICITY: 1}, "own/templates"),
        Example("e", {Attribute.TOXICITY: 1}, "davidson"),
        Example("f", {Attribute.INSULT: 1}, "jigsaw"),
    ]

    assert grouped(given) == {
        "news toxic": ["c"],
        "talk clean": ["a"],
        "talk toxic": ["b"],
    }


def test_every_rate_has_its_row() -> None:
    lines = table({"talk clean": SPREAD, "talk toxic": np.ones(4)})

    assert lines[0] == "| false positives | threshold | talk clean | talk toxic |"
    assert lines[-1] == "| 5.0% | 95 % | 4.9% | 100.0% |"
    assert len(lines) == 2 + 5
