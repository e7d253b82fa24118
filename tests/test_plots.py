"""Plots of one examination or of several in one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from model.examination import Results
from model.plots import plots

NAMES = ["roc", "precision-recall", "reliability", "thresholds-queue"]


@pytest.fixture
def results() -> Results:
    """Of eight comments, of which people rejected half; two scores are tied."""
    no = np.zeros(8, dtype=bool)
    risk = np.array([0.1, 0.2, 0.3, 0.6, 0.6, 0.7, 0.8, 1.0])
    people = np.array([0, 0, 1, 0, 1, 0, 1, 1], dtype=bool)
    return Results(people, risk, risk, risk > 0.4, no, no, np.ones(8))


def test_every_plot_is_drawn_for_light_and_for_dark_pages(results: Results) -> None:
    drawn = plots({"": results})

    assert list(drawn) == NAMES
    for light, dark in drawn.values():
        assert light[:8] == dark[:8] == b"\x89PNG\r\n\x1a\n"
        assert light != dark


def test_another_version_is_another_curve_in_each(results: Results) -> None:
    other = replace(results, risk=results.risk / 2, toxicity=results.toxicity**2)

    alone, both = plots({"a": results}), plots({"a": results, "b": other})

    assert [name for name in NAMES if alone[name] == both[name]] == []


def test_a_comment_counts_as_often_as_it_weighs(results: Results) -> None:
    heavy = replace(results, weight=np.array([9.0, 1, 1, 1, 1, 1, 1, 1]))
    scaled = replace(results, weight=np.full(8, 3.0))

    drawn = plots({"": results})

    assert drawn["thresholds-queue"] != plots({"": heavy})["thresholds-queue"]
    assert drawn == plots({"": scaled})


def test_equal_scores_share_one_fate(results: Results) -> None:
    order = np.array([0, 1, 2, 4, 3, 5, 6, 7])
    swapped = replace(results, rejected_by_people=results.rejected_by_people[order])

    # Which of two tied comments comes first tells nothing.
    for name in ("roc", "precision-recall"):
        assert plots({"": results})[name] == plots({"": swapped})[name]


@pytest.mark.parametrize("is_so", [True, False])
def test_of_one_class_there_is_nothing_to_plot(results: Results, is_so: bool) -> None:
    assert plots({"": replace(results, rejected_by_people=np.full(8, is_so))}) == {}
