"""What is picked together, or is near-identical, is decided in one go, and undone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from model.finding import Rule
from service.domain import Kind, Waiting
from service.errors import NotAllowed, StaleDecision
from service.review import AT_ONCE, Decided, Review
from service.store.accounts import Role
from service.store.database import Database
from service.store.reviews import Change, Reviews
from tests.fixtures_store import NOON
from tests.reviewing import (
    ACCEPT,
    HELD,
    REJECT,
    World,
    approve,
    card_of,
    log,
    queue,
    reject,
)

# Many at once


def test_of_a_selection_what_somebody_else_decided_is_left_and_said(
    world: World,
) -> None:
    for i in range(4):
        world.send(f"c-{i}")
    approve(world, "c-2", by="bela")

    answers = world.review.decide_many(
        world.site,
        [(f"c-{i}", 1) for i in range(4)],
        REJECT,
        rule=Rule.PERSONAL,
        note=None,
        by="anna",
        role=Role.MODERATOR,
    )

    assert [type(answer) for answer in answers] == [
        Decided,
        Decided,
        StaleDecision,
        Decided,
    ]
    assert "bela" in str(answers[2])
    assert [card_of(world, f"c-{i}").decision.decided_by for i in range(4)] == [
        "anna",
        "anna",
        "bela",
        "anna",
    ]
    assert len(world.told()) == 4


def test_nothing_of_a_selection_is_decided_where_one_is_for_somebody_else(
    world: World,
) -> None:
    for id in ("c-1", "c-2"):
        world.send(id)
    world.review.escalate(world.site, "c-2", note=None, seen=1, by="bela")

    with pytest.raises(NotAllowed, match="c-2"):
        world.review.decide_many(
            world.site,
            [("c-1", 1), ("c-2", 2)],
            ACCEPT,
            rule=None,
            note=None,
            by="anna",
            role=Role.MODERATOR,
        )

    assert card_of(world, "c-1").number == 1


def test_selections_in_opposite_order_do_not_wait_for_each_other_forever(
    world: World,
) -> None:
    ids = [f"c-{i}" for i in range(20)]
    for id in ids:
        world.send(id)

    def act(name: str) -> int:
        picks = [(id, 1) for id in (ids if name == "anna" else reversed(ids))]
        answers = world.review.decide_many(
            world.site,
            picks,
            ACCEPT,
            rule=None,
            note=None,
            by=name,
            role=Role.MODERATOR,
        )
        return sum(isinstance(answer, Decided) for answer in answers)

    with ThreadPoolExecutor(2) as threads:
        decided = list(threads.map(act, ("anna", "bela")))

    assert sorted(decided) == [0, 20]


# Near-identical ones


def test_near_identical_comments_are_decided_as_one(world: World) -> None:
    for i, text in enumerate(("Buy NOW, fool!", "buy now fool", "Fool, buy now: 77")):
        world.send(f"c-{i}", text=text)
    world.send("d-1", text="Something else, fool.")

    assert card_of(world, "c-1").like_it == 2
    decided = reject(world, "c-1", alike=True)

    assert decided == Decided("c-1", 2, REJECT, like_it=2)
    assert queue(world) == ["d-1"]
    for i in range(3):
        assert log(world, f"c-{i}")[1:] == [(Kind.REVIEW, REJECT, "anna")]
    assert len(world.told()) == 3


def test_without_being_asked_only_the_one_is_decided(world: World) -> None:
    for i in range(3):
        world.send(f"c-{i}", text="Buy now, fool.")

    assert reject(world, "c-0").like_it == 0

    assert card_of(world, "c-1").number == card_of(world, "c-2").number == 1


def test_what_waits_for_an_editor_or_is_appealed_is_not_decided_with_its_like(
    world: World,
) -> None:
    for i in range(3):
        world.send(f"c-{i}", HELD, text="Buy now, fool.")
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="bela")
    world.review.appeal(world.site, "c-2", decision=None, words="Why?")

    assert reject(world, "c-0", alike=True).like_it == 0

    assert card_of(world, "c-1").waiting is Waiting.ESCALATED
    assert card_of(world, "c-2").waiting is Waiting.APPEALED


def test_a_flood_is_decided_and_put_back_in_several_transactions(world: World) -> None:
    count = AT_ONCE * 2 + 7
    for i in range(count):
        world.send(f"c-{i}", text="Buy now, fool.")

    decided = reject(world, "c-0", alike=True)

    assert decided.like_it == count - 1
    assert queue(world) == []
    assert len(world.told()) == count

    world.review.undo(world.site, "c-0", number=2, by="anna")

    assert world.desk.counts(world.site.id)[Waiting.FLAGGED] == count
    assert world.told() == []


def test_of_a_flood_only_so_many_are_decided_in_one_go(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.review.AT_ONCE", 3)
    monkeypatch.setattr("service.review.AT_MOST", 6)
    for i in range(10):
        world.send(f"c-{i}", text="Buy now, fool.")

    assert reject(world, "c-0", alike=True).like_it == 6

    assert card_of(world, queue(world)[0]).like_it == 2


def test_undoing_puts_back_all_that_was_decided_as_one_and_nothing_else(
    world: World,
) -> None:
    for i in range(4):
        world.send(f"c-{i}", text="Buy now, fool.")
    approve(world, "c-3", by="bela")
    reject(world, "c-0", alike=True)
    approve(world, "c-2", seen=2, by="bela")

    world.review.undo(world.site, "c-0", number=2, by="anna")

    numbers = [card_of(world, f"c-{i}").number for i in range(4)]
    assert numbers == [3, 3, 3, 2]
    assert [card_of(world, f"c-{i}").waiting for i in range(4)] == [
        Waiting.FLAGGED,
        Waiting.FLAGGED,
        None,
        None,
    ]
    assert card_of(world, "c-2").decision.decided_by == "bela"


def test_what_a_reader_has_appealed_against_is_not_undone_with_its_like(
    world: World,
) -> None:
    for i in range(3):
        world.send(f"c-{i}", text="Buy now, fool.")
    reject(world, "c-0", alike=True)
    world.review.appeal(world.site, "c-1", decision=2, words="I meant well.")

    world.review.undo(world.site, "c-0", number=2, by="anna")

    outcomes = [card_of(world, f"c-{i}").decision.verdict.outcome for i in range(3)]
    assert outcomes == [ACCEPT, REJECT, ACCEPT]
    card = card_of(world, "c-1")
    assert (card.waiting, card.appeal is not None) == (Waiting.APPEALED, True)


@pytest.mark.parametrize("is_appealed", [False, True])
def test_undoing_waits_for_what_somebody_else_has_their_hands_on(
    world: World, is_appealed: bool
) -> None:
    for i in range(2):
        world.send(f"c-{i}", text="Buy now, fool.")
    reject(world, "c-0", alike=True)
    undo = world.review.undo

    with ThreadPoolExecutor(1) as threads:
        with Reviews(world.database).change() as change:
            held = change.held(world.site.id, ["c-1"])["c-1"]
            undoing = threads.submit(undo, world.site, "c-0", number=2, by="anna")
            time.sleep(0.1)
            if is_appealed:
                change.wait(held, Waiting.APPEALED, NOON)
                change.add_appeal(held, "I meant well.", NOON)
        undoing.result()

    numbers = [card_of(world, f"c-{i}").number for i in range(2)]
    assert numbers == [3, 2 if is_appealed else 3]


class Interrupted(Reviews):
    """Has something happen once, after the first transaction."""

    def __init__(self, database: Database, happen: Callable[[], None]) -> None:
        super().__init__(database)
        self._happen = [happen]

    @contextmanager
    def change(self) -> Iterator[Change]:
        with super().change() as change:
            yield change
        if self._happen:
            self._happen.pop()()


def test_of_a_flood_no_more_is_decided_once_the_decision_is_undone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.review.AT_ONCE", 3)
    for i in range(8):
        world.send(f"c-{i}", text="Buy now, fool.")
    undo = partial(world.review.undo, world.site, "c-0", number=2, by="anna")
    review = Review(
        world.desk,
        Interrupted(world.database, undo),
        second_share=0.0,
        text_hash=world.store.text_hash,
        clock=world.clock,
    )

    assert reject(world, "c-0", review=review, alike=True).like_it == 3

    assert world.desk.counts(world.site.id)[Waiting.FLAGGED] == 8
    assert world.told() == []
