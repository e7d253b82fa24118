"""No list takes more statements where there is more to see, and an index for each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from sqlalchemy import event

from model.finding import Rule
from service.domain import Waiting
from service.store.accounts import Role
from service.store.cases import Filters, Order
from service.store.lists import HEAD
from tests.fixtures_store import NOON
from tests.listing import page_of
from tests.reviewing import HELD, REJECT, World
from tests.samples import REJECTED

STATEMENTS = 6
"""That a page may take, however many cards are on it."""


@contextmanager
def statements(world: World) -> Iterator[list[tuple[str, object]]]:
    """Note every statement that is run, with its parameters."""
    run: list[tuple[str, object]] = []

    def note(
        connection: object,
        cursor: object,
        statement: str,
        parameters: object,
        *_: object,
    ) -> None:
        run.append((statement, parameters))

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield run
    event.remove(world.database.engine, "before_cursor_execute", note)


def fill(world: World, count: int) -> None:
    """Comments with all that a card can have."""
    world.send("parent", REJECTED)
    for i in range(count):
        id = f"c-{i}"
        world.send(id, HELD, parent_id="parent")
        world.clock.sleep(1)
        if i % 3 == 0:
            world.review.report(world.site, id, reporter="r", words=None)
        if i % 5 == 0:
            world.review.appeal(world.site, id, decision=None, words="Why?")
        world.desk.look(world.site.id, id, by="bela", now=world.clock())


def test_a_page_takes_as_many_statements_for_25_cards_as_for_one(
    world: World,
) -> None:
    fill(world, 30)

    taken = set()
    for limit in (1, 25):
        with statements(world) as run:
            page = page_of(world, limit=limit)
        assert len(page.cards) == limit
        taken.add(len(run))

    assert len(taken) == 1
    assert taken.pop() <= STATEMENTS


def test_no_list_takes_more_statements_where_there_is_more_to_see(
    world: World,
) -> None:
    fill(world, HEAD + 1)

    after = page_of(world).after
    for read in (
        partial(page_of, world),
        partial(page_of, world, order=Order.OLDEST, after=after),
        partial(page_of, world, Filters(words="fool", least=0.1)),
        partial(world.desk.appeals, world.site.id, by="anna", now=NOON),
        partial(
            world.desk.decided, world.site.id, REJECT, Filters(), by="anna", now=NOON
        ),
    ):
        with statements(world) as run:
            assert len(read().cards) == 25
        assert len(run) <= STATEMENTS


def test_a_decision_takes_no_more_statements_the_more_are_decided(
    world: World,
) -> None:
    fill(world, 30)
    picks = [(f"c-{i}", 1) for i in range(30) if i % 5]

    taken = []
    for some in (picks[:1], picks[1:]):
        with statements(world) as run:
            world.review.decide_many(
                world.site,
                some,
                REJECT,
                rule=Rule.PERSONAL,
                note=None,
                by="anna",
                role=Role.EDITOR,
            )
        taken.append(len([s for s, _ in run if "events" not in s and "lock" not in s]))

    assert taken[0] == taken[1]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_lists_are_read_in_the_order_of_an_index(world: World) -> None:
    fill(world, HEAD + 1)
    with statements(world) as run:
        page_of(world)
        page_of(world, order=Order.NEWEST, after="1772366400000000-7")
        page_of(world, Filters(rule=Rule.PERSONAL, language="en"))
        page_of(world, Filters(waiting=Waiting.FLAGGED))
        world.desk.counts(world.site.id)
        world.desk.decided(world.site.id, REJECT, Filters(), by="anna", now=NOON)

    plans = [plan(world, *ran) for ran in run]

    assert not [step for steps in plans for step in steps if "SCAN comments" in step]
    sorted_ones = [s for s in plans if any("TEMP B-TREE" in step for step in s)]
    # Only the few appeals of one page are sorted.
    assert all("appeals" in " ".join(steps) for steps in sorted_ones)
    used = {word for steps in plans for step in steps for word in step.split()}
    assert used >= {
        "ix_comments_waiting",
        "ix_comments_waiting_kind",
        "ix_comments_alike",
        "ix_comments_author",
        "ix_comments_kept",
    }


def plan(world: World, statement: str, parameters: object) -> list[str]:
    """The steps by which SQLite runs a statement."""
    with world.database.reading() as connection:
        rows = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}",
            parameters,  # type: ignore[arg-type]
        )
        return [row.detail for row in rows]
