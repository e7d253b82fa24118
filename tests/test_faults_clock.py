"""A clock that steps back loses nothing, doubles nothing and locks nobody out."""

from __future__ import annotations

import io
import time
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from service.desk.session import AHEAD_S
from service.errors import TooManyAttempts
from service.logs import make_log
from service.store.database import Database
from service.store.deliveries import Deliveries
from service.store.endpoints import Endpoints
from service.store.outbox import SETTLE_S, Backlog, Outbox
from service.store.signins import AHEAD, VISITOR, SignIns
from service.store.store import Store
from service.webhooks.deliverer import Deliverer, Limits
from tests.fixtures_desk import MARY, Desk
from tests.fixtures_service import serving_on
from tests.fixtures_store import NOON, Install
from tests.misbehaving import SECRET, receiving
from tests.senders import FOUL, HEADERS, assert_each_is_stored_once, sending
from tests.telling import tell

STEPPING = Path(__file__).parent / "stepping"
FAIR = "The council should publish the report."
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


def test_a_clock_that_steps_back_under_load_loses_nothing(
    dialect: str, install: Install, tmp_path: Path
) -> None:
    installation = install(dialect)
    clock, id = tmp_path / "clock", uuid4().hex
    clock.write_text("0")
    put = {"PYTHONPATH": str(STEPPING), "CLOCK": str(clock), "WEB_CONCURRENCY": "1"}
    with (
        serving_on(installation, **put) as server,
        httpx.Client(base_url=server.url, headers=HEADERS, timeout=30) as site,
        sending(server.url) as senders,
    ):
        site.post("/v1/moderate", json={"id": id, "text": FAIR})
        senders.wait_for(20)
        clock.write_text("-3600")
        site.post("/v1/moderate", json={"id": id, "text": FOUL})
        senders.wait_for(20)
        found = site.get(f"/v1/comments/{id}").json()
        ready = site.get("/readyz").status_code

    assert senders.problems == []
    assert_each_is_stored_once(senders.decided, installation.url)
    first, second = found["history"]
    early, late = (
        datetime.fromisoformat(one["decided_at"]) for one in found["history"]
    )
    assert (first["decision"], second["decision"]) == ("accept", "reject")
    assert early - late > HOUR / 2
    assert found["decision"] == "reject"
    assert ready == 200
    assert "Traceback" not in server.log


@pytest.fixture
def signins(store: Store) -> SignIns:
    return SignIns(store)


def fail(signins: SignIns, now: datetime, times: int = VISITOR.failures) -> None:
    for _ in range(times):
        signins.count(MARY, "192.0.2.7", now)


def test_sign_ins_that_failed_in_the_future_lock_nobody_until_then(
    signins: SignIns,
) -> None:
    fail(signins, NOON + 1000 * HOUR)

    signins.count(MARY, "192.0.2.7", NOON)
    fail(signins, NOON, times=VISITOR.failures - 1)

    with pytest.raises(TooManyAttempts):
        signins.count(MARY, "192.0.2.7", NOON)


def test_a_lock_holds_on_another_machine_whose_clock_is_a_little_behind(
    signins: SignIns,
) -> None:
    fail(signins, NOON)

    with pytest.raises(TooManyAttempts):
        signins.count(MARY, "192.0.2.7", NOON - AHEAD)


@pytest.mark.parametrize(
    ("ahead_s", "status"),
    [
        pytest.param(0, 200, id="the same time"),
        pytest.param(AHEAD_S - 5, 200, id="as clocks of several machines differ"),
        pytest.param(3600, 303, id="a clock that was put back"),
    ],
)
def test_who_is_signed_in_stays_so_unless_the_clock_steps_back_far(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, ahead_s: int, status: int
) -> None:
    now = time.time
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(time, "time", lambda: now() + ahead_s)
        assert desk.get("queue").status_code == 200  # The time-out starts anew.

    assert desk.get("queue").status_code == status


def test_what_was_decided_before_a_step_back_is_told_when_the_clock_is_there_again(
    database: Database,
) -> None:
    now = NOON
    deliverer = Deliverer(
        Deliveries(database),
        make_log("DEBUG", io.StringIO()),
        private=True,
        clock=lambda: now,
        limits=Limits(timeout_s=30.0, poll_s=0.02),
    )
    with receiving() as receiver:
        Endpoints(database).add("default", receiver.url, SECRET, NOON)
        tell(database, "before", NOON, NOON + 10 * SECOND)
        now = NOON - HOUR
        tell(database, "after", now, now + 10 * SECOND)
        now += 60 * SECOND
        deliverer.run_once()
        told_meanwhile = list(receiver.comments)
        for _ in range(3):
            now = NOON + (10 + SETTLE_S) * SECOND
            deliverer.run_once()

    assert told_meanwhile == []  # In their order, or a reader of events would miss one.
    assert sorted(receiver.comments) == ["after", "before"]
    assert Outbox(database).backlog() == Backlog(0, 0)
