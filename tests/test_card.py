"""The card of the version that ships says what the README promises."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from model import artifact as artifacts
from model.dataset import fingerprint
from model.figures import fairness
from model.finding import Attribute, Rule
from model.judge import load_judge
from model.newscomments import by_identity

CARD: dict[str, Any] = json.loads(Path(artifacts.shipped(), "card.json").read_text())
FIGURES = CARD["figures"]


@pytest.mark.parametrize("rule", Rule)
def test_every_rule_has_thresholds_in_order(rule: Rule) -> None:
    limits = CARD["thresholds"][rule]

    assert 0 < limits["flag"] < limits["reject"] <= 1


def test_what_is_rarer_than_its_rule_has_thresholds_of_its_own() -> None:
    (own,) = CARD["attribute_thresholds"].items()
    attribute, limits = own

    assert attribute == Attribute.THREAT
    assert 0 < limits["flag"] < CARD["thresholds"][Rule.PERSONAL]["flag"]
    assert limits["flag"] < limits["reject"] <= 1


def test_it_is_good_on_the_public_comments_it_held_out() -> None:
    assert FIGURES["roc_auc"]["TOXICITY"]["jigsaw"]["roc_auc"] >= 0.97


@pytest.mark.parametrize("name", [*Attribute, *Rule])
def test_its_probabilities_mean_what_they_say(name: str) -> None:
    assert FIGURES["calibration_error"][name] <= 0.03


def test_no_identity_is_held_against_a_comment() -> None:
    assert min(aucs["bpsn"] for aucs in FIGURES["fairness"].values()) >= 0.93


def test_the_bias_figures_are_those_of_the_weights() -> None:
    # They need no corpus, so they can be measured again wherever the tests run.
    assert fairness(load_judge(), by_identity()) == FIGURES["fairness"]


def test_the_words_it_shows_are_those_that_people_mark() -> None:
    assert FIGURES["toxic_span_f1"] >= 0.60


def test_every_corpus_it_learnt_from_is_counted() -> None:
    counts = CARD["data"]["examples"]

    parts = itertools.chain.from_iterable(table.values() for table in counts.values())
    assert len(counts) >= 12
    assert sum(parts) > 250_000
    assert len(CARD["data"]["fingerprint"]) == len(fingerprint([]))
