"""What waits for moderators is counted for metrics: how much, why, and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import event

from service.domain import Waiting
from service.errors import StoreUnavailable
from service.store.database import open_database
from service.store.waiting import REMEMBER_S, Queues, Waits
from tests.fixtures_store import NOON
from tests.reviewing import World, approve

LATER = timedelta(minutes=90)


def test_what_waits_is_counted_by_reason_and_the_oldest_is_timed(world: World) -> None:
    world.send("c-1")
    world.clock.now = NOON + timedelta(hours=1)
    world.send("c-2")
    world.send("c-3")
    approve(world, "c-3")

    found = Queues(world.database).look(NOON + LATER)

    assert found
    assert found.keys() == set(Waiting)
    assert found[Waiting.FLAGGED] == Waits(2, LATER.total_seconds())
    assert found[Waiting.APPEALED] == Waits(0, 0.0)


def test_where_nothing_waits_that_is_said(world: World) -> None:
    found = Queues(world.database).look(NOON)

    assert found == dict.fromkeys(Waiting, Waits())


def test_a_clock_that_went_back_makes_no_age_negative(world: World) -> None:
    world.send("c-1")

    found = Queues(world.database).look(NOON - LATER)

    assert found
    assert found[Waiting.FLAGGED] == Waits(1, 0.0)


def test_they_are_counted_now_and_then_and_the_rarer_the_longer_it_takes(
    world: World,
) -> None:
    now = [0.0]
    queues = Queues(world.database, clock=lambda: now[0])
    took = 1.0

    @event.listens_for(world.database.engine, "after_cursor_execute")
    def pass_time(*_: object) -> None:
        now[0] += took

    assert queues.look(NOON) is not None
    now[0] = REMEMBER_S + 1
    assert queues.look(NOON) is None
    now[0] = 101.0
    took = 0.0
    assert queues.look(NOON) is not None
    now[0] += REMEMBER_S
    assert queues.look(NOON) is not None


def test_a_database_that_is_gone_is_said_and_asked_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    database = open_database(f"sqlite:///{tmp_path_factory.mktemp('gone') / 'no.db'}")
    queues = Queues(database)

    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            queues.look(NOON)
    database.close()
