"""A decision teaches what people said, and nothing that they did not say."""

from __future__ import annotations

import pytest

from model.finding import RULE_OF, Attribute, Rule
from model.labels import Label
from model.lessons import described, taught


def test_an_accepted_comment_breaks_no_rule() -> None:
    known = taught(Label("Fair enough", False))

    assert known == dict.fromkeys((Attribute.TOXICITY, *RULE_OF), 0)
    assert Attribute.SEVERE_TOXICITY not in known


@pytest.mark.parametrize(
    ("rule", "attribute"),
    [
        (Rule.DEROGATORY, Attribute.IDENTITY_ATTACK),
        (Rule.PERSONAL, Attribute.INSULT),
        (Rule.OBSCENE, Attribute.PROFANITY),
    ],
)
def test_a_rejected_comment_breaks_the_rule_that_was_named(
    rule: Rule, attribute: Attribute
) -> None:
    known = taught(Label("You gommer", True, rule))

    assert known == {Attribute.TOXICITY: 1, attribute: 1}


def test_where_no_rule_was_named_it_is_only_unwanted() -> None:
    assert taught(Label("You gommer", True)) == {Attribute.TOXICITY: 1}


def test_the_card_counts_labels_by_outcome_rule_and_kind() -> None:
    labels = [
        Label("a", True, Rule.OBSCENE, kind="flagged"),
        Label("b", True, kind="reported"),
        Label("c", False, kind="flagged"),
    ]

    card = described(labels)

    assert card["count"] == 3
    assert card["outcomes"] == {"accepted": 1, "rejected": 2}
    assert card["rules"] == {"none": 1, "obscene": 1}
    assert card["kinds"] == {"flagged": 2, "reported": 1}


def test_labels_are_named_in_any_order_by_all_that_they_say() -> None:
    one, other = Label("a", True), Label("b", False)

    def name(labels: list[Label]) -> str:
        return str(described(labels)["fingerprint"])

    assert name([one, other]) == name([other, one])
    assert name([one]) != name([one, other])
    assert name([one]) != name([Label("a", True, article="x")])
