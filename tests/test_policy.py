"""A score meets a threshold: what is said then, and to whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.finding import Attribute, Finding, Rule, Source, Span
from model.judge import Judgement
from service.domain import Outcome, Thresholds, Verdict
from service.errors import ConfigurationError
from service.policy import Policy, make_policy
from service.wording import SITE_RULE

CARD = {"thresholds": {rule: {"flag": 0.4, "reject": 0.9} for rule in Rule}}
POLICY = make_policy("news@1", CARD)
SCORES = dict.fromkeys(Attribute, 0.1)
UNKNOWN = Finding(None, None, Source.CLASSIFIER, 0.8, (), "unknown")


def insult(score: float, *spans: Span) -> Finding:
    return Finding(Rule.PERSONAL, Attribute.INSULT, Source.CLASSIFIER, score, spans)


def word(start: int, end: int, rule: Rule = Rule.OBSCENE) -> Finding:
    return Finding(rule, Attribute.PROFANITY, Source.LEXICON, 1.0, (Span(start, end),))


def contact(detail: str, score: float = 1.0) -> Finding:
    return Finding(Rule.PERSONAL, None, Source.CONTACT, score, (Span(0, 9),), detail)


def judged(*findings: Finding, policy: Policy = POLICY) -> Verdict:
    return policy.verdict(Judgement(findings, SCORES), model="m1")


@pytest.mark.parametrize(
    ("score", "outcome", "flagged", "threshold"),
    [
        pytest.param(0.0, Outcome.ACCEPT, False, None, id="zero"),
        pytest.param(0.3999, Outcome.ACCEPT, False, None, id="below flag"),
        pytest.param(0.4, Outcome.ACCEPT, True, 0.4, id="on flag"),
        pytest.param(0.8999, Outcome.ACCEPT, True, 0.4, id="below reject"),
        pytest.param(0.9, Outcome.REJECT, False, 0.9, id="on reject"),
        pytest.param(1.0, Outcome.REJECT, False, 0.9, id="one"),
        pytest.param(0.89996, Outcome.REJECT, False, 0.9, id="shown as 0.9 is 0.9"),
    ],
)
def test_thresholds_include_their_ends(
    score: float, outcome: Outcome, flagged: bool, threshold: float | None
) -> None:
    verdict = judged(insult(score))

    assert (verdict.outcome, verdict.flagged) == (outcome, flagged)
    assert [reason.threshold for reason in verdict.reasons] == (
        [] if threshold is None else [threshold]
    )


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
def test_a_threshold_of_zero_is_a_threshold(score: float) -> None:
    policy = Policy("p@1", {Rule.PERSONAL: Thresholds(flag=0.0, reject=None)})

    assert judged(insult(score), policy=policy).flagged


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
def test_a_rule_that_is_switched_off_has_no_consequence(score: float) -> None:
    policy = Policy("p@1", {Rule.PERSONAL: Thresholds(None, None)})

    verdict = judged(insult(score), policy=policy)

    assert verdict.outcome is Outcome.ACCEPT
    assert not verdict.reasons


def test_without_flagging_the_rest_still_rejects() -> None:
    policy = Policy("p@1", {Rule.PERSONAL: Thresholds(flag=None, reject=0.9)})

    assert not judged(insult(0.89), policy=policy).flagged
    assert judged(insult(0.9), policy=policy).outcome is Outcome.REJECT


def test_an_accepted_comment_has_scores_but_no_reasons_and_no_notice() -> None:
    verdict = judged(insult(0.39))

    assert verdict.reasons == ()
    assert verdict.notice is None
    assert verdict.scores == SCORES


def test_a_rejection_needs_no_moderator_even_when_something_else_is_doubtful() -> None:
    verdict = judged(insult(0.5), word(3, 7))

    assert (verdict.outcome, verdict.flagged) == (Outcome.REJECT, False)
    assert [reason.source for reason in verdict.reasons] == ["lexicon", "classifier"]


def test_reasons_stand_strongest_first() -> None:
    threat = Finding(Rule.PERSONAL, Attribute.THREAT, Source.CLASSIFIER, 0.97)

    verdict = judged(insult(0.91), threat, word(0, 4))

    assert [reason.score for reason in verdict.reasons] == [1.0, 0.97, 0.91]


def test_words_of_one_rule_are_one_reason_with_all_their_places() -> None:
    verdict = judged(word(20, 24), word(0, 4), word(7, 11, Rule.DEROGATORY))

    assert [(reason.rule, reason.spans) for reason in verdict.reasons] == [
        (Rule.OBSCENE, (Span(0, 4), Span(20, 24))),
        (Rule.DEROGATORY, (Span(7, 11),)),
    ]


def test_two_kinds_of_contact_details_are_two_reasons() -> None:
    verdict = judged(contact("phone"), contact("email"))

    assert {reason.message for reason in verdict.reasons} == {
        "A phone number.",
        "An e-mail address.",
    }


def test_a_text_of_which_nothing_is_known_is_flagged() -> None:
    verdict = POLICY.verdict(Judgement((UNKNOWN,), None), model="m1")

    (reason,) = verdict.reasons
    assert (verdict.outcome, verdict.flagged) == (Outcome.ACCEPT, True)
    assert (reason.rule, reason.attribute, reason.threshold) == (None, None, 0.0)
    assert verdict.scores is None


def test_a_site_may_let_partly_unknown_texts_pass() -> None:
    policy = make_policy("p@1", {**CARD, "abstain": 0.81})

    assert not policy.verdict(Judgement((UNKNOWN,), None), model="m1").flagged


@pytest.mark.parametrize(
    ("until_decided", "notice"),
    [
        pytest.param(Outcome.ACCEPT, None, id="published and reviewed"),
        pytest.param(
            Outcome.REJECT,
            "Your comment will appear once a moderator has read it.",
            id="held and reviewed",
        ),
    ],
)
def test_a_flagged_comment_gets_what_the_site_chose(
    until_decided: Outcome, notice: str | None
) -> None:
    policy = make_policy("p@2", CARD, flagged_until_decided=until_decided)

    verdict = judged(insult(0.5), policy=policy)

    assert (verdict.outcome, verdict.flagged) == (until_decided, True)
    assert verdict.notice == notice


def test_a_sites_thresholds_stand_in_place_of_the_models() -> None:
    own = {Rule.PERSONAL: Thresholds(flag=0.1, reject=0.2)}

    policy = make_policy("p@2", CARD, own)

    assert judged(insult(0.2), policy=policy).outcome is Outcome.REJECT
    assert policy.thresholds[Rule.OBSCENE] == Thresholds(0.4, 0.9)


@pytest.mark.parametrize(
    "card",
    [
        pytest.param({}, id="none"),
        pytest.param({"thresholds": None}, id="null"),
        pytest.param({"thresholds": {"rude": {"flag": 0, "reject": 1}}}, id="rule"),
        pytest.param({"thresholds": {"obscene": {"flag": 0.4}}}, id="half"),
        pytest.param(
            {"thresholds": {"obscene": {"flag": 0.9, "reject": 0.4}}}, id="crossed"
        ),
        pytest.param(
            {"thresholds": {"obscene": {"flag": "?", "reject": 1}}}, id="word"
        ),
    ],
)
def test_a_card_without_usable_thresholds_is_refused(card: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=r"card\.json has unusable thresholds"):
        make_policy("p@1", card)


@pytest.mark.parametrize(
    ("finding", "message"),
    [
        pytest.param(word(0, 4), "An obscene word.", id="one word"),
        pytest.param(insult(0.95), "An insult.", id="insult"),
        pytest.param(insult(0.5), "Possibly an insult.", id="doubtful"),
        pytest.param(contact("address"), "A postal address.", id="address"),
        pytest.param(contact("phone", 0.6), "Possibly a phone number.", id="phone?"),
        pytest.param(
            Finding(
                Rule.DEROGATORY, Attribute.IDENTITY_ATTACK, Source.CLASSIFIER, 0.99
            ),
            "An attack on people for what they are.",
            id="identity attack",
        ),
    ],
)
def test_a_message_says_what_it_is(finding: Finding, message: str) -> None:
    assert [reason.message for reason in judged(finding).reasons] == [message]


def test_several_words_are_said_in_the_plural() -> None:
    (reason,) = judged(word(0, 4), word(9, 13)).reasons

    assert reason.message == "Obscene words."


def test_the_notice_quotes_the_rule_and_names_the_broken_clauses_once() -> None:
    notice = judged(word(0, 4), insult(0.95), contact("email"), insult(0.5)).notice

    assert notice is not None
    assert SITE_RULE in notice
    assert (
        "it contains obscene words, private contact details and a personal attack."
        in notice
    )


FINDINGS = st.builds(
    Finding,
    st.sampled_from(Rule),
    st.sampled_from(Attribute),
    st.sampled_from(Source),
    st.floats(0, 1),
    st.just((Span(0, 1),)),
)


@given(st.lists(FINDINGS, max_size=8), FINDINGS)
def test_one_more_finding_never_makes_a_verdict_milder(
    findings: list[Finding], one_more: Finding
) -> None:
    order = [Outcome.ACCEPT, Outcome.REJECT]

    before, after = judged(*findings), judged(*findings, one_more)

    assert order.index(after.outcome) >= order.index(before.outcome)
    assert after.flagged or after.outcome is Outcome.REJECT or not before.flagged


@given(st.lists(FINDINGS, max_size=8))
def test_every_reason_met_the_threshold_it_names(findings: list[Finding]) -> None:
    verdict = judged(*findings)

    assert all(reason.score >= reason.threshold for reason in verdict.reasons)
    assert bool(verdict.reasons) == (
        verdict.flagged or verdict.outcome is Outcome.REJECT
    )


OWN = {"attribute_thresholds": {"THREAT": {"flag": 0.2, "reject": 0.97}}}


def threat(score: float) -> Judgement:
    found = Finding(Rule.PERSONAL, Attribute.THREAT, Source.CLASSIFIER, score)
    return Judgement((found,), {})


def test_an_attribute_may_have_thresholds_of_its_own() -> None:
    policy = make_policy("p@1", CARD | OWN)

    assert policy.verdict(threat(0.2), model="m").flagged
    assert policy.verdict(threat(0.97), model="m").outcome is Outcome.REJECT
    assert not policy.verdict(threat(0.19), model="m").reasons
    assert policy.floor <= 0.2


def test_a_sites_threshold_holds_for_all_attributes_of_its_rule() -> None:
    own = {Rule.PERSONAL: Thresholds(0.6, 0.99)}

    policy = make_policy("p@1", CARD | OWN, own)

    assert not policy.verdict(threat(0.59), model="m").reasons
    assert policy.verdict(threat(0.98), model="m").flagged
