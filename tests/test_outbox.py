"""Sites are told of all that was decided, in order, and not of what was undone."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from random import Random

import pytest

from service.domain import Kind, Outcome
from service.store.database import Database, open_database
from service.store.outbox import SETTLE_S, Event, Outbox, add_event, take_back
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.samples import ACCEPTED, REJECTED
from tests.telling import SITE, decide, record, tell

UNDO = timedelta(seconds=10)
SETTLED = UNDO + timedelta(seconds=SETTLE_S)
MOMENT = timedelta(milliseconds=1)
WRITERS = 4
EACH = 12


@pytest.fixture
def outbox(database: Database) -> Outbox:
    return Outbox(database)


def told(outbox: Outbox, now: datetime, *, after: int = 0) -> list[str]:
    """The comments of which the site is told."""
    return [event.comment_id for event in outbox.events_after(SITE, after, 1000, now)]


def undo(database: Database, key: int, number: int, now: datetime) -> bool:
    with database.writing() as connection:
        return take_back(
            connection, comment_key=key, decision=number, clock=lambda: now
        )


def test_an_event_says_what_the_log_says(database: Database, outbox: Outbox) -> None:
    key = record(database, "c-1", NOON)
    decide(database, key, NOON + UNDO, NOON + UNDO, verdict=ACCEPTED, by="zoë")

    (event,) = outbox.events_after(SITE, 0, 10, NOON + UNDO)

    assert (event.type, event.comment_id) == ("comment.accepted", "c-1")
    assert event.number == 2
    assert event.created_at == event.decision.decided_at == NOON + UNDO
    assert event.decision.decided_by == "zoë"
    assert event.decision.kind is Kind.REVIEW
    assert event.decision.verdict == ACCEPTED


def test_what_can_be_undone_is_told_only_when_it_cannot(
    database: Database, outbox: Outbox
) -> None:
    tell(database, "c-1", NOON, NOON + UNDO)

    assert told(outbox, NOON + UNDO) == []
    assert told(outbox, NOON + SETTLED - MOMENT) == []
    assert told(outbox, NOON + SETTLED) == ["c-1"]


def test_what_cannot_be_undone_is_told_at_once(
    database: Database, outbox: Outbox
) -> None:
    tell(database, "c-1", NOON, NOON)

    assert told(outbox, NOON) == ["c-1"]


def test_what_was_taken_back_in_time_is_never_told(
    database: Database, outbox: Outbox
) -> None:
    key = tell(database, "c-1", NOON, NOON + UNDO)
    tell(database, "c-2", NOON, NOON + UNDO)

    assert undo(database, key, 2, NOON + UNDO - MOMENT)

    assert told(outbox, NOON + timedelta(days=1)) == ["c-2"]


def test_what_is_due_cannot_be_taken_back(database: Database, outbox: Outbox) -> None:
    key = tell(database, "c-1", NOON, NOON + UNDO)

    assert not undo(database, key, 2, NOON + UNDO)

    assert told(outbox, NOON + SETTLED) == ["c-1"]


def test_only_the_decision_that_is_undone_is_taken_back(
    database: Database, outbox: Outbox
) -> None:
    key = tell(database, "c-1", NOON, NOON + UNDO)
    decide(database, key, NOON, NOON + UNDO, verdict=ACCEPTED)

    assert undo(database, key, 3, NOON)
    assert not undo(database, key, 3, NOON)

    (event,) = outbox.events_after(SITE, 0, 10, NOON + SETTLED)
    assert event.decision.verdict.outcome is Outcome.REJECT


def test_a_decision_that_is_not_committed_is_not_told(
    database: Database, outbox: Outbox
) -> None:
    key = record(database, "c-1", NOON)

    def fail() -> None:
        with database.writing() as connection:
            add_event(
                connection,
                database,
                site_id=SITE,
                type="comment.rejected",
                comment_key=key,
                decision=1,
                now=NOON,
                due_at=NOON,
            )
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()

    assert told(outbox, NOON) == []


def test_nothing_is_told_before_what_waits_in_front_of_it(
    database: Database, outbox: Outbox
) -> None:
    waiting = tell(database, "c-1", NOON, NOON + UNDO)
    tell(database, "c-2", NOON, NOON)

    assert told(outbox, NOON) == []

    undo(database, waiting, 2, NOON)
    assert told(outbox, NOON) == ["c-2"]


def test_a_site_is_told_in_pages_of_its_own_events(
    database: Database, outbox: Outbox
) -> None:
    sports = Sites(database).create("sports", by="test", now=NOON).id
    for i in range(5):
        tell(database, f"c-{i}", NOON)
        tell(database, f"s-{i}", NOON, site_id=sports)

    first = outbox.events_after(SITE, 0, 3, NOON)
    second = outbox.events_after(SITE, first[-1].key, 3, NOON)

    assert [e.comment_id for e in first + second] == [f"c-{i}" for i in range(5)]
    assert outbox.events_after(SITE, second[-1].key, 3, NOON) == []


def write_slowly(url: str, writer: int, keys: list[int], now: datetime) -> None:
    """Write events as moderators do, some of them long before they commit."""
    database, random = open_database(url), Random(writer)  # noqa: S311 - no secret
    for key in keys:
        with database.writing(wait_s=30.0) as connection:
            add_event(
                connection,
                database,
                site_id=SITE,
                type="comment.rejected",
                comment_key=key,
                decision=1,
                now=now,
                due_at=now,
            )
            time.sleep(random.uniform(0.0, 0.02))
    database.close()


def test_who_reads_while_others_write_misses_nothing(
    database: Database, database_url: str, outbox: Outbox
) -> None:
    keys = [record(database, f"c-{i}", NOON) for i in range(WRITERS * EACH)]
    heard: list[Event] = []

    with ThreadPoolExecutor() as pool:
        writers = [
            pool.submit(write_slowly, database_url, i, keys[i::WRITERS], NOON)
            for i in range(WRITERS)
        ]
        while True:
            is_over = all(writer.done() for writer in writers)
            cursor = heard[-1].key if heard else 0
            heard += outbox.events_after(SITE, cursor, 5, NOON)
            if is_over and len(heard) >= len(keys):
                break
            assert not is_over or outbox.events_after(SITE, cursor, 5, NOON)
    for writer in writers:
        writer.result()

    assert sorted(event.comment_id for event in heard) == sorted(
        f"c-{i}" for i in range(WRITERS * EACH)
    )
    assert len({event.id for event in heard}) == WRITERS * EACH


def test_the_log_is_told_as_it_was_however_often_a_comment_is_decided(
    database: Database, outbox: Outbox
) -> None:
    key = tell(database, "c-1", NOON)
    decide(database, key, NOON, NOON, verdict=ACCEPTED)
    decide(database, key, NOON, NOON, verdict=REJECTED)

    numbered = [
        (event.number, event.decision.verdict.outcome)
        for event in outbox.events_after(SITE, 0, 10, NOON)
    ]

    assert numbered == [
        (2, Outcome.REJECT),
        (3, Outcome.ACCEPT),
        (4, Outcome.REJECT),
    ]
