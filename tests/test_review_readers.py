"""Readers are heard: reports, appeals, and what the site decides itself."""

from __future__ import annotations

import pytest

from model.finding import Rule
from service.deciding import UNDO_S
from service.domain import Comment, Kind, Outcome, Waiting
from service.errors import (
    NotAllowed,
    NotPossible,
)
from service.review import Decided
from service.store.accounts import Accounts, Moderator, Role
from tests.fixtures_store import NOON
from tests.reviewing import (
    ACCEPT,
    FLAGGED,
    HELD,
    REJECT,
    World,
    approve,
    card_of,
    case_of,
    log,
    queue,
    reject,
)
from tests.samples import ACCEPTED, REJECTED

# Reports


def report(world: World, id: str, reporter: str | None = "r-1", text: str = "") -> None:
    comment = Comment(text, id) if text else None
    world.review.report(
        world.site, id, reporter=reporter, words="Look!", comment=comment
    )


def test_a_reported_comment_waits_and_what_was_said_is_kept(world: World) -> None:
    world.send("c-1", ACCEPTED)

    report(world, "c-1")

    case = case_of(world, "c-1")
    assert (case.card.waiting, case.card.waiting_since) == (Waiting.REPORTED, NOON)
    assert case.card.reports == 1
    (entry,) = case.reports
    assert (entry.reporter, entry.words, entry.revision) == ("r-1", "Look!", 1)
    assert world.told() == []


def test_the_same_reporter_counts_once_for_each_revision(world: World) -> None:
    world.send("c-1", ACCEPTED)
    for reporter in ("r-1", "r-1", "r-2", None, None):
        report(world, "c-1", reporter)
    assert card_of(world, "c-1").reports == 4

    world.send("c-1", ACCEPTED, "Another text.")
    assert card_of(world, "c-1").reports == 0
    report(world, "c-1")

    assert card_of(world, "c-1").reports == 1


def test_the_same_complaint_again_does_not_bring_back_what_was_decided(
    world: World,
) -> None:
    world.send("c-1", ACCEPTED)
    report(world, "c-1", "r-1")
    approve(world, "c-1")

    report(world, "c-1", "r-1")
    assert card_of(world, "c-1").waiting is None
    report(world, "c-1", "r-2")

    assert card_of(world, "c-1").waiting is Waiting.REPORTED


def test_a_report_brings_the_text_that_was_not_kept(world: World) -> None:
    world.send("c-1", ACCEPTED, "A fair point, fool.")
    assert card_of(world, "c-1").text is None

    report(world, "c-1", text="A fair point, fool.")

    assert card_of(world, "c-1").text == "A fair point, fool."
    world.send("c-2", text="a FAIR point fool")
    assert card_of(world, "c-2").like_it == 1


def test_a_report_cannot_bring_another_text_than_was_judged(world: World) -> None:
    world.send("c-1", ACCEPTED, "A fair point.")

    report(world, "c-1", text="Something that was never sent.")

    card = card_of(world, "c-1")
    assert (card.text, card.waiting) == (None, Waiting.REPORTED)


def test_a_text_that_is_kept_already_may_come_again(world: World) -> None:
    world.send("c-1")

    report(world, "c-1", text="You fool, c-b.")

    assert card_of(world, "c-1").text == "You fool, c-b."


def test_a_report_of_what_waits_already_says_so_and_keeps_its_turn(
    world: World,
) -> None:
    world.send("c-1")
    world.clock.sleep(60)

    report(world, "c-1")

    card = card_of(world, "c-1")
    assert (card.waiting, card.waiting_since) == (Waiting.REPORTED, NOON)


def test_a_report_of_what_is_rejected_is_only_noted(world: World) -> None:
    world.send("c-1", REJECTED)

    report(world, "c-1")

    card = card_of(world, "c-1")
    assert (card.waiting, card.reports) == (None, 1)


@pytest.mark.parametrize("outcome", [ACCEPT, REJECT])
def test_a_report_since_outlives_the_decision_that_is_undone(
    world: World, outcome: Outcome
) -> None:
    world.send("c-1", ACCEPTED)
    if outcome is ACCEPT:
        approve(world, "c-1")
    else:
        reject(world, "c-1")
    world.clock.sleep(1)
    report(world, "c-1")

    world.review.undo(world.site, "c-1", number=2, by="anna")

    card = card_of(world, "c-1")
    assert (card.waiting, card.decision.verdict) == (Waiting.REPORTED, ACCEPTED)
    assert queue(world) == ["c-1"]


def test_a_report_since_outlives_an_escalation_that_is_undone(world: World) -> None:
    world.send("c-1", ACCEPTED)
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")
    world.clock.sleep(1)
    report(world, "c-1")

    world.review.undo(world.site, "c-1", number=2, by="anna")

    assert card_of(world, "c-1").waiting is Waiting.REPORTED


def test_a_report_since_does_not_wait_where_a_rejection_is_put_back(
    world: World,
) -> None:
    world.send("c-1", REJECTED)
    approve(world, "c-1")
    world.clock.sleep(1)
    report(world, "c-1")

    world.review.undo(world.site, "c-1", number=2, by="anna")

    card = card_of(world, "c-1")
    assert (card.waiting, card.reports) == (None, 1)


def test_a_report_before_a_decision_waits_no_longer_than_it_did(world: World) -> None:
    world.send("c-1", ACCEPTED)
    report(world, "c-1")
    approve(world, "c-1")
    world.clock.sleep(1)
    reject(world, "c-1", seen=2)

    world.review.undo(world.site, "c-1", number=3, by="anna")

    assert card_of(world, "c-1").waiting is None


# Appeals


def appeal(world: World, id: str, decision: int | None = None) -> int:
    return world.review.appeal(
        world.site, id, decision=decision, words="I meant well."
    ).decision


def test_an_appeal_waits_with_the_readers_words(world: World) -> None:
    world.send("c-1", REJECTED)

    assert appeal(world, "c-1", 1) == 1

    card = card_of(world, "c-1")
    assert (card.waiting, card.waiting_since) == (Waiting.APPEALED, NOON)
    assert card.appeal is not None
    assert (card.appeal.words, card.appeal.answer) == ("I meant well.", None)


@pytest.mark.parametrize("outcome", [ACCEPT, REJECT])
def test_the_decision_on_an_appeal_answers_it_and_the_site_is_told(
    world: World, outcome: Outcome
) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1")

    if outcome is ACCEPT:
        approve(world, "c-1")
    else:
        reject(world, "c-1")

    case = case_of(world, "c-1")
    assert case.card.appeal is None
    assert case.appeals[0].answer == 2
    assert case.decisions[1].kind is Kind.APPEAL
    assert world.told() == [("appeal.answered", 2, UNDO_S)]


def test_the_answer_to_an_appeal_can_be_undone(world: World) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1")
    approve(world, "c-1")

    world.review.undo(world.site, "c-1", number=2, by="anna")

    card = card_of(world, "c-1")
    assert card.waiting is Waiting.APPEALED
    assert card.appeal is not None
    assert card.appeal.answer is None
    assert world.told() == []


def test_what_is_accepted_cannot_be_appealed_against(world: World) -> None:
    world.send("c-1")

    with pytest.raises(NotPossible, match="rejected"):
        appeal(world, "c-1")
    with pytest.raises(NotPossible, match="rejected"):
        appeal(world, "c-1", 1)


def test_what_is_held_until_it_is_read_can_be_appealed_against(world: World) -> None:
    world.send("c-1", HELD)

    appeal(world, "c-1")

    assert card_of(world, "c-1").waiting is Waiting.APPEALED


def test_a_decision_is_appealed_against_once(world: World) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1", 1)

    for decision in (1, None):
        with pytest.raises(NotPossible, match="already"):
            appeal(world, "c-1", decision)
    reject(world, "c-1")
    with pytest.raises(NotPossible, match="already"):
        appeal(world, "c-1", 1)

    assert len(case_of(world, "c-1").appeals) == 1


def test_the_answer_to_an_appeal_is_a_decision_of_its_own(world: World) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1")
    reject(world, "c-1")

    assert appeal(world, "c-1", 2) == 2


def test_an_appeal_needs_a_rejection_of_the_present_text(world: World) -> None:
    world.send("c-1", REJECTED)
    world.send("c-1", REJECTED, "Another text.")

    with pytest.raises(NotPossible, match="changed"):
        appeal(world, "c-1", 1)
    with pytest.raises(NotPossible, match="no such"):
        appeal(world, "c-1", 7)
    with pytest.raises(NotPossible, match="no such"):
        appeal(world, "c-1", 10**30)


def test_a_reader_told_of_an_earlier_rejection_appeals_against_the_one_that_holds(
    world: World,
) -> None:
    world.send("c-1")
    reject(world, "c-1", review=world.with_share(1.0))
    reject(world, "c-1", seen=2, by="bela")

    assert appeal(world, "c-1", 2) == 3

    with pytest.raises(NotPossible, match="already"):
        appeal(world, "c-1", 3)


def test_an_appeal_is_answered_by_somebody_else_than_who_rejected(
    world: World,
) -> None:
    world.send("c-1")
    reject(world, "c-1", by="anna")
    appeal(world, "c-1")

    with pytest.raises(NotAllowed, match="somebody else"):
        approve(world, "c-1", seen=2, by="anna")
    approve(world, "c-1", seen=2, by="bela")

    assert card_of(world, "c-1").decision.decided_by == "bela"


def test_who_took_a_rejection_back_may_answer_the_appeal(world: World) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1")
    reject(world, "c-1", by="anna")
    world.review.undo(world.site, "c-1", number=2, by="anna")

    approve(world, "c-1", seen=3, by="anna")

    assert card_of(world, "c-1").decision.decided_by == "anna"


def test_where_nobody_else_may_who_rejected_answers_the_appeal(world: World) -> None:
    accounts = Accounts(world.database)
    for name in ("editor", "bela"):
        accounts.disable(name, NOON)
    world.send("c-1")
    reject(world, "c-1", by="anna")
    appeal(world, "c-1")

    approve(world, "c-1", seen=2, by="anna")

    assert case_of(world, "c-1").appeals[0].answer == 3


def test_an_only_editor_answers_what_is_escalated_even_if_they_rejected_it(
    world: World,
) -> None:
    world.send("c-1")
    reject(world, "c-1", by="editor", role=Role.EDITOR)
    appeal(world, "c-1")
    world.review.escalate(world.site, "c-1", note=None, seen=2, by="anna")

    reject(world, "c-1", seen=3, by="editor", role=Role.EDITOR)

    assert case_of(world, "c-1").appeals[0].answer == 4


def test_where_there_is_another_editor_they_answer_what_is_escalated(
    world: World,
) -> None:
    chief = Moderator("chief", "-", Role.EDITOR, NOON)
    Accounts(world.database).create_moderator(chief)
    world.send("c-1")
    reject(world, "c-1", by="editor", role=Role.EDITOR)
    appeal(world, "c-1")
    world.review.escalate(world.site, "c-1", note=None, seen=2, by="anna")

    with pytest.raises(NotAllowed, match="somebody else"):
        reject(world, "c-1", seen=3, by="editor", role=Role.EDITOR)
    reject(world, "c-1", seen=3, by="chief", role=Role.EDITOR)

    assert case_of(world, "c-1").appeals[0].answer == 4


def test_a_changed_comment_leaves_its_appeal_behind(world: World) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1")

    world.send("c-1", FLAGGED, "Another text.")

    card = card_of(world, "c-1")
    assert (card.waiting, card.appeal) == (Waiting.FLAGGED, None)
    approve(world, "c-1", seen=2)
    case = case_of(world, "c-1")
    assert (case.appeals[0].answer, case.decisions[-1].kind) == (None, Kind.REVIEW)


def test_an_appeal_that_is_escalated_is_answered_by_the_editor(world: World) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1")
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")

    reject(world, "c-1", seen=2, by="editor", role=Role.EDITOR)

    assert case_of(world, "c-1").appeals[0].answer == 3


# Decisions by the site


def by_site(
    world: World,
    outcome: Outcome,
    by: str | None = None,
    rule: Rule | None = None,
    comment: Comment | None = None,
) -> Decided:
    return world.review.decide_by_site(
        world.site, "c-1", outcome, rule=rule, note=None, by=by, comment=comment
    )


def test_the_site_decides_whatever_held_and_is_told_at_once(world: World) -> None:
    world.send("c-1")

    decided = by_site(world, REJECT, by="ed@example.org", rule=Rule.OBSCENE)

    assert decided == Decided("c-1", 2, REJECT)
    assert log(world, "c-1")[1:] == [(Kind.SITE, REJECT, "ed@example.org")]
    assert queue(world) == []
    assert world.told() == [("comment.rejected", 2, 0)]


def test_a_rejection_by_the_site_names_what_the_judge_saw(world: World) -> None:
    world.send("c-1")

    by_site(world, REJECT)

    held = card_of(world, "c-1").decision
    assert held.decided_by == "site"
    assert "a personal attack" in (held.verdict.notice or "")


def test_a_decision_of_the_site_brings_the_text_that_was_not_kept(
    world: World,
) -> None:
    sent = world.send("c-1", ACCEPTED, "A fair point.")
    other = Comment("Something that was never sent.", "c-1")

    by_site(world, ACCEPT, comment=other)
    assert card_of(world, "c-1").text is None

    by_site(world, ACCEPT, comment=sent)
    assert card_of(world, "c-1").text == "A fair point."
    assert len(log(world, "c-1")) == 2


def test_the_same_decision_of_the_site_again_changes_nothing(world: World) -> None:
    world.send("c-1")
    first = by_site(world, ACCEPT)
    world.clock.sleep(60)

    assert by_site(world, ACCEPT) == first

    assert len(world.told()) == 1
    assert by_site(world, REJECT).number == 3


def test_the_same_decision_of_the_site_again_answers_an_appeal_against_it(
    world: World,
) -> None:
    world.send("c-1")
    by_site(world, REJECT)
    appeal(world, "c-1")

    assert by_site(world, REJECT).number == 3

    case = case_of(world, "c-1")
    assert (case.card.waiting, case.appeals[0].answer) == (None, 3)
    assert [type for type, _, _ in world.told()][1:] == ["appeal.answered"]


def test_the_same_decision_of_the_site_again_settles_a_report(world: World) -> None:
    world.send("c-1", ACCEPTED)
    by_site(world, ACCEPT)
    report(world, "c-1")

    assert by_site(world, ACCEPT).number == 3

    assert card_of(world, "c-1").waiting is None


def test_a_decision_of_the_site_answers_an_appeal(world: World) -> None:
    world.send("c-1", REJECTED)
    appeal(world, "c-1")

    by_site(world, ACCEPT)

    assert case_of(world, "c-1").appeals[0].answer == 2
    assert world.told() == [("appeal.answered", 2, 0)]
