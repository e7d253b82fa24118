"""A PostgreSQL that dies, hangs or throws everybody out loses and doubles nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from service.app import create_app
from service.errors import Fault, StoreUnavailable
from service.services import NAME
from service.settings import load_settings
from service.store.database import Database, open_database
from service.store.store import Store
from tests.cluster import Cluster, cluster
from tests.fixtures_service import NO_SAMPLES, Server, serving, with_key
from tests.fixtures_store import NOON
from tests.samples import REJECTED, comment
from tests.senders import assert_each_is_stored_once, sending, wait_until
from tests.test_metrics import counted

GONE_S = 10.0
GONE = "The database server does not answer or refuses the connection."
ENDING = "The database server is shutting down or starting."


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A server of this module's own, which runs at the end of each test."""
    with cluster() as own:
        yield own


@pytest.fixture(scope="module")
def server(own: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service on that database."""
    folder = tmp_path_factory.mktemp("faults")
    with serving(folder, DATABASE_URL=own.url) as server:
        yield server


@pytest.fixture
def database(own: Cluster) -> Iterator[Database]:
    """Whoever waits a second for an answer gives the server up."""
    database = open_database(own.url, answer_s=1.0)
    yield database
    database.close()


def record(store: Store, id: str) -> None:
    store.record(1, comment(id), bytes(32), REJECTED, NOON, alike=None)


def test_a_database_that_is_gone_for_ten_seconds_and_comes_back_loses_nothing(
    own: Cluster, server: Server
) -> None:
    with sending(server.url) as senders:
        senders.wait_for(30)
        killed_at = time.monotonic()
        own.kill()
        wait_until(lambda: senders.statuses[503] >= 20)
        ready = httpx.get(f"{server.url}/readyz", timeout=30)
        alive = httpx.get(f"{server.url}/healthz", timeout=30)
        wait_until(lambda: time.monotonic() > killed_at + GONE_S)
        own.start()
        senders.wait_for(30)

    said = {answer.json()["detail"] for answer in senders.problems}
    assert senders.broken == 0
    assert set(senders.statuses) == {503}
    assert said <= {GONE, ENDING}
    assert {answer.headers["Retry-After"] for answer in senders.problems} == {"5"}
    assert (ready.status_code, GONE in ready.json()["detail"]) == (503, True)
    assert alive.status_code == 200
    assert httpx.get(f"{server.url}/readyz", timeout=30).status_code == 200
    assert f'"reason": "{GONE}"' in server.log
    assert counted(server.url, "refrain_store_errors_total") >= len(senders.problems)
    assert counted(server.url, "refrain_database_errors_total", fault="unreachable") > 0
    assert "Traceback" not in server.log
    assert_each_is_stored_once(senders.decided, own.url)


def test_connections_that_are_ended_again_and_again_under_load_lose_nothing(
    own: Cluster, server: Server
) -> None:
    with sending(server.url) as senders:
        for _ in range(10):
            senders.wait_for(5)
            own.drop_connections()
        senders.wait_for(30)

    assert senders.broken == 0
    assert set(senders.statuses) <= {503}
    assert {answer.json()["detail"] for answer in senders.problems} <= {GONE, ENDING}
    assert_each_is_stored_once(senders.decided, own.url)


@pytest.mark.parametrize("restarts", [False, True], ids=["ended", "restarted"])
def test_a_connection_that_ends_between_two_statements_leaves_no_half(
    own: Cluster, database: Database, restarts: bool
) -> None:
    store, id = Store(database), f"half-{restarts}"
    record(store, id)
    flagged = text("SELECT flagged FROM comments WHERE id = :id").bindparams(id=id)

    def change() -> None:
        with database.writing() as connection:
            connection.execute(text("UPDATE comments SET flagged = true"))
            if restarts:
                own.kill()
                own.start()
            else:
                own.drop_connections()
            connection.execute(text("UPDATE comments SET score = 1"))

    with pytest.raises(StoreUnavailable) as caught:
        change()

    assert caught.value.fault is Fault.UNREACHABLE
    record(store, f"{id}-later")
    with database.reading() as connection:
        assert connection.scalar(flagged) is False


def test_a_statement_that_takes_too_long_is_given_up_and_the_rest_is_not(
    database: Database,
) -> None:
    with pytest.raises(StoreUnavailable, match=GONE), database.reading() as connection:
        connection.execute(text("SELECT pg_sleep(30)"))

    with database.reading() as connection:
        for _ in range(3):  # Together longer than one may take.
            connection.execute(text("SELECT pg_sleep(0.4)"))


def test_a_failover_that_leaves_connections_to_a_standby_is_got_over(
    database: Database,
) -> None:
    store = Store(database)
    record(store, "f-1")
    set_read_only(database, "on")
    database.close()
    with pytest.raises(StoreUnavailable, match="read-only"):
        record(store, "f-2")

    set_read_only(database, "off")  # As if their address led to another server now.
    record(store, "f-2")

    assert store.latest(1, "f-2")


def set_read_only(database: Database, value: str) -> None:
    """What connections that are made from now on may do."""
    other = open_database(database.engine.url.render_as_string(hide_password=False))
    change = f"ALTER DATABASE refrain SET default_transaction_read_only = {value}"
    with other.writing() as connection:
        connection.execute(text("SET TRANSACTION READ WRITE"))
        connection.execute(text(change))
    other.close()


def test_requests_wait_for_a_silent_server_only_so_long(
    own: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.app.ANSWER_S", 1.0)
    monkeypatch.setattr("service.store.postgresql.CONNECT_S", 2)
    env = {"REFRAIN_DATA_DIR": str(tmp_path), "DATABASE_URL": own.url}
    app = create_app(load_settings(env | NO_SAMPLES))
    client = with_key(app)
    sent = {"id": "silent", "text": "What the fuck."}
    assert client.post("/v1/moderate", json={"text": "Fair."}).status_code == 200

    with own.frozen():
        silent = client.post("/v1/moderate", json=sent)
    again = client.post("/v1/moderate", json=sent)

    assert (silent.status_code, silent.headers["Retry-After"]) == (503, "5")
    assert again.status_code == 200
    app.extensions[NAME].store.database.close()


def test_a_machine_that_has_gone_without_a_word_is_noticed(database: Database) -> None:
    with database.reading() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None
        known = raw.info.get_parameters()

    assert known["tcp_user_timeout"] == "10000"
    assert known["keepalives_idle"] == "10"
    assert known["connect_timeout"] == "5"


@pytest.mark.parametrize(
    ("sqlstate", "fault"),
    [
        ("53100", Fault.FULL),
        ("53300", Fault.BUSY),
        ("55P03", Fault.LOCKED),
        ("40P01", Fault.LOCKED),
        ("25006", Fault.READ_ONLY),
        ("57P02", Fault.UNREACHABLE),
        ("58030", Fault.IO),
        ("XX001", Fault.DAMAGED),
        ("57014", Fault.OTHER),
    ],
)
def test_what_the_server_reports_is_told_by_its_kind(
    database: Database, sqlstate: str, fault: Fault
) -> None:
    told: list[Fault] = []
    database.on_fault = told.append
    report = f"RAISE EXCEPTION 'secret' USING ERRCODE = '{sqlstate}'"

    with pytest.raises(StoreUnavailable) as caught, database.writing() as connection:
        connection.exec_driver_sql(f"DO $$ BEGIN {report}; END $$")

    assert (caught.value.fault, told) == (fault, [fault])
    assert "secret" not in str(caught.value)
