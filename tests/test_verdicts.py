"""What becomes of a comment by the card is what the service decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from model.finding import DOUBTFUL, Attribute, Finding, Rule, Source
from model.judge import Judgement, load_judge
from model.newscomments import news_comments
from model.suite import cases, evasions, fairness
from model.verdicts import DIGITS, Fate, Limits, fates, risk
from service import policy as policies
from service.domain import Outcome, Verdict
from service.policy import Policy, make_policy

JUDGE = load_judge()

CARD: Mapping[str, Any] = {
    "thresholds": {
        "personal": {"flag": 0.4, "reject": 0.8},
        "obscene": {"flag": None, "reject": 0.7},
    },
    "attribute_thresholds": {"THREAT": {"flag": 0.2, "reject": None}},
    "abstain": 0.5,
}


def fate_of(verdict: Verdict) -> Fate:
    if verdict.flagged:
        return Fate.FLAG
    return Fate.REJECT if verdict.outcome is Outcome.REJECT else Fate.ACCEPT


def texts() -> list[str]:
    """The whole suite, and our own comments, long ones and threads among them."""
    asked = [case.text for case in (*cases(), *evasions())]
    asked += [case.text for _, case in fairness()]
    asked += [example.text for example in news_comments()][::5]
    return [*asked, "", "無知の知。何も知らない人々。", "Ring 020 7946 0381 after six."]


def test_the_service_decides_the_same_of_every_text() -> None:
    policy = make_policy("default@1", JUDGE.card)
    asked = texts()

    decided = [
        policy.verdict(JUDGE.judge(text, floor=policy.floor), model="m")
        for text in asked
    ]

    found = fates(JUDGE, asked)
    assert set(found) == set(Fate)
    assert found == [fate_of(verdict) for verdict in decided]


def test_it_names_the_rules_that_the_service_gives_as_reasons() -> None:
    limits = Limits.from_card(JUDGE.card)
    policy = make_policy("default@1", JUDGE.card)

    for case in cases():
        judgement = JUDGE.judge(case.text, floor=limits.floor)
        reasons = policy.verdict(judgement, model="m").reasons
        assert limits.named(judgement) == {r.rule for r in reasons} - {None}, case.text


def finding(
    score: float,
    rule: Rule | None = Rule.PERSONAL,
    attribute: Attribute | None = Attribute.INSULT,
    detail: str = "",
) -> Finding:
    return Finding(rule, attribute, Source.CLASSIFIER, score, detail=detail)


@pytest.mark.parametrize(
    ("found", "fate"),
    [
        pytest.param(finding(0.39994), Fate.ACCEPT, id="below"),
        pytest.param(finding(0.39996), Fate.FLAG, id="rounded up to the flag"),
        pytest.param(finding(0.8), Fate.REJECT, id="on the limit"),
        pytest.param(finding(1.0, detail=DOUBTFUL), Fate.FLAG, id="doubtful"),
        pytest.param(
            finding(0.2, attribute=Attribute.THREAT), Fate.FLAG, id="limits of its own"
        ),
        pytest.param(
            finding(1.0, attribute=Attribute.THREAT), Fate.FLAG, id="never rejects"
        ),
        pytest.param(
            finding(0.69, Rule.OBSCENE, Attribute.PROFANITY), Fate.ACCEPT, id="no flag"
        ),
        pytest.param(
            finding(1.0, Rule.DEROGATORY, Attribute.IDENTITY_ATTACK),
            Fate.ACCEPT,
            id="a rule without limits",
        ),
        pytest.param(finding(0.9, attribute=None), Fate.REJECT, id="contact"),
        pytest.param(finding(0.5, None, None), Fate.FLAG, id="abstained"),
        pytest.param(finding(0.4, None, None), Fate.ACCEPT, id="hardly unknown"),
    ],
)
def test_a_finding_meets_the_limits_as_in_the_service(
    found: Finding, fate: Fate
) -> None:
    judgement = Judgement((found,), None)

    assert Limits.from_card(CARD).fate(judgement) is fate
    assert fate_of(make_policy("p@1", CARD).verdict(judgement, model="m")) is fate


def test_one_finding_that_rejects_is_enough() -> None:
    both = Judgement((finding(0.5), finding(0.9)), None)

    assert Limits.from_card(CARD).fate(both) is Fate.REJECT
    assert Limits.from_card(CARD).fate(Judgement((), None)) is Fate.ACCEPT


@pytest.mark.parametrize("card", [CARD, JUDGE.card, {"thresholds": {}}])
def test_texts_are_judged_down_to_the_same_floor(card: Mapping[str, Any]) -> None:
    policy: Policy = make_policy("p@1", card)

    assert Limits.from_card(card).floor == policy.floor
    assert DIGITS == policies.DIGITS


def test_a_score_that_is_shown_as_the_threshold_meets_it() -> None:
    """Also where it is a little less, and judged down to the floor only."""
    for case in cases():
        scores = JUDGE.judge(case.text, floor=0.0).scores or {}
        raw = scores.get(Attribute.INSULT, 0.0)
        if (shown := round(raw, DIGITS)) > raw:
            break
    limits = {"flag": shown, "reject": None}
    card = {"thresholds": {"personal": limits}}

    policy = make_policy("p@1", card)
    judgement = JUDGE.judge(case.text, floor=policy.floor)
    classifiers = [f for f in judgement.findings if f.attribute is Attribute.INSULT]

    assert [round(finding.score, DIGITS) for finding in classifiers] == [shown]
    assert fate_of(policy.verdict(judgement, model="m")).is_stopped
    assert Limits.from_card(card).fate(judgement).is_stopped


def test_the_risk_is_the_same_from_whatever_floor_a_text_was_judged() -> None:
    asked = [case.text for case in cases()]

    from_limits = [risk(JUDGE.judge(text, floor=1.0)) for text in asked]

    assert from_limits == [risk(JUDGE.judge(text, floor=0.0)) for text in asked]
    assert risk(Judgement((finding(1.0, None, None),), None)) == 0.0
