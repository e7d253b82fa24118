"""Threads that write at once share a transaction, and each learns what became of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Connection, text

from service.errors import StoreUnavailable
from service.store.database import Database
from service.store.together import Together

THREADS = 8
PATIENCE_S = 30

Work = Callable[[Connection], Any]


def add(name: str) -> Work:
    """Insert a site."""

    def work(connection: Connection) -> int:
        statement = text(
            "INSERT INTO sites (name, policy_version, created_at) VALUES (:name, 1, 0)"
        )
        connection.execute(statement, {"name": name})
        return threading.get_ident()

    return work


def names(database: Database) -> set[str]:
    with database.reading() as connection:
        return set(connection.scalars(text("SELECT name FROM sites")))


def at_once(together: Together[Work, Any], works: list[Work]) -> list[Future[Any]]:
    """Let the first one write until all others wait, each in a thread of its own."""
    begun, go_on = threading.Event(), threading.Event()

    def first(connection: Connection) -> object:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return works[0](connection)

    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(together.write, first)]
        assert begun.wait(PATIENCE_S)
        futures += [pool.submit(together.write, work) for work in works[1:]]
        while len(together._waiting) < len(works) - 1:
            pass
        go_on.set()
    return futures


@pytest.fixture
def together(database: Database) -> Together[Work, Any]:
    """One transaction for all, as `Store` has it on SQLite."""

    def commit(works: Sequence[Work]) -> list[Any]:
        alone = database.writing_alone if database.is_sqlite else database.writing
        with alone() as connection:
            return [work(connection) for work in works]

    return Together(commit)


def test_whoever_writes_gets_what_the_work_returned(
    together: Together[Work, Any], database: Database
) -> None:
    assert together.write(lambda connection: connection.scalar(text("SELECT 7"))) == 7

    together.write(add("a"))

    assert "a" in names(database)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_those_who_waited_are_written_by_one_of_them(
    together: Together[Work, Any], database: Database
) -> None:
    works = [add(f"s-{i}") for i in range(THREADS)]

    writers = [future.result() for future in at_once(together, works)]

    assert {f"s-{i}" for i in range(THREADS)} <= names(database)
    assert len(set(writers[1:])) == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_one_whose_work_fails_fails_alone(
    together: Together[Work, Any], database: Database
) -> None:
    def fail(connection: Connection) -> None:
        connection.execute(text("DELETE FROM texts"))
        raise ValueError("spoilt")

    works = [add("first"), add("second"), fail, add("third")]

    results = at_once(together, works)

    assert isinstance(results[2].exception(), ValueError)
    assert [r.exception() for r in results if r is not results[2]] == [None] * 3
    assert {"first", "second", "third"} <= names(database)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_failing_database_is_told_to_everyone_who_waited(
    together: Together[Work, Any], database: Database
) -> None:
    def read_only(connection: Connection) -> None:
        connection.exec_driver_sql("PRAGMA query_only = 1")

    results = at_once(together, [read_only, *(add(f"s-{i}") for i in range(3))])

    errors = [result.exception() for result in results[1:]]
    assert {str(error) for error in errors} == {"The database is read-only."}
    assert all(isinstance(error, StoreUnavailable) for error in errors)
    assert len(set(map(id, errors))) == 3


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_after_a_failure_the_next_one_is_written(
    together: Together[Work, Any], database: Database
) -> None:
    locked = pytest.raises(StoreUnavailable, match="locked by another")
    with database.writing(), locked:
        together.write(add("a"))

    together.write(add("b"))

    assert "b" in names(database)
    assert "a" not in names(database)
