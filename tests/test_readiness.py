"""/readyz says whether the service can do its work, and names what is wrong."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from service import readiness
from service.app import create_app
from service.errors import Fault
from service.readiness import REMEMBER_S, STUCK_S, Readiness, Status, of_follower
from service.services import NAME, Services
from service.settings import Settings
from service.store.database import Database, open_database
from service.store.migrate import VERSION
from service.store.schema import HEAD
from service.store.store import Store
from tests.fixtures_service import ROOT, with_key
from tests.fixtures_store import GONE, take_away
from tests.test_metrics import count

NAMES = ["database", "schema", "disk", "model", "follower"]


@pytest.fixture
def own(settings: Settings) -> Iterator[Flask]:
    """An app on a database of the test's own."""
    app = create_app(settings)
    yield app
    app.extensions[NAME].store.database.close()


def parts(app: Flask) -> Services:
    found: Services = app.extensions[NAME]
    return found


def states(document: dict[str, Any] | None) -> dict[str, str]:
    assert document
    return {check["name"]: check["status"] for check in document["checks"]}


def refused(client: FlaskClient) -> dict[str, Any]:
    """The problem document of a service that is not ready."""
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.content_type == "application/problem+json"
    assert answer.headers["Retry-After"] == "5"
    document: dict[str, Any] = answer.get_json()
    assert document["type"] == "/docs#not-ready"
    return document


def test_where_nothing_is_wrong_every_check_is_ok(client: FlaskClient) -> None:
    ready = client.get("/readyz").json

    assert ready
    assert [check["name"] for check in ready["checks"]] == NAMES
    # The machine that runs this may be short of space, and may say so.
    assert set(states(ready).values()) <= {"ok", "warning"}
    assert ready["status"] == "ready"


def test_a_missing_database_is_named_and_counted(
    own: Flask, settings: Settings, dialect: str
) -> None:
    take_away(settings.database_url)
    client = with_key(own)

    document = refused(client)

    assert states(document)["database"] == "failed"
    assert states(document)["schema"] == "unknown"
    said, fault = GONE[dialect]
    assert said in document["detail"]
    told = client.get("/metrics").get_data(as_text=True)
    assert count(told, "refrain_check_failures_total", check="database") == 1
    assert count(told, "refrain_database_errors_total", fault=fault) >= 1


def set_version(settings: Settings, version: str) -> None:
    database = open_database(settings.database_url)
    with database.writing() as connection:
        connection.execute(update(VERSION).values(version_num=version))
    database.close()


def test_migrations_that_were_not_run_are_named(own: Flask, settings: Settings) -> None:
    set_version(settings, "0001")

    document = refused(with_key(own))

    assert states(document)["schema"] == "failed"
    assert states(document)["database"] == "ok"
    said = f"its schema is 0001, this one needs {HEAD}); run `flask migrate`."
    assert said in document["detail"]


def test_in_a_rolling_update_the_old_ones_stay_ready(
    own: Flask, settings: Settings
) -> None:
    set_version(settings, "9999")

    answer = with_key(own).get("/readyz")

    assert answer.status_code == 200
    assert states(answer.json)["schema"] == "warning"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_database_that_is_only_read_is_named(
    store: Store, database: Database, tmp_path: Path
) -> None:
    with database.reading() as connection:
        connection.exec_driver_sql("PRAGMA query_only = 1")
    ready = Readiness(store, tmp_path)

    checks = {check.name: check for check in ready._of_store()}

    assert checks["database"].status is Status.FAILED
    assert checks["database"].detail == "The database is read-only."


FULL = """
import resource, sys
from pathlib import Path
from service.readiness import Readiness
from service.store.database import open_database
from service.store.store import Store

folder = Path(sys.argv[1])
store = Store(open_database(f"sqlite:///{folder / 'refrain.db'}"))
store.ping()
used = (folder / "refrain.db-wal").stat().st_size
resource.setrlimit(resource.RLIMIT_FSIZE, (used, used))
for check in Readiness(store, folder)._of_store():
    print(check.name, check.status.value, check.detail, flush=True)
"""


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_what_cannot_be_written_to_the_disk_is_seen_before_a_comment_meets_it(
    settings: Settings,
) -> None:
    # A limit of the process stands for the end of the disk: no root is needed for it.
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(settings.data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    database, schema, disk = done.stdout.splitlines()
    assert database.startswith("database failed The disk that holds the database")
    assert schema.startswith("schema unknown")
    assert disk.startswith("disk failed The disk that holds the database")


def test_little_space_is_a_warning_and_told_in_bytes(
    own: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "LOW", 2**62)
    client = with_key(own)

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert states(answer.json)["disk"] == "warning"
    told = client.get("/metrics").get_data(as_text=True)
    assert count(told, "refrain_disk_free_bytes") > 0


def test_a_process_that_knows_no_model_yet_is_not_ready(own: Flask) -> None:
    parts(own).moderation.may_record = False

    document = refused(with_key(own))

    assert states(document)["model"] == "failed"


def test_a_follower_that_hangs_is_named(own: Flask) -> None:
    follower = parts(own).follower
    follower._thread = threading.current_thread()
    follower._looked_at = time.monotonic() - STUCK_S - 1

    document = refused(with_key(own))

    assert states(document)["follower"] == "failed"
    assert "has not been followed for" in document["detail"]


def test_a_follower_whose_thread_has_ended_is_named(own: Flask) -> None:
    follower = parts(own).follower
    follower.start()
    ready = of_follower(follower)

    follower.stop()

    assert ready.status is Status.OK
    assert of_follower(follower).detail == "The model is followed no more."


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_who_asks_often_costs_the_database_no_more(own: Flask) -> None:
    database, client = parts(own).store.database, with_key(own)
    marks = set()
    begin = time.monotonic()
    for _ in range(20):
        client.get("/readyz")
        with database.reading() as connection:
            marks.add(connection.exec_driver_sql("PRAGMA user_version").scalar())

    assert len(marks) <= 2 + (time.monotonic() - begin) / REMEMBER_S


def test_a_database_that_hangs_takes_one_thread_alone(
    own: Flask, settings: Settings
) -> None:
    ready = Readiness(parts(own).store, settings.data_dir)
    with ready._lock:
        start = time.monotonic()
        database, schema, _ = ready._of_store()

    assert time.monotonic() - start < 5
    assert (database.status, schema.status) == (Status.FAILED, Status.UNKNOWN)
    assert database.detail == "The database takes long to answer."


def test_every_fault_has_a_word_that_can_be_a_label() -> None:
    assert all(fault.value.replace("-", "").isalpha() for fault in Fault)
