"""On PostgreSQL, what others have set or changed spoils no statement of ours."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from service.errors import Fault, StoreUnavailable
from service.store.database import Database, open_database
from service.store.store import Store
from tests.fixtures_store import NOON
from tests.samples import REJECTED, comment

PREPARED_AFTER = 6
"""How often psycopg runs a statement before it runs its prepared form."""


@pytest.fixture
def backend() -> str:
    """There is no such thing on SQLite."""
    return "postgresql"


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def change(database: Database, statement: str) -> None:
    """Run a statement as somebody else, on a connection of their own."""
    other = open_database(url_of(database))
    with other.writing() as connection:
        connection.execute(text(statement))
    other.close()


def record(store: Store, id: str, text_hash: bytes = bytes(32)) -> int:
    sent = comment(id)
    stored = store.record(1, sent, text_hash, REJECTED, NOON, alike=bytes(16))
    return stored.decision.revision


@pytest.mark.parametrize(
    "alter",
    [
        "comments ALTER COLUMN id TYPE varchar(300)",
        "texts ALTER COLUMN text TYPE varchar(100000)",
    ],
)
def test_a_column_whose_type_was_changed_is_read_and_written_on(
    store: Store, database: Database, alter: str
) -> None:
    for number in range(PREPARED_AFTER + 1):
        record(store, f"before-{number}")
        store.history(1, "before-0")

    change(database, f"ALTER TABLE {alter}")

    assert record(store, "after") == 1
    for _ in range(PREPARED_AFTER):
        found = store.history(1, "before-0")
        assert found is not None
        assert found.text == comment("before-0").text


def test_a_statement_that_begins_a_transaction_is_run_again(
    database: Database,
) -> None:
    read = text("SELECT id, name FROM sites")
    for _ in range(PREPARED_AFTER + 1):
        with database.writing() as connection:
            connection.execute(read)

    change(database, "ALTER TABLE sites ALTER COLUMN name TYPE varchar(300)")

    with database.writing() as connection:
        assert connection.execute(read).one().name == "default"
        connection.execute(text("UPDATE sites SET policy_version = 7"))
    with database.reading() as connection:
        assert connection.scalar(text("SELECT policy_version FROM sites")) == 7


def test_one_in_the_midst_of_a_transaction_fails_once(database: Database) -> None:
    for _ in range(PREPARED_AFTER + 1):
        read_second(database)

    change(database, "ALTER TABLE sites ALTER COLUMN name TYPE varchar(300)")

    with pytest.raises(StoreUnavailable, match="0A000") as caught:
        read_second(database)
    assert caught.value.fault is Fault.OTHER
    for _ in range(PREPARED_AFTER + 1):
        read_second(database)
    with database.reading() as connection:  # Nor was the first one's work left behind.
        count = connection.scalar(text("SELECT policy_version FROM sites"))
    assert count == 1 + 2 * (PREPARED_AFTER + 1)


def read_second(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE sites SET policy_version = policy_version + 1"))
        connection.execute(text("SELECT id, name FROM sites"))
