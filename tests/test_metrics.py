"""What is counted, and that all workers count together."""

from __future__ import annotations

import math
import os
import signal
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from model.drift import EDGES
from model.judge import load_judge
from service.app import create_app
from service.services import NAME
from service.settings import load_settings
from service.store.database import open_database
from service.store.store import Store
from tests.fixtures_service import Server, serving
from tests.fixtures_store import KEY
from tests.reviewing import World, approve, make_world, reject
from tests.samples import ACCEPTED
from tests.sockets import never_read
from tests.versions import altered

FOUL = {"text": "What the fuck is wrong with this world."}
FAIR = {"text": "The council should publish the report."}


def samples(exposition: str) -> Counter[tuple[str, frozenset[tuple[str, str]]]]:
    """Every sample by its name and labels; what is absent is 0."""
    return Counter(
        {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(exposition)
            for sample in family.samples
        }
    )


def count(exposition: str, name: str, /, **labels: str) -> float:
    return samples(exposition)[name, frozenset(labels.items())]


def counted(url: str, name: str, /, **labels: str) -> float:
    """What a running server exposes, 0 before it has counted anything."""
    return count(httpx.get(f"{url}/metrics", timeout=30).text, name, **labels)


def test_requests_and_decisions_are_counted(client: FlaskClient) -> None:
    def now(name: str, /, **labels: str) -> float:
        return count(client.get("/metrics").get_data(as_text=True), name, **labels)

    route = {"route": "/v1/moderate", "status": "200"}
    rejected = {"outcome": "reject", "flagged": "false", "abstained": "false"}
    obscene = {"outcome": "reject", "rule": "obscene", "source": "lexicon"}
    before = (
        now("refrain_requests_total", **route),
        now("refrain_verdicts_total", **rejected),
        now("refrain_reasons_total", **obscene),
        now("refrain_request_seconds_count", route="/v1/moderate"),
    )

    for comment in (FOUL, FAIR, FOUL):
        client.post("/v1/moderate", json=comment)

    after = (
        now("refrain_requests_total", **route),
        now("refrain_verdicts_total", **rejected),
        now("refrain_reasons_total", **obscene),
        now("refrain_request_seconds_count", route="/v1/moderate"),
    )
    assert [b - a for a, b in zip(before, after, strict=True)] == [3, 2, 2, 3]


def test_what_is_abstained_from_is_counted(client: FlaskClient) -> None:
    labels = {"outcome": "accept", "flagged": "true", "abstained": "true"}
    before = client.get("/metrics").get_data(as_text=True)

    client.post("/v1/moderate", json={"text": "無知の知。何も知らない。"})

    after = client.get("/metrics").get_data(as_text=True)
    name = "refrain_verdicts_total"
    assert count(after, name, **labels) == count(before, name, **labels) + 1


def test_the_models_version_is_told(client: FlaskClient) -> None:
    version = client.get("/v1/model").json

    exposition = client.get("/metrics").get_data(as_text=True)

    assert version
    assert count(exposition, "refrain_model_info", version=version["model"]) == 1


def test_no_path_id_or_key_becomes_a_label(client: FlaskClient, fresh_id: str) -> None:
    client.get(f"/v1/comments/{fresh_id}")
    client.get(f"/nowhere/{fresh_id}")

    exposition = client.get("/metrics").get_data(as_text=True)

    assert fresh_id not in exposition
    assert KEY not in exposition
    assert count(exposition, "refrain_requests_total", route="(none)", status="404")


@pytest.fixture
def lone(tmp_path: Path, prepared_sqlite: Path) -> Path:
    """A folder for a server whose counts nobody else adds to."""
    (tmp_path / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    return tmp_path


def test_counts_are_told_even_where_the_card_breaks_the_watch(lone: Path) -> None:
    card: dict[str, object] = {"reference": {"edges": list(EDGES)}}
    folder = altered(lone, "2026-12-03-unread", card)
    env = {"REFRAIN_DATA_DIR": str(lone), "REFRAIN_ARTIFACT": str(folder)}
    app = create_app(load_settings(env))
    client = app.test_client()

    answers = [client.get("/metrics") for _ in range(3)]
    app.extensions[NAME].store.database.close()

    assert [answer.status_code for answer in answers] == [200] * 3
    told = answers[-1].get_data(as_text=True)
    assert count(told, "refrain_watch_errors_total") >= 1


def test_every_worker_answers_with_the_counts_of_all(lone: Path) -> None:
    with serving(lone) as server:
        headers = {"Authorization": f"Bearer {KEY}", "Connection": "close"}
        for _ in range(40):
            answer = httpx.post(f"{server.url}/v1/moderate", json=FAIR, headers=headers)
            assert answer.is_success

        seen = {moderated(server) for _ in range(20)}

        assert seen == {40}
        assert len(workers(server)) == 2


def test_counts_outlive_the_worker_that_made_them(lone: Path) -> None:
    with serving(lone) as server:
        headers = {"Authorization": f"Bearer {KEY}"}
        for _ in range(10):
            httpx.post(f"{server.url}/v1/moderate", json=FAIR, headers=headers)
        old = workers(server)
        for pid in old:
            os.kill(pid, signal.SIGKILL)
        wait_for_new_workers(server, old)

        assert moderated(server) == 10
        told = exposition(server)
        models = [key for key in samples(told) if key[0] == "refrain_model_info"]
        assert len(models) == 1
        # But what it said of itself is gone with it.
        wait_for(lambda: count(exposition(server), "refrain_threads") == 8)


WATCHED = {
    ("refrain_miss_rate", "low"),
    ("refrain_miss_rate", "high"),
    ("refrain_miss_rate", "estimate"),
    ("refrain_drift", "scores"),
    ("refrain_drift", "fates"),
    ("refrain_samples_decided", ""),
}


def watched(server: Server) -> dict[tuple[str, str], float]:
    """What is told of samples and drift, each under its name and its only label."""
    told = exposition(server)
    found = [
        ((name, "".join(value for _, value in labels)), number)
        for (name, labels), number in samples(told).items()
        if name.startswith(tuple(name for name, _ in WATCHED))
    ]
    assert len(found) == len(dict(found))
    return dict(found)


@pytest.fixture
def world(lone: Path) -> Iterator[World]:
    """The database of such a server, today."""
    database = open_database(f"sqlite:///{lone / 'refrain.db'}")
    world = make_world(Store(database))
    world.clock.now = datetime.now(UTC)
    yield world
    database.close()


def test_every_worker_tells_how_much_is_missed_and_how_far_comments_drift(
    lone: Path, world: World
) -> None:
    verdict = replace(ACCEPTED, model=load_judge().model_version)
    for i in range(200):
        world.send(f"c-{i}", verdict, is_sample=i < 148)
    for i in range(148):
        (reject if i < 15 else approve)(world, f"c-{i}")

    with serving(lone) as server:
        seen = [watched(server) for _ in range(20)]

    assert all(one == seen[0] for one in seen)
    assert seen[0].keys() == WATCHED
    assert seen[0]["refrain_samples_decided", ""] == 148
    assert seen[0]["refrain_miss_rate", "estimate"] == pytest.approx(15 / 148)
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    ends = [seen[0]["refrain_miss_rate", end] for end in ("low", "high")]
    assert ends == pytest.approx([0.0624, 0.1605], abs=5e-5)
    # All of one score, and none flagged: nothing like what the card expects.
    assert seen[0]["refrain_drift", "scores"] > 1
    assert seen[0]["refrain_drift", "fates"] > 0.25


def test_without_samples_or_comments_nothing_is_made_up(
    lone: Path, world: World
) -> None:
    with serving(lone) as server:
        found = watched(server)

    assert found.pop(("refrain_samples_decided", "")) == 0
    assert len(found) == len(WATCHED) - 1
    assert all(map(math.isnan, found.values()))


def exposition(server: Server) -> str:
    """The metrics, by whichever worker."""
    headers = {"Connection": "close"}
    return httpx.get(f"{server.url}/metrics", timeout=30, headers=headers).text


def test_the_queue_is_told_by_reason_and_with_its_oldest(
    lone: Path, world: World
) -> None:
    world.send("c-1")
    world.clock.now -= timedelta(hours=2)
    world.send("c-2")

    with serving(lone) as server:
        seen = [exposition(server) for _ in range(10)]

    flagged = {"waiting": "flagged"}
    assert {count(one, "refrain_queue", **flagged) for one in seen} == {2}
    assert {count(one, "refrain_queue", waiting="appealed") for one in seen} == {0}
    ages = [count(one, "refrain_queue_oldest_seconds", **flagged) for one in seen]
    assert all(7200 <= age < 7300 for age in ages)


def test_workers_tell_together_how_busy_they_are(lone: Path) -> None:
    with serving(lone) as server:
        with ExitStack() as stack:
            for _ in range(20):
                stack.enter_context(socket.create_connection(server.address))
            never_read(server, stack, 3)  # Each keeps a thread until it is cut off.
            wait_for(lambda: count(exposition(server), "refrain_in_flight") >= 3)
            told = exposition(server)

        assert count(told, "refrain_threads") == 8
        assert count(told, "refrain_connections") >= 20
        assert 0 <= count(told, "refrain_follower_age_seconds") < 30
        wait_for(lambda: count(exposition(server), "refrain_in_flight") <= 1)


def test_what_is_shed_is_counted(client: FlaskClient, app: Flask) -> None:
    before = client.get("/metrics").get_data(as_text=True)

    app.extensions[NAME].metrics.error("shed")

    after = client.get("/metrics").get_data(as_text=True)
    name = "refrain_shed_total"
    assert count(after, name) == count(before, name) + 1


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def moderated(server: Server) -> float:
    labels = {"route": "/v1/moderate", "status": "200"}
    return count(exposition(server), "refrain_requests_total", **labels)


def workers(server: Server) -> set[int]:
    """Process ids of the master's children."""
    pid = server.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def wait_for_new_workers(server: Server, old: set[int]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if len(workers(server) - old) == 2:
            return
        time.sleep(0.05)
    raise AssertionError(server.log)
