"""Every worker of every replica switches, and no request is lost over it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.store.database import open_database
from service.store.models import Models
from tests.fixtures_service import Server, serving
from tests.fixtures_store import NOON
from tests.promoting import STRICT, base, promote, promote_broken, rollback
from tests.running import FAIR, children, wait_until_gone
from tests.senders import HEADERS, wait_until
from tests.test_metrics import count, samples
from tests.versions import altered


def url_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'refrain.db'}"


def answer(server: Server) -> dict[str, Any]:
    """The answer to a comment, on a connection of its own: from any worker."""
    asked = httpx.post(
        f"{server.url}/v1/moderate", json={"text": FAIR}, headers=HEADERS, timeout=30
    )
    assert asked.status_code == 200, asked.text
    found: dict[str, Any] = asked.json()
    return found


def models_of(server: Server, times: int = 30) -> set[str]:
    return {str(answer(server)["model"]) for _ in range(times)}


@dataclass
class Load:
    """Clients that post all the time, and what they were answered."""

    server: Server
    statuses: list[object] = field(default_factory=list)
    verdicts: list[tuple[str, str]] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def post(self, keeps: bool) -> None:
        """Post until the end, on one connection or on one for each comment."""
        url = f"{self.server.url}/v1/moderate"
        headers = HEADERS | ({} if keeps else {"Connection": "close"})
        number = 0
        with httpx.Client(headers=headers, timeout=30) as client:
            while not self.done.is_set():
                number += 1
                comment = {"text": FAIR, "id": f"{threading.get_ident()}-{number}"}
                try:
                    found = client.post(url, json=comment)
                except httpx.TransportError as error:
                    self.statuses.append(error)
                    continue
                self.statuses.append(found.status_code)
                if found.status_code == 200:
                    told = found.json()
                    self.verdicts.append((told["model"], told["decision"]))


@contextmanager
def load(server: Server) -> Iterator[Load]:
    under = Load(server)
    with ThreadPoolExecutor(4) as threads:
        for number in range(4):
            threads.submit(under.post, keeps=number % 2 == 0)
        try:
            yield under
        finally:
            under.done.set()


def switched(server: Server, version: str) -> Callable[[], bool]:
    """Whether both workers have said that they serve a version."""
    line = f'"model": "{version}", "before"'
    return lambda: server.log.count(line) >= 2


def test_under_load_both_workers_switch_within_seconds_and_no_request_fails(
    prepared_folder: Path, candidates: Path
) -> None:
    with serving(prepared_folder) as server, load(server) as under:
        wait_until(lambda: len(under.verdicts) > 50)
        began = time.monotonic()
        promote(url_of(prepared_folder), candidates / STRICT)
        wait_until(switched(server, STRICT))
        switched_s = time.monotonic() - began
        promoted = models_of(server)
        wait_until(lambda: (STRICT, "reject") in under.verdicts[-20:])

        rollback(url_of(prepared_folder))
        wait_until(switched(server, base()))
        rolled_back = models_of(server)
        exposition = httpx.get(f"{server.url}/metrics").text

    assert set(under.statuses) == {200}
    assert set(under.verdicts) == {(base(), "accept"), (STRICT, "reject")}
    assert (promoted, rolled_back) == ({STRICT}, {base()})
    assert switched_s < 10
    assert count(exposition, "refrain_model_info", version=base()) == 1
    assert count(exposition, "refrain_model_info", version=STRICT) == 0
    assert "Traceback" not in server.log


def test_a_worker_that_is_born_later_serves_the_promoted_version(
    prepared_folder: Path, candidates: Path
) -> None:
    promote(url_of(prepared_folder), candidates / STRICT)
    with serving(prepared_folder) as server:
        at_start = models_of(server, times=10)
        old = children(server)
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_until_gone(old)
        wait_until(lambda: server.log.count("Worker ready") == 4)

        assert at_start == models_of(server) == {STRICT}
        exposition = httpx.get(f"{server.url}/metrics").text
        assert count(exposition, "refrain_model_info", version=STRICT) == 1


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_replicas_on_one_database_follow_the_same_log(
    database_url: str, tmp_path: Path, candidates: Path
) -> None:
    env = {"DATABASE_URL": database_url, "WEB_CONCURRENCY": "1"}
    with (
        serving(tmp_path, 1, **env) as first,
        serving(tmp_path, 1, **env) as second,
    ):
        promote(database_url, candidates / STRICT)
        wait_until(lambda: STRICT in first.log and STRICT in second.log)

        assert [models_of(replica, times=3) for replica in (first, second)] == [
            {STRICT},
            {STRICT},
        ]


def test_a_version_that_is_broken_in_the_database_is_refused_by_every_worker(
    prepared_folder: Path, candidates: Path
) -> None:
    broken = "2026-12-02-another"
    promote(url_of(prepared_folder), candidates / STRICT)
    with serving(prepared_folder) as server, load(server) as under:
        promote_broken(url_of(prepared_folder), candidates / broken)
        wait_until(lambda: server.log.count(f'"model": "{broken}"') == 2)
        meanwhile = models_of(server)
        ready = httpx.get(f"{server.url}/readyz")
        exposition = httpx.get(f"{server.url}/metrics").text
        rollback(url_of(prepared_folder))
        wait_until(lambda: "problem" not in httpx.get(f"{server.url}/readyz").json())

    assert meanwhile == {STRICT}
    assert set(under.statuses) == {200}
    assert (ready.status_code, ready.json()["problem"]) == (
        200,
        f"{broken} cannot be served.",
    )
    assert samples(exposition)["refrain_model_errors_total", frozenset()] == 2


def test_a_server_whose_promoted_version_is_broken_starts_with_what_it_replaced(
    prepared_folder: Path, candidates: Path
) -> None:
    promote_broken(url_of(prepared_folder), candidates / STRICT)

    with serving(prepared_folder) as server:
        assert models_of(server, times=10) == {base()}
        assert server.log.count("model refused") == 2


def test_a_promoted_version_stays_active_on_top_of_another_base(
    prepared_folder: Path, candidates: Path, tmp_path: Path
) -> None:
    other = altered(tmp_path / "base", "2026-11-30-other")
    promote(url_of(prepared_folder), candidates / STRICT)
    with serving(prepared_folder, REFRAIN_ARTIFACT=str(other)) as server:
        promoted = models_of(server, times=10)
        promote_base(url_of(prepared_folder), other)
        wait_until(switched(server, other.name))

        assert promoted == {STRICT}
        assert models_of(server) == {other.name}


def promote_base(url: str, folder: Path) -> None:
    database = open_database(url)
    Models(database).promote(folder, base=folder, by="mary", now=NOON)
    database.close()
