"""A promoted version answers soon, on every worker, and no request is lost over it."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from sqlalchemy import insert, update
from werkzeug.test import TestResponse

from model.artifact import Artifact, BrokenArtifact, shipped
from model.finding import Rule
from model.judge import Judge
from model.lexicon.entries import Forms, Strength
from service.app import create_app
from service.auth import key_hash
from service.domain import Comment, Outcome, Word
from service.errors import StoreUnavailable
from service.judging.follower import LOOK_S, RETRY_S, Follower
from service.logs import make_log
from service.services import NAME, Services
from service.settings import Settings
from service.store.database import open_database
from service.store.models import Models, State
from service.store.records import Site
from service.store.schema import models as table
from service.store.schema import promotions
from service.store.shadows import Shadows
from service.store.sites import Sites
from tests.fixtures_service import Server, serving, with_key
from tests.fixtures_store import KEY, NOON
from tests.test_metrics import count, samples
from tests.test_server import children, wait_until, wait_until_gone
from tests.versions import altered
from tests.versions import shipped as shipped_artifact

FAIR = "The council should publish the report."
HEADERS = {"Authorization": f"Bearer {KEY}"}
STRICT = "2026-12-01-strict"
"""A version that rejects everything, so that a verdict shows which one has judged."""


@pytest.fixture(scope="module")
def candidates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("candidates")
    altered(folder, STRICT, add=20.0)
    altered(folder, "2026-12-02-another")
    return folder


def base() -> str:
    return shipped_artifact().version


def promote(url: str, what: Path | str) -> None:
    database = open_database(url)
    Models(database).promote(what, base=shipped(), by="mary", now=NOON)
    database.close()


def rollback(url: str) -> None:
    database = open_database(url)
    Models(database).rollback(by="mary", now=NOON, base=shipped())
    database.close()


def promote_broken(url: str, folder: Path) -> None:
    """Let a version be active whose weights are damaged; no command would."""
    database = open_database(url)
    models = Models(database)
    replaced = models.active()
    if replaced is None:
        replaced = models.store(shipped(), by="mary", now=NOON).version
    models.store(folder, by="mary", now=NOON)
    with database.writing() as connection:
        of_name = table.c.version == folder.name
        connection.execute(update(table).where(of_name).values(weights=b"damaged"))
        entry = {"version": folder.name, "replaces": replaced}
        about = {"promoted_at": NOON, "promoted_by": "mary"}
        connection.execute(insert(promotions).values(entry | about))
    database.close()


# In one process, where a test looks when the thread would


class Process:
    """The parts of one process, with a follower whose clock is the test's."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.client = with_key(app)
        self.parts: Services = app.extensions[NAME]
        self.url = settings.database_url
        self.now = 0.0
        self.log = StringIO()
        self.follower = Follower(
            self.parts.moderation,
            Models(self.parts.store.database),
            Shadows(self.parts.store.database),
            base=shipped_artifact,
            make_judge=self._make_judge,
            metrics=self.parts.metrics,
            log=make_log("INFO", self.log),
            clock=lambda: self.now,
        )
        app.extensions[NAME] = replace(self.parts, follower=self.follower)

    def _make_judge(self, artifact: Artifact) -> Judge:
        judge = self.parts.moderation.bench.shared
        return Judge(judge._lexicon, artifact)

    def look(self) -> None:
        """Look, as the thread does every two seconds."""
        self.follower.look()

    @property
    def serves(self) -> str:
        """The version that answers a request."""
        answer = self.client.post("/v1/moderate", json={"text": FAIR}).json
        assert answer
        return str(answer["model"])

    def sends(self, id: str | None, many: bool) -> TestResponse:
        """The answer to a comment, sent by itself or in a batch."""
        sent = {"text": FAIR} if id is None else {"id": id, "text": FAIR}
        if many:
            return self.client.post("/v1/moderate/batch", json={"comments": [sent]})
        return self.client.post("/v1/moderate", json=sent)

    def site(self) -> Site:
        """The site that KEY opens, as it is now."""
        site = self.parts.store._find_site(key_hash(KEY))
        assert site
        return site

    def errors(self) -> float:
        exposition = self.client.get("/metrics").get_data(as_text=True)
        return count(exposition, "refrain_model_errors_total")


ON_SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
"""Where the file is taken away and comes back."""


@pytest.fixture
def process(settings: Settings) -> Iterator[Process]:
    app = create_app(settings)
    process = Process(app, settings)
    yield process
    process.follower.stop()
    process.parts.store.database.close()


def test_all_that_names_the_model_follows_a_promotion(
    process: Process, candidates: Path
) -> None:
    promote(process.url, candidates / STRICT)
    process.look()

    client = process.client
    answer = client.post("/v1/moderate", json={"text": FAIR}).json
    card = client.get("/v1/model").json
    ready = client.get("/readyz").json
    exposition = client.get("/metrics").get_data(as_text=True)
    assert answer
    assert card
    assert ready
    assert (answer["model"], answer["decision"]) == (STRICT, "reject")
    assert (card["model"], card["card"]["version"]) == (STRICT, STRICT)
    assert (ready["status"], ready["model"]) == ("ready", STRICT)
    assert count(exposition, "refrain_model_info", version=STRICT) == 1
    assert count(exposition, "refrain_model_info", version=base()) == 0


def test_a_rollback_brings_the_base_back(process: Process, candidates: Path) -> None:
    promote(process.url, candidates / STRICT)
    process.look()
    rollback(process.url)

    process.look()

    assert process.serves == base()


def test_a_look_at_nothing_new_changes_nothing(
    process: Process, candidates: Path
) -> None:
    process.look()
    first = process.parts.moderation.bench
    promote(process.url, candidates / STRICT)
    process.look()
    second = process.parts.moderation.bench
    process.look()

    assert first.version == base()
    assert second is process.parts.moderation.bench


def test_thresholds_are_those_of_the_version_that_answers(
    process: Process, tmp_path: Path
) -> None:
    limits = {"flag": 0.123, "reject": 0.987}
    rules = dict.fromkeys(("derogatory", "personal", "obscene"), limits)
    card: dict[str, object] = {"thresholds": rules, "attribute_thresholds": {}}
    before = process.client.get("/v1/policy").json
    promote(process.url, altered(tmp_path, "2026-12-03-other", card))

    process.look()

    after = process.client.get("/v1/policy").json
    assert before
    assert after
    assert after["rules"] == rules != before["rules"]
    assert process.parts.moderation.bench.defaults.floor == 0.123


def test_a_sites_own_words_hold_on_and_are_not_compiled_again(
    process: Process, candidates: Path
) -> None:
    words = [Word("frobnicator", Rule.OBSCENE, Strength.REJECT, Forms.WORD)]
    sites = Sites(process.parts.store.database)
    sites.change(process.site(), words=words, by="mary", now=NOON)
    site = process.site()
    before = process.parts.moderation.bench.judge(site)
    promote(process.url, candidates / "2026-12-02-another")

    process.look()

    after = process.parts.moderation.bench.judge(site)
    assert after.model_version == "2026-12-02-another"
    assert after._lexicon is before._lexicon
    decision = process.parts.moderation.moderate(site, Comment("A frobnicator!"))
    assert decision.verdict.outcome is Outcome.REJECT


def test_the_version_that_was_replaced_leaves_the_memory(
    process: Process, candidates: Path
) -> None:
    old = weakref.ref(process.parts.moderation.bench.shared)
    promote(process.url, candidates / "2026-12-02-another")

    process.look()
    process.look()

    assert old() is None


def test_no_verdict_mixes_two_versions(process: Process, candidates: Path) -> None:
    site, done = process.site(), threading.Event()
    moderation = process.parts.moderation
    benches = [moderation.bench]
    promote(process.url, candidates / STRICT)
    process.look()
    benches.append(moderation.bench)

    def ask() -> list[tuple[str, Outcome]]:
        seen = []
        while not done.is_set():
            many = moderation.moderate_many(site, [Comment(FAIR), Comment(FAIR)])
            assert len({one.verdict.model for one in many}) == 1
            one = moderation.moderate(site, Comment(FAIR)).verdict
            seen.append((one.model, one.outcome))
        return seen

    with ThreadPoolExecutor(3) as threads:
        asked = [threads.submit(ask) for _ in range(3)]
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            for bench in benches:
                moderation.bench = bench
                time.sleep(0.0005)
        done.set()
        seen = {pair for future in asked for pair in future.result()}

    assert seen == {(base(), Outcome.ACCEPT), (STRICT, Outcome.REJECT)}


def test_what_cannot_be_loaded_is_said_and_the_old_version_goes_on(
    process: Process, candidates: Path
) -> None:
    promote(process.url, candidates / STRICT)
    process.look()
    broken = "2026-12-02-another"
    promote_broken(process.url, candidates / broken)

    process.look()

    ready = process.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json
    assert ready.json["model"] == STRICT == process.serves
    assert ready.json["problem"] == f"{broken} cannot be served."
    assert process.errors() == 1
    said = process.log.getvalue()
    assert f'"model": "{broken}"' in said
    assert "are not those of its card" in said


def test_what_was_refused_is_tried_again_after_a_minute(
    process: Process, candidates: Path
) -> None:
    broken = candidates / "2026-12-02-another"
    promote_broken(process.url, broken)
    for process.now in (0.0, 2.0, RETRY_S - 1.0):
        process.look()
    refused = process.errors()
    database = process.parts.store.database
    Models(database).store(broken, by="mary", now=NOON)

    process.now = RETRY_S + 1.0
    process.look()

    assert refused == 1
    assert process.serves == broken.name
    ready = process.client.get("/readyz").json
    assert ready
    assert ready["model"] == broken.name
    assert "problem" not in ready


def test_a_later_promotion_is_followed_at_once_after_a_broken_one(
    process: Process, candidates: Path
) -> None:
    promote_broken(process.url, candidates / "2026-12-02-another")
    process.look()
    promote(process.url, candidates / STRICT)

    process.look()

    assert process.serves == STRICT


def test_who_begins_with_a_broken_version_serves_what_a_rollback_would(
    process: Process, candidates: Path
) -> None:
    promote(process.url, candidates / STRICT)
    promote_broken(process.url, candidates / "2026-12-02-another")

    process.look()

    assert process.serves == STRICT
    assert process.follower.problem


def test_who_begins_with_nothing_but_broken_versions_serves_the_base(
    process: Process, candidates: Path
) -> None:
    for name in (STRICT, "2026-12-02-another"):
        promote_broken(process.url, candidates / name)

    process.look()

    assert process.serves == base()
    assert process.errors() == 2


@ON_SQLITE
def test_a_database_that_fails_is_looked_at_again_later(
    process: Process, candidates: Path
) -> None:
    promote(process.url, candidates / STRICT)
    file = Path(process.url.removeprefix("sqlite:///"))
    process.parts.store.database.close()
    away = file.rename(file.with_suffix(".away"))

    process.look()
    served = process.parts.moderation.model_version
    away.rename(file)
    process.look()

    assert served == base()
    assert process.serves == STRICT
    assert process.errors() == 0


@ON_SQLITE
@pytest.mark.parametrize("many", [False, True], ids=["singly", "in a batch"])
def test_who_begins_without_the_database_records_nothing_before_the_first_look(
    process: Process,
    candidates: Path,
    monkeypatch: pytest.MonkeyPatch,
    many: bool,
) -> None:
    promote(process.url, candidates / STRICT)
    file = Path(process.url.removeprefix("sqlite:///"))
    process.parts.store.database.close()
    away = file.rename(file.with_suffix(".away"))
    process.look()
    with monkeypatch.context() as patched:
        patched.setattr("service.judging.follower.FIRST_S", 3600.0)
        process.follower.start()
        away.rename(file)  # The database is back, and nobody has looked yet.

        early, unrecorded = process.sends("c-1", many), process.sends(None, many)

    process.look()
    later = process.sends("c-1", many)
    assert [early.status_code, unrecorded.status_code, later.status_code] == [
        *(503, 200, 200)
    ]
    record = process.parts.moderation.find(process.site(), "c-1")
    assert [one.verdict.model for one in record.decisions] == [STRICT]


@ON_SQLITE
def test_who_begins_without_the_database_looks_soon_and_again(
    process: Process, candidates: Path
) -> None:
    promote(process.url, candidates / STRICT)
    file = Path(process.url.removeprefix("sqlite:///"))
    process.parts.store.database.close()
    away = file.rename(file.with_suffix(".away"))
    process.look()
    process.follower.start()
    begun = time.monotonic()
    away.rename(file)

    wait_until(lambda: process.sends("c-1", many=False).status_code == 200)

    assert time.monotonic() - begun < LOOK_S
    assert process.serves == STRICT


def test_a_log_that_cannot_be_written_keeps_nobody_from_switching(
    process: Process, candidates: Path
) -> None:
    promote(process.url, candidates / STRICT)
    process.log.close()

    process.look()

    assert process.serves == STRICT
    assert process.follower.problem is None


@dataclass
class Faulty:
    """A log of promotions whose every look meets another fault, then none."""

    faults: list[Exception]
    looks: int = 0

    def state(self) -> State:
        self.looks += 1
        if self.faults:
            raise self.faults.pop()
        return State(None, None, None, None, None)


def test_the_thread_survives_every_fault_and_ends_when_it_is_told(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [MemoryError(), ValueError(), BrokenArtifact(), StoreUnavailable("gone")]
    log = Faulty(faults)
    process.follower._models = log  # type: ignore[assignment]
    monkeypatch.setattr("service.judging.follower.LOOK_S", 0.01)

    process.follower.start()
    wait_until(lambda: log.looks >= 6)
    process.follower.stop()

    looks = log.looks
    time.sleep(0.05)
    assert log.looks == looks
    assert not [t for t in threading.enumerate() if t.name == "follower"]


# The service as deployed


@pytest.fixture
def folder(tmp_path: Path, prepared_sqlite: Path) -> Path:
    """A data folder after the first start."""
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    return tmp_path


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
    folder: Path, candidates: Path
) -> None:
    with serving(folder) as server, load(server) as under:
        wait_until(lambda: len(under.verdicts) > 50)
        began = time.monotonic()
        promote(url_of(folder), candidates / STRICT)
        wait_until(switched(server, STRICT))
        switched_s = time.monotonic() - began
        promoted = models_of(server)
        wait_until(lambda: (STRICT, "reject") in under.verdicts[-20:])

        rollback(url_of(folder))
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
    folder: Path, candidates: Path
) -> None:
    promote(url_of(folder), candidates / STRICT)
    with serving(folder) as server:
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
    folder: Path, candidates: Path
) -> None:
    broken = "2026-12-02-another"
    promote(url_of(folder), candidates / STRICT)
    with serving(folder) as server, load(server) as under:
        promote_broken(url_of(folder), candidates / broken)
        wait_until(lambda: server.log.count(f'"model": "{broken}"') == 2)
        meanwhile = models_of(server)
        ready = httpx.get(f"{server.url}/readyz")
        exposition = httpx.get(f"{server.url}/metrics").text
        rollback(url_of(folder))
        wait_until(lambda: "problem" not in httpx.get(f"{server.url}/readyz").json())

    assert meanwhile == {STRICT}
    assert set(under.statuses) == {200}
    assert (ready.status_code, ready.json()["problem"]) == (
        200,
        f"{broken} cannot be served.",
    )
    assert samples(exposition)["refrain_model_errors_total", frozenset()] == 2


def test_a_server_whose_promoted_version_is_broken_starts_with_what_it_replaced(
    folder: Path, candidates: Path
) -> None:
    promote_broken(url_of(folder), candidates / STRICT)

    with serving(folder) as server:
        assert models_of(server, times=10) == {base()}
        assert server.log.count("model refused") == 2


def test_a_promoted_version_stays_active_on_top_of_another_base(
    folder: Path, candidates: Path, tmp_path: Path
) -> None:
    other = altered(tmp_path / "base", "2026-11-30-other")
    promote(url_of(folder), candidates / STRICT)
    with serving(folder, REFRAIN_ARTIFACT=str(other)) as server:
        promoted = models_of(server, times=10)
        promote_base(url_of(folder), other)
        wait_until(switched(server, other.name))

        assert promoted == {STRICT}
        assert models_of(server) == {other.name}


def promote_base(url: str, folder: Path) -> None:
    database = open_database(url)
    Models(database).promote(folder, base=folder, by="mary", now=NOON)
    database.close()
