"""A promoted version answers soon, and what cannot be served never does."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from model.artifact import Artifact, BrokenArtifact
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
from service.store.models import Models, State
from service.store.records import Site
from service.store.shadows import Shadows
from service.store.sites import Sites
from tests.fixtures_service import with_key
from tests.fixtures_store import KEY, NOON
from tests.promoting import STRICT, base, promote, promote_broken, rollback
from tests.running import FAIR
from tests.senders import wait_until
from tests.test_metrics import count
from tests.versions import altered
from tests.versions import shipped as shipped_artifact


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
    floor = process.parts.moderation.bench.defaults.floor
    assert floor == pytest.approx(0.123, abs=1e-4)


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
