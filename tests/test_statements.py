"""Statements of reasons hold what Article 17(3) of the Digital Services Act asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

import pytest
from pydantic import TypeAdapter

from model.finding import Attribute, Finding, Rule, Source, Span
from service.api.feedback_shapes import StatementAnswer
from service.domain import Decision, Kind, Outcome, Reason
from service.errors import NotPossible
from service.notices import NOTICES, SPOKEN, Clause
from service.reader.grounds import clauses_of, relied_on, standing
from service.reader.statements import statement
from service.store.cases import Case
from service.wording import message
from tests.cases import MINUTE, TEXT, case_of, entry
from tests.fixtures_store import NOON
from tests.samples import ABSTAINED, ACCEPTED, REJECTED

SHAPE = TypeAdapter(StatementAnswer)
LINK = "https://refrain.example/appeal/1.2.3.4"
FIRST = entry(0, kind=Kind.AUTOMATIC)
PASSED = entry(0, Outcome.ACCEPT, Kind.AUTOMATIC, verdict=ACCEPTED)
FLAGGED = entry(0, Outcome.ACCEPT, Kind.AUTOMATIC, verdict=ABSTAINED)
REVIEWED = entry(5, rule=Rule.OBSCENE)


def stated(
    case: Case,
    later: timedelta = MINUTE,
    *,
    first_reports: Mapping[int, datetime] = MappingProxyType({}),
    utf16: bool = False,
) -> StatementAnswer:
    shown = statement(
        case,
        first_reports=first_reports,
        appeal_url=LINK,
        now=NOON + later,
        utf16=utf16,
    )
    return SHAPE.validate_python(shown)


def complaint(minute: int, revision: int = 1) -> dict[int, datetime]:
    return {revision: NOON + minute * MINUTE}


def test_an_automatic_rejection_is_stated_with_all_that_the_act_asks() -> None:
    shown = stated(case_of(FIRST))

    assert shown == {
        "id": "c-1",
        "revision": 1,
        "number": 1,
        "decision": "reject",
        "restriction": "not_published",
        "territorial_scope": "everywhere",
        "duration": "until_decided_again",
        "language": "en",
        "ground": {
            "type": "contractual",
            "sentence": SPOKEN["en"].sentence,
            "clauses": ["obscene", "personal"],
            "explanation": "Your comment was not published.",
        },
        "facts": {
            "text": TEXT,
            "reasons": shown["facts"]["reasons"],
            "occasion": "own_initiative",
        },
        "automated": {"detection": True, "decision": True},
        "redress": {
            "appeal_url": LINK,
            "appeal_until": "2026-03-31T12:00:00.123456+00:00",
        },
        "received_at": "2026-03-01T12:00:00.123456+00:00",
        "decided_at": "2026-03-01T12:00:00.123456+00:00",
    }


def test_the_words_that_broke_the_rule_are_among_the_facts() -> None:
    spans = stated(case_of(FIRST))["facts"]["reasons"][0]["spans"]

    assert spans == [
        {"start": 9, "end": 13, "text": "fuck"},
        {"start": 20, "end": 24, "text": "fuck"},
    ]


def test_places_are_counted_as_asked() -> None:
    case = replace(case_of(FIRST), texts={1: "😀" + TEXT[1:]})

    spans = stated(case, utf16=True)["facts"]["reasons"][0]["spans"]

    assert [(span["start"], span["end"]) for span in spans] == [(10, 14), (21, 25)]


def test_without_the_text_the_places_are_still_stated() -> None:
    facts = stated(replace(case_of(FIRST), texts={}))["facts"]

    assert facts["text"] is None
    assert facts["reasons"][0]["spans"][0] == {"start": 9, "end": 13, "text": None}


@pytest.mark.parametrize(
    ("log", "detection", "decision"),
    [
        pytest.param([FIRST], True, True, id="by the judge alone"),
        pytest.param([FLAGGED, REVIEWED], True, False, id="flagged, then a person"),
        pytest.param([PASSED, REVIEWED], False, False, id="by a person alone"),
    ],
)
def test_it_says_where_automated_means_were_used(
    log: list[Decision], detection: bool, decision: bool
) -> None:
    automated = stated(case_of(*log), 6 * MINUTE)["automated"]

    assert automated == {"detection": detection, "decision": decision}


@pytest.mark.parametrize(
    ("log", "report", "occasion"),
    [
        pytest.param([PASSED, REVIEWED], complaint(3), "report", id="before"),
        pytest.param([PASSED, REVIEWED], complaint(7), "own_initiative", id="after"),
        pytest.param(
            [PASSED, REVIEWED], complaint(3, 2), "own_initiative", id="other text"
        ),
        pytest.param([FIRST], complaint(-1), "own_initiative", id="automatic"),
    ],
)
def test_it_says_whether_somebody_had_complained(
    log: list[Decision], report: Mapping[int, datetime], occasion: str
) -> None:
    shown = stated(case_of(*log), 9 * MINUTE, first_reports=report)

    assert shown["facts"]["occasion"] == occasion


@pytest.mark.parametrize(
    ("log", "restriction"),
    [
        pytest.param([FIRST], "not_published", id="at once"),
        pytest.param([PASSED, REVIEWED], "removed", id="after publication"),
        pytest.param(
            [FIRST, entry(1, Outcome.ACCEPT), entry(1, kind=Kind.UNDO)],
            "not_published",
            id="an approval that was undone",
        ),
        pytest.param(
            [
                FIRST,
                REVIEWED,
                entry(9, Outcome.ACCEPT, Kind.SECOND),
                entry(9, kind=Kind.ESCALATION),
                entry(10, kind=Kind.REVIEW),
            ],
            "not_published",
            id="an opinion that never held",
        ),
        pytest.param(
            [PASSED, entry(1, kind=Kind.AUTOMATIC, revision=2)],
            "not_published",
            id="another text",
        ),
        pytest.param(
            [entry(0, kind=Kind.AUTOMATIC, verdict=ABSTAINED)], "held", id="held"
        ),
    ],
)
def test_it_says_what_became_of_the_comment(
    log: list[Decision], restriction: str
) -> None:
    assert stated(case_of(*log))["restriction"] == restriction


def test_a_persons_rejection_rests_on_the_rule_they_named() -> None:
    shown = stated(case_of(FIRST, entry(5, rule=Rule.PERSONAL)))

    assert shown["number"] == 2
    assert shown["ground"]["clauses"] == ["personal"]
    assert [reason["rule"] for reason in shown["facts"]["reasons"]] == ["personal"]


@pytest.mark.parametrize("language", SPOKEN)
def test_sentence_and_explanation_are_in_the_comments_language(language: str) -> None:
    untold = replace(FIRST, verdict=replace(REJECTED, notice=None))
    shown = stated(case_of(untold, language=f"{language}-IN"))

    assert shown["language"] == language
    assert shown["ground"]["sentence"] == SPOKEN[language].sentence
    assert SPOKEN[language].clauses[Clause.OBSCENE] in shown["ground"]["explanation"]


def test_the_explanation_is_what_the_reader_was_told() -> None:
    own = replace(FIRST, verdict=replace(REJECTED, notice="Not here."))

    assert stated(case_of(own))["ground"]["explanation"] == "Not here."
    assert NOTICES["en"]["obscene"] not in str(stated(case_of(own)))


def test_once_the_link_is_over_only_its_end_is_stated() -> None:
    redress = stated(case_of(FIRST), timedelta(days=30))["redress"]

    assert redress["appeal_url"] is None
    assert redress["appeal_until"] == "2026-03-31T12:00:00.123456+00:00"


def test_of_what_is_accepted_there_is_nothing_to_state() -> None:
    with pytest.raises(NotPossible, match="accepted"):
        statement(case_of(PASSED), first_reports={}, appeal_url=None, now=NOON)


# Which decision stands

ACCEPTING = Outcome.ACCEPT
DIFFERING = (entry(9, ACCEPTING, Kind.SECOND), entry(9, kind=Kind.ESCALATION))
"""A second opinion other than the first, which is left to an editor."""


@pytest.mark.parametrize(
    ("log", "index"),
    [
        pytest.param([FIRST], 0, id="the only one"),
        pytest.param([FIRST, REVIEWED], 1, id="a person's"),
        pytest.param([FIRST, entry(1, kind=Kind.ESCALATION)], 0, id="escalated"),
        pytest.param(
            [FIRST, entry(1, kind=Kind.ESCALATION), entry(1, kind=Kind.UNDO)],
            0,
            id="an escalation undone",
        ),
        pytest.param(
            [FIRST, entry(1, ACCEPTING), entry(1, kind=Kind.UNDO)], 0, id="undone"
        ),
        pytest.param(
            [FIRST, REVIEWED, entry(6, ACCEPTING), entry(6, kind=Kind.UNDO)],
            1,
            id="a person's, put back",
        ),
        pytest.param(
            [FIRST, REVIEWED, entry(9, kind=Kind.SECOND)], 1, id="second, agreeing"
        ),
        pytest.param(
            [FIRST, entry(5, ACCEPTING), entry(9, kind=Kind.SECOND)],
            2,
            id="second, differing",
        ),
        pytest.param(
            [FIRST, REVIEWED, *DIFFERING], 1, id="second, differing, for an editor"
        ),
        pytest.param(
            [FIRST, REVIEWED, *DIFFERING, entry(9, kind=Kind.UNDO)],
            1,
            id="second, differing, undone",
        ),
        pytest.param(
            [
                FIRST,
                entry(1, kind=Kind.ESCALATION),
                REVIEWED,
                *DIFFERING,
                entry(9, kind=Kind.UNDO),
                entry(10, ACCEPTING),
                entry(10, kind=Kind.UNDO),
            ],
            2,
            id="undone twice",
        ),
        pytest.param([FIRST, entry(9, kind=Kind.APPEAL)], 1, id="an appeal's answer"),
        pytest.param(
            [FIRST, entry(9, kind=Kind.AUTOMATIC, revision=2)], 1, id="another text"
        ),
    ],
)
def test_what_only_notes_or_restores_leaves_the_decision_standing(
    log: list[Decision], index: int
) -> None:
    assert standing(log) == index


def doubtful(rule: Rule) -> Reason:
    """As `service.policy` words a reason that would only flag."""
    found = Finding(rule, Attribute.INSULT, Source.CLASSIFIER, 0.6, (Span(0, 1),))
    said = message(found, sure=False)
    return Reason(rule, Attribute.INSULT, found.source, 0.6, 0.5, found.spans, said)


def test_an_automatic_rejection_does_not_rest_on_mere_doubts() -> None:
    reasons = (REJECTED.reasons[0], doubtful(Rule.PERSONAL))
    decision = replace(FIRST, verdict=replace(REJECTED, reasons=reasons))

    assert relied_on(decision) == REJECTED.reasons[:1]
    assert clauses_of(decision) == (Clause.OBSCENE,)


def test_what_is_held_rests_on_the_doubts() -> None:
    reasons = (doubtful(Rule.PERSONAL),)
    decision = replace(FIRST, verdict=replace(ABSTAINED, reasons=reasons))

    assert relied_on(decision) == reasons


def test_a_rule_that_the_judge_saw_nothing_of_is_a_ground_all_the_same() -> None:
    decision = entry(5, rule=Rule.DEROGATORY)

    assert relied_on(decision) == ()
    assert clauses_of(decision) == (Clause.DEROGATORY,)
