"""What one moderator is unsure of, or two disagree on, an editor decides."""

from __future__ import annotations

import pytest

from model.finding import Rule
from service.domain import Kind, Waiting
from service.errors import (
    NotAllowed,
    NotPossible,
    StaleDecision,
)
from service.review import Decided, Review
from service.store.accounts import Accounts, Role
from tests.fixtures_store import NOON
from tests.reviewing import (
    ACCEPT,
    FLAGGED,
    HELD,
    REJECT,
    World,
    approve,
    card_of,
    log,
    queue,
    reject,
)
from tests.samples import ACCEPTED

# Escalating


def test_what_is_escalated_waits_for_an_editor_and_what_held_stays(
    world: World,
) -> None:
    world.send("c-1", HELD)

    left = world.review.escalate(world.site, "c-1", note="law?", seen=1, by="anna")

    assert left == Decided("c-1", 2, REJECT)
    card = card_of(world, "c-1")
    assert (card.waiting, card.waiting_since) == (Waiting.ESCALATED, NOON)
    assert card.decision.verdict == HELD
    assert (card.decision.kind, card.decision.note) == (Kind.ESCALATION, "law?")
    assert world.told() == []


def test_what_is_escalated_only_an_editor_decides(world: World) -> None:
    world.send("c-1")
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")

    with pytest.raises(NotAllowed, match="editor"):
        reject(world, "c-1", seen=2, by="bela")
    decided = reject(world, "c-1", seen=2, by="editor", role=Role.EDITOR)

    assert decided.number == 3


def test_an_escalation_is_undone_as_a_decision_is(world: World) -> None:
    world.send("c-1")
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")

    world.review.undo(world.site, "c-1", number=2, by="anna")

    card = card_of(world, "c-1")
    assert (card.waiting, card.decision.verdict) == (Waiting.FLAGGED, FLAGGED)
    assert world.told() == []


def test_nothing_is_escalated_twice_or_by_what_was_seen_before(world: World) -> None:
    world.send("c-1")
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")

    with pytest.raises(StaleDecision, match="editors by anna"):
        world.review.escalate(world.site, "c-1", note=None, seen=1, by="bela")
    with pytest.raises(NotPossible):
        world.review.escalate(world.site, "c-1", note=None, seen=2, by="bela")


def test_an_appeal_leaves_to_the_editors_what_was_escalated(world: World) -> None:
    world.send("c-1", HELD)
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")

    world.review.appeal(world.site, "c-1", decision=None, words="I meant well.")

    assert card_of(world, "c-1").waiting is Waiting.ESCALATED
    with pytest.raises(NotAllowed, match="editor"):
        approve(world, "c-1", seen=2, by="bela")
    reject(world, "c-1", seen=2, by="editor", role=Role.EDITOR)
    assert log(world, "c-1")[-1] == (Kind.APPEAL, REJECT, "editor")
    assert card_of(world, "c-1").appeal is None


# Second opinions


def seconded(world: World, id: str = "c-1") -> Review:
    """Have anna reject a comment on which a second opinion is wanted."""
    always = world.with_share(1.0)
    world.send(id, ACCEPTED if id == "-" else FLAGGED)
    reject(world, id, review=always)
    return always


def test_a_second_opinion_is_asked_of_everybody_but_the_first(world: World) -> None:
    seconded(world)

    assert card_of(world, "c-1").waiting is Waiting.SECOND
    assert queue(world, by="anna") == []
    assert queue(world, by="bela") == ["c-1"]
    assert len(world.told()) == 1


def test_a_second_opinion_that_agrees_closes_the_case(world: World) -> None:
    always = seconded(world)

    decided = reject(world, "c-1", seen=2, by="bela", review=always)

    assert decided == Decided("c-1", 3, REJECT)
    assert log(world, "c-1")[1:] == [
        (Kind.REVIEW, REJECT, "anna"),
        (Kind.SECOND, REJECT, "bela"),
    ]
    assert card_of(world, "c-1").waiting is None


def test_a_second_opinion_that_differs_leaves_what_held_to_an_editor(
    world: World,
) -> None:
    seconded(world)

    decided = approve(world, "c-1", seen=2, by="bela")

    assert decided == Decided("c-1", 4, REJECT)
    assert log(world, "c-1")[1:] == [
        (Kind.REVIEW, REJECT, "anna"),
        (Kind.SECOND, ACCEPT, "bela"),
        (Kind.ESCALATION, REJECT, "bela"),
    ]
    card = card_of(world, "c-1")
    assert card.waiting is Waiting.ESCALATED
    assert card.decision.rule is Rule.PERSONAL
    assert [type for type, _, _ in world.told()] == ["comment.rejected"]


def test_an_editor_settles_a_disagreement_for_good(world: World) -> None:
    always = seconded(world)
    approve(world, "c-1", seen=2, by="bela")

    reject(world, "c-1", seen=4, by="editor", role=Role.EDITOR, review=always)

    assert card_of(world, "c-1").waiting is None


def test_a_second_opinion_that_differs_can_be_undone(world: World) -> None:
    seconded(world)
    approve(world, "c-1", seen=2, by="bela")

    world.review.undo(world.site, "c-1", number=4, by="bela")

    card = card_of(world, "c-1")
    assert (card.waiting, card.decision.verdict.outcome) == (Waiting.SECOND, REJECT)
    assert queue(world, by="bela") == ["c-1"]


def test_who_took_a_differing_opinion_back_has_rejected_nothing(world: World) -> None:
    world.send("c-1")
    always = world.with_share(1.0)
    always.decide(
        world.site,
        "c-1",
        ACCEPT,
        rule=None,
        note=None,
        seen=1,
        by="anna",
        role=Role.MODERATOR,
    )
    reject(world, "c-1", seen=2, by="bela")
    world.review.undo(world.site, "c-1", number=4, by="bela")
    reject(world, "c-1", seen=5, by="anna")
    world.review.appeal(world.site, "c-1", decision=None, words="I meant well.")

    approve(world, "c-1", seen=6, by="bela")

    assert card_of(world, "c-1").decision.decided_by == "bela"


def test_who_decided_first_may_change_their_mind(world: World) -> None:
    seconded(world)

    approve(world, "c-1", seen=2, by="anna")

    assert log(world, "c-1")[2:] == [(Kind.REVIEW, ACCEPT, "anna")]
    assert card_of(world, "c-1").waiting is None


def test_where_nobody_else_may_decide_no_second_opinion_is_asked(world: World) -> None:
    accounts = Accounts(world.database)
    for name in ("editor", "bela"):
        accounts.disable(name, NOON)

    seconded(world)

    assert card_of(world, "c-1").waiting is None


def test_the_share_of_second_opinions_is_kept_and_always_the_same(
    world: World,
) -> None:
    some = world.with_share(0.2)
    picks = [(f"c-{i}", 1) for i in range(200)]
    for id, _ in picks:
        world.send(id)

    some.decide_many(
        world.site,
        picks,
        REJECT,
        rule=Rule.PERSONAL,
        note=None,
        by="anna",
        role=Role.MODERATOR,
    )

    # About 40; which ones is a hash, and so the same on every machine.
    assert world.desk.counts(world.site.id)[Waiting.SECOND] == 32
