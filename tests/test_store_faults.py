"""A database that fails says so in one sentence, and nothing is half-stored."""

from __future__ import annotations

import sqlite3
import stat
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text, update

from service.errors import StoreUnavailable
from service.settings import load_settings
from service.store.database import (
    BUSY_TIMEOUT_S,
    Database,
    create_file,
    explained,
    open_database,
)
from service.store.migrate import VERSION, migrate
from service.store.store import Store, open_store
from tests.fixtures_store import NOON
from tests.samples import REJECTED, comment

SECRET = "a text that belongs to its writer " * 200  # more than the file's free pages


def record(store: Store) -> None:
    sent = comment("c-1", SECRET)
    store.record(1, sent, bytes(32), REJECTED, NOON, alike=bytes(16))


def set_pragma(database: Database, pragma: str) -> None:
    """Set it on the one connection that the pool holds and will give out again."""
    with database.reading() as connection:
        connection.exec_driver_sql(f"PRAGMA {pragma}")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("pragma", "sentence"),
    [
        ("max_page_count = 1", "The disk that holds the database is full."),
        ("query_only = 1", "The database is read-only."),
    ],
)
def test_what_cannot_be_written_is_not_answered(
    store: Store, database: Database, pragma: str, sentence: str
) -> None:
    set_pragma(database, pragma)

    with pytest.raises(StoreUnavailable) as caught:
        record(store)

    assert str(caught.value) == sentence
    assert SECRET not in str(caught.value.__cause__)
    assert store.latest(1, "c-1") is None


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_full_disk_that_is_freed_again_is_written_again(
    store: Store, database: Database
) -> None:
    set_pragma(database, "max_page_count = 1")
    with pytest.raises(StoreUnavailable):
        record(store)

    set_pragma(database, "max_page_count = 1000000")
    record(store)

    assert store.latest(1, "c-1") is not None


def test_a_lock_that_is_held_too_long_is_an_error_and_then_over(
    store: Store, database_url: str
) -> None:
    other = open_database(database_url)
    with other.writing() as connection:
        if not other.is_sqlite:
            connection.execute(text("LOCK TABLE comments"))
        with pytest.raises(StoreUnavailable, match="locked by another process"):
            record(store)
    other.close()

    record(store)

    assert store.latest(1, "c-1") is not None


def test_a_probe_learns_soon_that_the_database_is_locked(database_url: str) -> None:
    patient, other = open_database(database_url), open_database(database_url)
    with other.writing() as connection:
        if not other.is_sqlite:
            connection.execute(text("LOCK TABLE alembic_version"))
        start = time.monotonic()
        with pytest.raises(StoreUnavailable, match="locked by another process"):
            Store(patient).ping()
        took_s = time.monotonic() - start
    other.close()

    Store(patient).ping()

    assert took_s < BUSY_TIMEOUT_S / 2
    patient.close()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_after_a_probe_a_writer_waits_as_long_as_before(
    store: Store, database: Database
) -> None:
    with database.reading() as connection:
        before = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()

    store.ping()

    with database.reading() as connection:
        after = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert after == before


def test_text_with_nul_is_stored_with_a_sign_in_its_place(store: Store) -> None:
    sent = comment("c-1", "a\0b")
    store.record(1, sent, bytes(32), REJECTED, NOON, alike=bytes(16))

    record = store.history(1, "c-1")

    assert record is not None
    assert record.text == "a\ufffdb"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_readers_do_not_wait_for_a_writer(store: Store, database_url: str) -> None:
    record(store)
    other = open_database(database_url)

    with other.writing() as connection:
        connection.execute(text("DELETE FROM texts"))
        seen = store.history(1, "c-1")
    other.close()

    assert seen is not None
    assert seen.text == SECRET


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(record, id="record"),
        pytest.param(lambda store: store.latest(1, "c-1"), id="latest"),
        pytest.param(lambda store: store.history(1, "c-1"), id="history"),
        pytest.param(lambda store: store.text_hash("text"), id="text_hash"),
        pytest.param(lambda store: store.site_of_key(bytes(32)), id="site_of_key"),
        pytest.param(lambda store: store.ping(), id="ping"),
    ],
)
def test_a_database_without_tables_says_what_to_run(
    empty_url: str, use: Callable[[Store], object]
) -> None:
    database = open_database(empty_url)
    create_file(database)

    with pytest.raises(StoreUnavailable, match="is not prepared; run `flask init`"):
        use(Store(database))

    database.close()


def test_a_missing_file_is_not_created_by_using_it(tmp_path: Path) -> None:
    file = tmp_path / "refrain.db"
    store = open_store(load_settings({"REFRAIN_DATA_DIR": str(tmp_path)}))

    with pytest.raises(StoreUnavailable, match="missing or cannot be opened"):
        store.ping()

    assert not file.exists()


def test_a_file_that_is_no_database_is_named_as_such(tmp_path: Path) -> None:
    file = tmp_path / "refrain.db"
    file.write_bytes(b"Not a database. " * 100)
    store = Store(open_database(f"sqlite:///{file}"))

    with pytest.raises(StoreUnavailable, match="is not an SQLite database"):
        store.ping()


def test_a_server_that_is_not_there_does_not_answer() -> None:
    database = open_database("postgresql+psycopg://ann:pass@127.0.0.1:1/refrain")

    with pytest.raises(StoreUnavailable, match="server does not answer") as caught:
        Store(database).ping()

    assert "ann" not in str(caught.value)


def test_a_prepared_database_answers(store: Store) -> None:
    store.ping()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_server_that_only_reads_is_not_ready(
    store: Store, database: Database
) -> None:
    name = database.engine.url.database
    with database.writing() as connection:
        connection.execute(
            text(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        )
    database.close()

    with pytest.raises(StoreUnavailable, match="read-only"):
        store.ping()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_server_that_dropped_its_connections_is_used_again(
    store: Store, database: Database
) -> None:
    record(store)
    with database.reading() as connection:
        mine = connection.scalar(text("SELECT pg_backend_pid()"))
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    with other.writing() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend({mine})"))
    other.close()

    assert store.latest(1, "c-1") is not None


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(update(VERSION).values(version_num="9999"))

    with pytest.raises(StoreUnavailable, match="newer version of Refrain"):
        migrate(database)
    with pytest.raises(StoreUnavailable, match="newer version of Refrain"):
        Store(database).ping()


def test_the_database_is_private_to_its_user(tmp_path: Path) -> None:
    file = tmp_path / "var" / "refrain.db"
    database = open_database(f"sqlite:///{file}")
    migrate(database)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM texts"))

    modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in file.parent.iterdir()}

    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert modes == dict.fromkeys(modes, 0o600)
    assert set(modes) == {"refrain.db", "refrain.db-wal", "refrain.db-shm"}
    database.close()


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    database = open_database(f"sqlite:///{blocked}/var/refrain.db")

    with pytest.raises(StoreUnavailable, match=f"{blocked}/var/refrain.db cannot be"):
        migrate(database)


def test_a_path_is_not_read_as_a_url(tmp_path: Path) -> None:
    file = tmp_path / "100% safe?mode=memory #1" / "refrain.db"
    database = open_database(
        load_settings({"REFRAIN_DATA_DIR": str(file.parent)}).database_url
    )

    migrate(database)

    assert file.exists()
    database.close()


def test_an_answered_verdict_can_be_made_to_outlive_a_power_failure(
    tmp_path: Path,
) -> None:
    file = tmp_path / "refrain.db"
    modes = {}
    for mode in ("NORMAL", "FULL"):
        database = open_database(f"sqlite:///{file}", synchronous=mode)
        create_file(database)
        with database.reading() as connection:
            modes[mode] = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        database.close()

    assert modes == {
        "NORMAL": 1,
        "FULL": 2,
    }  # sqlite.org/pragma.html#pragma_synchronous


def test_an_unforeseen_fault_is_named_by_its_code_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        try:
            connection.execute("SELECT 'secret' FROM")
        except sqlite3.Error as error:
            sentence = str(explained(error))

    assert sentence == "The database reports an error (SQLITE_ERROR)."
