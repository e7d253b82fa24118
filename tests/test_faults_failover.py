"""A PostgreSQL that dies under load and is replaced by its standby loses nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from service.errors import Fault, StoreUnavailable
from service.settings import load_settings
from service.store.database import Database, open_database
from tests.cluster import Cluster, cluster
from tests.fixtures_service import serving
from tests.senders import assert_each_is_stored_once, sending, wait_until
from tests.test_metrics import count

GONE = "The database server does not answer or refuses the connection."
ENDING = "The database server is shutting down or starting."
AGAIN_S = 10.0
"""Within which the service answers again, and is ready; it is mostly within one."""


@pytest.fixture
def pair() -> Iterator[tuple[Cluster, Cluster]]:
    """A server, and one that has whatever it has committed."""
    with cluster() as primary, primary.followed() as standby:
        yield primary, standby


def url_of(*servers: Cluster) -> str:
    """As an operator writes it: several hosts in the place of one."""
    folders = [str(make_url(server.url).query["host"]) for server in servers]
    hosts = ",".join(quote(folder, safe="") for folder in folders)
    return f"postgresql://postgres@{hosts}/refrain"


def test_a_standby_that_takes_over_under_load_has_all_that_was_answered(
    pair: tuple[Cluster, Cluster], tmp_path: Path
) -> None:
    primary, standby = pair
    url = url_of(primary, standby)
    database = open_database(load_settings({"DATABASE_URL": url}).database_url)
    with serving(tmp_path, DATABASE_URL=url) as server, sending(server.url) as senders:
        senders.wait_for(30)
        with pytest.raises(StoreUnavailable) as caught:
            change_twice(database, primary.kill)
        wait_until(lambda: senders.statuses[503] >= 20)
        ready = httpx.get(f"{server.url}/readyz", timeout=30)
        promoted_at = time.monotonic()
        standby.promote()
        senders.wait_for(1)
        took_s = time.monotonic() - promoted_at
        senders.wait_for(30)
        senders.done.set()
        wait_until(lambda: senders.under_way == 0)
        # What it said a second ago may be said again.
        wait_until(lambda: is_ready(server.url), within_s=AGAIN_S)
        exposition = httpx.get(f"{server.url}/metrics", timeout=30).text

    said = {answer.json()["detail"] for answer in senders.problems}
    errors = count(exposition, "refrain_store_errors_total")
    unreachable = count(
        exposition, "refrain_database_errors_total", fault="unreachable"
    )
    assert senders.broken == 0
    assert set(senders.statuses) == {503}
    assert said <= {GONE, ENDING}
    assert {answer.headers["Retry-After"] for answer in senders.problems} == {"5"}
    assert (ready.status_code, GONE in ready.json()["detail"]) == (503, True)
    assert took_s < AGAIN_S
    assert f'"reason": "{GONE}"' in server.log
    assert errors >= len(senders.problems)
    assert unreachable > 0
    assert "Traceback" not in server.log
    assert caught.value.fault is Fault.UNREACHABLE
    with database.writing() as connection:  # By the same pool, at the new server.
        assert connection.scalar(text("SELECT policy_version FROM sites")) == 1
        assert connection.scalar(text("SELECT pg_is_in_recovery()")) is False
    database.close()
    assert_each_is_stored_once(senders.decided, standby.url)


def is_ready(url: str) -> bool:
    return httpx.get(f"{url}/readyz", timeout=30).is_success


def change_twice(database: Database, between: Callable[[], None]) -> None:
    """Two statements of one transaction, and what happens between them."""
    change = text("UPDATE sites SET policy_version = policy_version + 1")
    with database.writing() as connection:
        connection.execute(change)
        between()
        connection.execute(change)
