"""A decision teaches what it says, and nothing that something else explains."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import numpy as np
import pytest

from model.finding import ATTRIBUTES, Attribute, Rule
from model.judge import Judge, load_judge
from model.labels import Label
from model.targets import targets

FIVE = [a for a in ATTRIBUTES if a is not Attribute.SEVERE_TOXICITY]
DOUBT = np.array([0.1, 0.01, 0.02, 0.05, 0.01, 0.001])
"""What a model makes of a comment that it does not understand."""


@cache
def judge() -> Judge:
    return load_judge()


def taught(
    text: str,
    *,
    rejected: bool = True,
    rule: Rule | None = None,
    thought: Mapping[Attribute, float] | None = None,
) -> dict[Attribute, float]:
    """What a label teaches, of the attributes about which it teaches anything."""
    p = [
        (thought or {}).get(attribute, p)
        for attribute, p in zip(ATTRIBUTES, DOUBT, strict=True)
    ]
    label = Label(text, rejected, rule)
    row = targets(judge(), [label], np.array([p]))[0].tolist()
    return {a: t for a, t in zip(ATTRIBUTES, row, strict=True) if not np.isnan(t)}


def test_an_accepted_comment_breaks_no_rule() -> None:
    assert taught("You velkar.", rejected=False) == dict.fromkeys(FIVE, 0)


@pytest.mark.parametrize(
    ("rule", "attribute"),
    [
        (Rule.DEROGATORY, Attribute.IDENTITY_ATTACK),
        (Rule.PERSONAL, Attribute.INSULT),
        (Rule.OBSCENE, Attribute.PROFANITY),
    ],
)
def test_a_rejected_one_breaks_its_rule_and_says_nothing_of_others(
    rule: Rule, attribute: Attribute
) -> None:
    assert taught("You velkar.", rule=rule) == {Attribute.TOXICITY: 1, attribute: 1}


def test_without_a_rule_it_is_shared_as_the_model_thinks() -> None:
    union = 1 - (1 - 0.02) * (1 - 0.05) * (1 - 0.01)

    assert taught("You velkar.") == pytest.approx(
        {
            Attribute.TOXICITY: 1,
            Attribute.IDENTITY_ATTACK: 0.02 / union,
            Attribute.INSULT: 0.05 / union,
            Attribute.PROFANITY: 0.01 / union,
        }
    )


@pytest.mark.parametrize("rule", [Rule.PERSONAL, None])
def test_a_telephone_number_is_no_insult(rule: Rule | None) -> None:
    text = "Call her at home, she is on 020 7946 0381."

    assert taught(text, rule=rule) == {}


def test_a_word_of_the_lexicon_teaches_nothing_of_its_rule() -> None:
    assert taught("Fuck that.", rule=Rule.OBSCENE) == {}


def test_beside_such_a_word_another_rule_is_taught() -> None:
    assert taught("Fuck off, velkar.", rule=Rule.PERSONAL) == {Attribute.INSULT: 1}


def test_that_people_let_such_a_word_pass_teaches_nothing_of_its_rule() -> None:
    known = taught("Fuck that.", rejected=False)

    assert set(known) == set(FIVE) - {Attribute.PROFANITY, Attribute.TOXICITY}


def test_a_threat_that_the_model_sees_is_no_insult() -> None:
    sees = {Attribute.THREAT: 0.6}

    known = taught("I know your street.", rule=Rule.PERSONAL, thought=sees)

    assert known == {Attribute.TOXICITY: 1}
