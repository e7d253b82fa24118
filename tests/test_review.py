"""What people decide holds, is logged, is told once, and never overwrites another's."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from model.finding import Rule
from service.deciding import GRACE_S, UNDO_S
from service.domain import AUTOMATIC, Kind, Waiting
from service.errors import (
    InvalidInput,
    NotAllowed,
    NotPossible,
    StaleDecision,
    UnknownComment,
)
from service.review import Decided
from service.store.accounts import Role
from service.store.sites import Sites
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

# Deciding


def test_a_decision_holds_and_takes_the_comment_out_of_the_queue(world: World) -> None:
    world.send("c-1")

    decided = reject(world, "c-1", note="again")

    assert decided == Decided("c-1", 2, REJECT, 0)
    card = card_of(world, "c-1")
    assert (card.number, card.waiting, card.waiting_since) == (2, None, None)
    assert queue(world) == []
    held = card.decision
    assert (held.kind, held.decided_by, held.decided_at) == (Kind.REVIEW, "anna", NOON)
    assert (held.rule, held.note) == (Rule.PERSONAL, "again")


def test_a_decision_cites_what_the_person_saw_and_says_it_to_the_reader(
    world: World,
) -> None:
    world.send("c-1")

    reject(world, "c-1")

    card = card_of(world, "c-1")
    verdict = card.decision.verdict
    assert card.automatic.verdict == FLAGGED
    assert (verdict.outcome, verdict.flagged) == (REJECT, False)
    assert (verdict.reasons, verdict.scores) == (FLAGGED.reasons, FLAGGED.scores)
    assert (verdict.model, verdict.policy) == (FLAGGED.model, FLAGGED.policy)
    assert "a personal attack" in (verdict.notice or "")


def test_what_is_approved_has_no_notice(world: World) -> None:
    world.send("c-1", HELD)

    approve(world, "c-1")

    assert card_of(world, "c-1").decision.verdict.notice is None


def test_a_notice_is_in_the_language_of_the_comment(world: World) -> None:
    world.send("c-1", language="hi")

    reject(world, "c-1")

    assert "आपकी" in (card_of(world, "c-1").decision.verdict.notice or "")


def test_a_rejection_needs_a_rule_and_an_approval_has_none(world: World) -> None:
    world.send("c-1")

    for outcome, rule in ((REJECT, None), (ACCEPT, Rule.OBSCENE)):
        with pytest.raises(InvalidInput) as refused:
            world.review.decide(
                world.site,
                "c-1",
                outcome,
                rule=rule,
                note=None,
                seen=1,
                by="anna",
                role=Role.MODERATOR,
            )
        assert refused.value.pointer == "/rule"

    assert card_of(world, "c-1").number == 1


def test_the_site_is_told_of_each_decision_once_after_the_time_to_undo(
    world: World,
) -> None:
    for id in ("c-1", "c-2"):
        world.send(id)

    reject(world, "c-1")
    approve(world, "c-2")

    assert world.told() == [
        ("comment.rejected", 2, UNDO_S),
        ("comment.accepted", 2, UNDO_S),
    ]


def test_any_stored_comment_can_be_decided_and_decided_again(world: World) -> None:
    world.send("c-1", REJECTED)

    approve(world, "c-1")
    reject(world, "c-1", seen=2, by="bela")

    assert log(world, "c-1") == [
        (Kind.AUTOMATIC, REJECT, AUTOMATIC),
        (Kind.REVIEW, ACCEPT, "anna"),
        (Kind.REVIEW, REJECT, "bela"),
    ]


def test_a_note_with_a_nul_is_stored(world: World) -> None:
    world.send("c-1")

    reject(world, "c-1", note="a\0b")

    assert card_of(world, "c-1").decision.note == "a\ufffdb"


def test_an_unknown_comment_and_one_of_another_site_cannot_be_touched(
    world: World,
) -> None:
    world.send("c-1", REJECTED)
    other = Sites(world.database).create("other", by="test", now=NOON)
    review, desk = world.review, world.desk

    for site, id in ((other, "c-1"), (world.site, "c-9"), (world.site, "c-1\0")):
        there = replace(world, site=site)
        for act in (
            lambda: reject(there, id),  # noqa: B023 - called in this turn
            lambda: review.escalate(site, id, note=None, seen=1, by="anna"),  # noqa: B023
            lambda: review.undo(site, id, number=1, by="anna"),  # noqa: B023
            lambda: review.report(site, id, reporter="r", words=None),  # noqa: B023
            lambda: review.appeal(site, id, decision=None, words="No."),  # noqa: B023
            lambda: review.decide_by_site(
                site,  # noqa: B023
                id,  # noqa: B023
                ACCEPT,
                rule=None,
                note=None,
                by=None,
            ),
            lambda: review.decide_many(
                site,  # noqa: B023
                [(id, 1)],  # noqa: B023
                ACCEPT,
                rule=None,
                note=None,
                by="anna",
                role=Role.EDITOR,
            ),
        ):
            with pytest.raises(UnknownComment):
                act()
        assert desk.case(site.id, id, by="anna", now=NOON) is None
        assert desk.look(site.id, id, by="anna", now=NOON) is None

    assert card_of(world, "c-1").number == 1
    assert world.told() == []


def test_times_in_the_log_are_those_of_the_decisions(world: World) -> None:
    world.send("c-1")
    world.clock.sleep(5)
    reject(world, "c-1")

    times = [decision.decided_at for decision in case_of(world, "c-1").decisions]

    assert times == [NOON, NOON + timedelta(seconds=5)]


# Two at once


def test_the_second_of_two_moderators_hears_who_decided_and_when(world: World) -> None:
    world.send("c-1")
    approve(world, "c-1", by="anna")
    world.clock.sleep(3)

    with pytest.raises(StaleDecision, match="Already decided by anna 3 s ago") as stale:
        reject(world, "c-1", by="bela")

    assert (stale.value.by, stale.value.at) == ("anna", NOON)
    assert card_of(world, "c-1").decision.decided_by == "anna"


def test_of_moderators_who_decide_at_once_one_wins(world: World) -> None:
    names = [f"m{i}" for i in range(8)]
    for i in range(10):
        world.send(f"c-{i}")

    def act(name: str, id: str) -> str:
        try:
            reject(world, id, by=name)
        except StaleDecision as stale:
            return stale.by
        return name

    for i in range(10):
        with ThreadPoolExecutor(len(names)) as threads:
            winners = list(threads.map(act, names, [f"c-{i}"] * len(names)))
        assert len(set(winners)) == 1
        assert log(world, f"c-{i}")[1:] == [(Kind.REVIEW, REJECT, winners[0])]

    assert len(world.told()) == 10


def test_a_changed_comment_is_not_decided_by_what_was_seen_before(world: World) -> None:
    world.send("c-1")
    world.send("c-1", text="Another text.")

    with pytest.raises(StaleDecision, match=r"changed .* judged anew"):
        approve(world, "c-1", seen=1)

    assert card_of(world, "c-1").waiting is Waiting.FLAGGED


def test_the_same_text_again_keeps_a_persons_decision(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1")

    world.send("c-1")

    card = card_of(world, "c-1")
    assert (card.number, card.decision.decided_by, card.waiting) == (2, "anna", None)


def test_another_text_is_judged_anew_whatever_a_person_decided(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1")

    world.send("c-1", ACCEPTED, "Sorry.")

    card = card_of(world, "c-1")
    assert (card.number, card.revision, card.decision.verdict) == (3, 2, ACCEPTED)
    assert card.automatic == card.decision
    assert (card.text, card.waiting) == (None, None)
    assert case_of(world, "c-1").texts == {1: "You fool, c-b."}


# Undoing


@pytest.mark.parametrize("verdict", [FLAGGED, HELD])
def test_within_ten_seconds_a_decision_is_undone_and_the_site_hears_nothing(
    world: World, verdict: object
) -> None:
    world.send("c-1", HELD if verdict == HELD else FLAGGED)
    before = card_of(world, "c-1")
    world.clock.sleep(60)
    reject(world, "c-1")
    world.clock.sleep(UNDO_S - 1)

    world.review.undo(world.site, "c-1", number=2, by="anna")

    card = card_of(world, "c-1")
    assert (card.waiting, card.waiting_since) == (before.waiting, before.waiting_since)
    assert card.decision.verdict == before.decision.verdict
    assert card.decision.kind is Kind.UNDO
    assert card.number == 3
    assert world.told() == []


def test_an_undone_decision_stays_in_the_log(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1")

    world.review.undo(world.site, "c-1", number=2, by="anna")

    assert log(world, "c-1") == [
        (Kind.AUTOMATIC, ACCEPT, AUTOMATIC),
        (Kind.REVIEW, REJECT, "anna"),
        (Kind.UNDO, ACCEPT, "anna"),
    ]


def test_where_the_site_may_have_heard_it_is_told_of_the_undoing(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1")
    world.clock.sleep(UNDO_S + GRACE_S)

    world.review.undo(world.site, "c-1", number=2, by="anna")

    assert world.told() == [
        ("comment.rejected", 2, -GRACE_S),
        ("comment.accepted", 3, 0),
    ]


def test_after_the_time_a_decision_is_not_undone(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1")
    world.clock.sleep(UNDO_S + GRACE_S + 0.001)

    with pytest.raises(NotPossible, match="10 seconds"):
        world.review.undo(world.site, "c-1", number=2, by="anna")

    assert card_of(world, "c-1").number == 2


def test_what_somebody_else_decided_since_is_not_undone(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1")
    approve(world, "c-1", seen=2, by="bela")

    with pytest.raises(StaleDecision, match="bela"):
        world.review.undo(world.site, "c-1", number=2, by="anna")

    assert card_of(world, "c-1").decision.decided_by == "bela"


def test_only_who_decided_can_undo(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1", by="bela")

    with pytest.raises(NotAllowed, match="bela"):
        world.review.undo(world.site, "c-1", number=2, by="anna")


def test_neither_the_judge_nor_an_undoing_nor_the_site_can_be_undone(
    world: World,
) -> None:
    world.send("c-1")
    with pytest.raises(NotPossible):
        world.review.undo(world.site, "c-1", number=1, by=AUTOMATIC)
    reject(world, "c-1")
    world.review.undo(world.site, "c-1", number=2, by="anna")
    with pytest.raises(NotPossible):
        world.review.undo(world.site, "c-1", number=3, by="anna")
    world.review.decide_by_site(
        world.site, "c-1", ACCEPT, rule=None, note=None, by="anna"
    )

    with pytest.raises(NotPossible):
        world.review.undo(world.site, "c-1", number=4, by="anna")


def test_an_undone_decision_can_be_made_again(world: World) -> None:
    world.send("c-1")
    reject(world, "c-1")
    world.review.undo(world.site, "c-1", number=2, by="anna")

    assert approve(world, "c-1", seen=3).number == 4

    assert world.told() == [("comment.accepted", 4, UNDO_S)]
