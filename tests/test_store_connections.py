"""On PostgreSQL, what others have set or changed spoils no statement of ours."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import text

from service.errors import Fault, StoreUnavailable
from service.settings import load_settings
from service.store.database import Database, open_database
from service.store.store import Store
from tests.fixtures_store import NOON
from tests.samples import REJECTED, comment
from tests.senders import PATIENCE_S, wait_until

PREPARED_AFTER = 6
"""How often psycopg runs a statement before it runs its prepared form."""

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


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


def shown(database: Database, setting: str) -> object:
    with database.reading() as connection:
        return connection.scalar(text(f"SHOW {setting}"))


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


def by_database(database: Database, level: str) -> str:
    name = database.engine.url.database
    change(
        database,
        f"ALTER DATABASE {name} SET default_transaction_isolation = '{level}'",
    )
    return url_of(database)


def by_url(database: Database, level: str) -> str:
    option = f"-c default_transaction_isolation={level}".replace("le r", r"le\ r")
    return f"{url_of(database)}&options={quote(option)}"


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
@pytest.mark.parametrize("told", [by_database, by_url])
def test_who_waited_for_another_sees_what_it_has_committed(
    database: Database, told: Callable[[Database, str], str], level: str
) -> None:
    own = open_database(told(database, level), wait_s=PATIENCE_S)
    store = Store(own)
    record(store, "c-1")

    with ThreadPoolExecutor(1) as pool:
        with database.writing() as connection:
            connection.execute(text("UPDATE comments SET language = 'de'"))
            waiting = pool.submit(record, store, "c-1", b"2" * 32)
            wait_until(lambda: count_waiting(database) == 1)
        revision = waiting.result()

    assert revision == 2
    assert shown(own, "transaction_isolation") == "read committed"
    own.close()


def count_waiting(database: Database) -> object:
    with database.reading() as connection:
        return connection.scalar(text(f"{WAITING} AND datname = current_database()"))


def test_what_a_url_sets_of_the_server_holds_beside_what_is_set_here(
    database: Database,
) -> None:
    option = quote("-c application_name=desk -c lock_timeout=1h")
    own = open_database(f"{url_of(database)}&options={option}", wait_s=3.0)

    assert shown(own, "application_name") == "desk"
    assert shown(own, "lock_timeout") == "3s"
    own.close()


@pytest.fixture
def user(database: Database) -> Iterator[str]:
    """Somebody who may connect, and whose name a URL has to write otherwise."""
    change(database, 'CREATE ROLE "a@b" LOGIN')
    yield "a@b"
    change(database, 'DROP ROLE "a@b"')


@pytest.mark.parametrize("hosts", [1, 2])
def test_user_and_password_may_stand_among_the_parameters_and_are_not_shown(
    database: Database, user: str, hosts: int
) -> None:
    url = database.engine.url
    folders = ",".join([str(url.query["host"])] * hosts)
    query = urlencode({"host": folders, "user": user, "password": "s3cr3t"})
    written = {"DATABASE_URL": f"postgresql:///{url.database}?{query}"}

    own = open_database(load_settings(written).database_url)

    with own.reading() as connection:
        assert connection.scalar(text("SELECT current_user")) == user
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.info.password == "s3cr3t"
    assert "s3cr3t" not in f"{own.engine!r}{own.engine.url}{driver!r}"
    own.close()
