"""A shadow judges beside the active version: it never answers, delays or fails."""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import httpx
import pytest
from sqlalchemy import insert, update

from model.artifact import shipped
from model.finding import Finding, Rule, Source
from model.judge import Judge, Judgement
from model.lexicon.entries import Forms, Strength
from service.app import create_app
from service.auth import key_hash
from service.domain import Comment, Decision, Outcome, Thresholds, Word
from service.judging import shadow as shadowing
from service.judging.bench import Bench
from service.judging.shadow import Shadow
from service.services import NAME, Services
from service.settings import Settings, load_settings
from service.store.database import Database, open_database
from service.store.models import Models
from service.store.records import Site
from service.store.schema import differences, models
from service.store.shadows import COUNT, Difference, Shadows, Tally
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_service import START_S, serving
from tests.fixtures_store import KEY, NOON
from tests.senders import wait_until
from tests.test_metrics import count
from tests.versions import altered

FAIR = "The council should publish the report."
FOUL = "What the fuck is wrong with this world."
STRICT = "2026-12-01-strict"
HEADERS = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that rejects everything."""
    return altered(tmp_path_factory.mktemp("versions"), STRICT, add=20.0)


@pytest.fixture(scope="module")
def mild(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A version that finds nothing but what the lexicon does."""
    return altered(tmp_path_factory.mktemp("versions"), "2026-12-02-mild", add=-20.0)


def begin(url: str, folder: Path | None) -> None:
    """Make a version the shadow, as the command does."""
    database = open_database(url)
    Models(database).shadow(folder, base=shipped(), by="mary", now=NOON)
    database.close()


class Desk:
    """The parts of one process with a shadow, which works when it is told."""

    def __init__(self, parts: Services, settings: Settings) -> None:
        self.parts = parts
        self.url = settings.database_url
        self.shadows = Shadows(parts.store.database)

    def begin(self, folder: Path | None) -> None:
        begin(self.url, folder)
        self.parts.follower.look()

    def site(self) -> Site:
        site = self.parts.store._find_site(key_hash(KEY))
        assert site
        return site

    def moderate(self, text: str, id: str | None = "c-1") -> Decision:
        return self.parts.moderation.moderate(self.site(), Comment(text, id=id))

    def found(self) -> list[Difference]:
        """What the shadow has found in all that was shown to it, oldest first."""
        shadow = self.parts.moderation.shadow
        assert shadow
        shadow.work_off()
        present = self.shadows.present()
        assert present
        return [one.difference for one in self.shadows.last(present.key, 99)][::-1]

    def tally(self) -> Tally:
        present = self.shadows.present()
        assert present
        return self.shadows.tally(present)


@pytest.fixture
def desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    env = {"DATABASE_URL": database_url, "REFRAIN_DATA_DIR": str(tmp_path)}
    settings = load_settings(env)
    app = create_app(settings)
    yield Desk(app.extensions[NAME], settings)
    app.extensions[NAME].follower.stop()
    app.extensions[NAME].store.database.close()


def test_what_the_shadow_would_have_rejected_is_noted_and_accepted(
    desk: Desk, strict: Path
) -> None:
    desk.begin(strict)

    decision = desk.moderate(FAIR)

    (difference,) = desk.found()
    assert decision.verdict.outcome is Outcome.ACCEPT
    assert decision.verdict.model != STRICT
    assert (difference.comment_id, difference.revision) == ("c-1", 1)
    assert (difference.was, difference.would) == ("accept", "reject")
    assert (difference.was_rule, difference.would_rule) != (None, None)
    assert difference.site_id == desk.site().id
    assert desk.tally() == Tally(stricter=1, milder=0, same=0, skipped=0)


def test_what_the_shadow_would_have_let_pass_is_noted(desk: Desk, mild: Path) -> None:
    desk.begin(mild)

    verdict = desk.moderate("You stupid man, go away and die.").verdict

    (difference,) = desk.found()
    assert difference.was == shadowing.fate(verdict) != "accept"
    assert difference.would == "accept"
    assert desk.tally() == Tally(stricter=0, milder=1, same=0, skipped=0)


def test_what_both_decide_alike_is_counted_only(desk: Desk, strict: Path) -> None:
    desk.begin(strict)

    desk.moderate(FOUL)

    assert desk.found() == []
    assert desk.tally() == Tally(stricter=0, milder=0, same=1, skipped=0)


@pytest.mark.parametrize("seen_first", [True, False], ids=["noted", "not yet noted"])
def test_what_is_erased_is_no_longer_counted_nor_as_judged_alike(
    desk: Desk, strict: Path, seen_first: bool
) -> None:
    desk.begin(strict)
    desk.moderate(FOUL, id="c-0")
    desk.moderate(FAIR)
    if seen_first:
        assert len(desk.found()) == 1

    desk.parts.erasure.comment(desk.site().id, "c-1", by="mary")

    assert desk.found() == []
    assert desk.tally() == Tally(stricter=0, milder=0, same=1, skipped=0)


def test_who_erases_waits_for_what_is_just_being_noted(
    desk: Desk, strict: Path
) -> None:
    desk.begin(strict)
    desk.moderate(FAIR)
    present = desk.shadows.present()
    assert present
    database, site_id = desk.parts.store.database, desk.site().id
    noticed = Difference(site_id, "c-1", 1, "accept", "reject", None, None, NOON)
    erasing = threading.Thread(
        target=desk.parts.erasure.comment, args=(site_id, "c-1"), kwargs={"by": "mary"}
    )
    with database.writing() as connection:
        counts = {"of": present.key, "more_judged": 1, "more_skipped": 0}
        connection.execute(COUNT, counts)
        row = asdict(noticed) | {"shadow_key": present.key}
        connection.execute(insert(differences), [row])
        erasing.start()
        erasing.join(0.5)
        assert erasing.is_alive()
    erasing.join(START_S)

    assert desk.shadows.last(present.key, 9) == []
    assert desk.tally() == Tally(stricter=0, milder=0, same=0, skipped=0)


def test_only_comments_with_an_id_are_shown_and_each_text_once(
    desk: Desk, strict: Path
) -> None:
    desk.begin(strict)
    desk.moderate(FAIR, id=None)
    desk.moderate(FAIR)
    desk.moderate(FAIR)
    desk.moderate(f"{FAIR} Now.")

    found = desk.found()

    assert [one.revision for one in found] == [1, 2]
    assert desk.tally().stricter == 2


def test_a_batch_is_shown_too(desk: Desk, strict: Path) -> None:
    desk.begin(strict)
    comments = [Comment(FAIR, id=id) for id in ("c-1", None, "c-2")]

    desk.parts.moderation.moderate_many(desk.site(), comments)

    assert [one.comment_id for one in desk.found()] == ["c-1", "c-2"]


def test_the_shadow_knows_the_sites_words(desk: Desk, mild: Path) -> None:
    words = [Word("frobnicator", Rule.OBSCENE, Strength.REJECT, Forms.WORD)]
    sites = Sites(desk.parts.store.database)
    sites.change(desk.site(), words=words, by="mary", now=NOON)
    desk.begin(mild)

    decision = desk.moderate("A frobnicator!")

    assert decision.verdict.outcome is Outcome.REJECT
    assert desk.found() == []
    assert desk.tally().same == 1


def test_a_sites_own_thresholds_hold_for_the_shadow_too(
    desk: Desk, strict: Path
) -> None:
    off = Thresholds(None, None)
    sites = Sites(desk.parts.store.database)
    sites.change(desk.site(), thresholds=dict.fromkeys(Rule, off), by="mary", now=NOON)
    desk.begin(strict)

    desk.moderate(FAIR)

    assert desk.found() == []


def test_thresholds_that_a_site_has_not_set_are_the_shadows(
    desk: Desk, tmp_path: Path
) -> None:
    limits = {"flag": 0.0, "reject": None}
    rules = dict.fromkeys(("derogatory", "personal", "obscene"), limits)
    card: dict[str, object] = {"thresholds": rules, "attribute_thresholds": {}}
    desk.begin(altered(tmp_path, "2026-12-03-doubting", card))

    desk.moderate(FAIR)

    (difference,) = desk.found()
    assert (difference.was, difference.would) == ("accept", "flag")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_no_text_is_stored_for_the_shadow(desk: Desk, strict: Path) -> None:
    desk.begin(strict)
    desk.moderate("A sentence like no other.")
    desk.found()

    file = Path(desk.url.removeprefix("sqlite:///"))
    stored = file.read_bytes() + file.with_name("refrain.db-wal").read_bytes()
    assert b"like no other" not in stored
    assert b"c-1" in stored


def test_what_is_shown_is_counted_in_the_metrics(desk: Desk, strict: Path) -> None:
    desk.begin(strict)
    for number, text in enumerate((FAIR, FOUL, FAIR)):
        desk.moderate(text, id=f"c-{number}")
    desk.found()

    exposition = desk.parts.metrics.exposition().decode()
    for result, times in (("stricter", 2), ("same", 1), ("milder", 0)):
        assert count(exposition, "refrain_shadow_total", result=result) == times


def test_when_another_version_is_promoted_the_shadow_is_counted_anew(
    desk: Desk, strict: Path, mild: Path
) -> None:
    desk.begin(strict)
    desk.moderate(FAIR)
    desk.found()
    database = desk.parts.store.database
    Models(database).promote(mild, base=shipped(), by="mary", now=NOON)
    desk.parts.follower.look()

    desk.moderate(FAIR, id="c-2")

    assert [one.comment_id for one in desk.found()] == ["c-2"]
    assert desk.tally() == Tally(stricter=1, milder=0, same=0, skipped=0)


def test_off_is_off(desk: Desk, strict: Path) -> None:
    desk.begin(strict)
    desk.begin(None)

    desk.moderate(FAIR)

    assert desk.parts.moderation.shadow is None


def test_a_shadow_that_cannot_be_loaded_disturbs_nobody(
    desk: Desk, strict: Path
) -> None:
    begin(desk.url, strict)
    with desk.parts.store.database.writing() as connection:
        connection.execute(update(models).values(weights=b"damaged"))

    desk.parts.follower.look()

    assert desk.moderate(FAIR).verdict.outcome is Outcome.ACCEPT
    assert desk.parts.moderation.shadow is None
    exposition = desk.parts.metrics.exposition().decode()
    assert count(exposition, "refrain_model_errors_total") == 1


# On its own: the queue, the thread, faults


class Slow(Judge):
    """A judge that takes its time, breaks on some texts, and finds nothing."""

    model_version = "slow"
    card = {"thresholds": {}}  # noqa: RUF012 - as a judge has it

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def with_model(self, other: Judge) -> Judge:
        return other

    def judge(self, text: str, **options: object) -> Judgement:
        until = time.thread_time() + self.seconds
        while time.thread_time() < until:
            pass
        if text == "break":
            raise ZeroDivisionError
        return Judgement((), {})


class Strict(Slow):
    """A judge that finds all texts obscene."""

    card = {  # noqa: RUF012 - as a judge has it
        "thresholds": {"obscene": {"flag": 0.5, "reject": 0.5}}
    }

    def judge(self, text: str, **options: object) -> Judgement:
        found = Finding(Rule.OBSCENE, None, Source.CLASSIFIER, 1.0)
        return Judgement((found,), {})


class Watched:
    """A shadow on a database of its own, and what it has told."""

    def __init__(self, database: Database, judge: Judge) -> None:
        self.database = database
        self.told: Counter[str] = Counter()
        self.failures: list[Exception] = []
        store = Store(database)
        site = store.site_of_key(key_hash(KEY))
        assert site
        self.site = site
        with database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO shadows (key, begun_at, begun_by) VALUES (1, 0, 'mary')"
            )
        self.bench = Bench(judge)
        verdict = Bench(Slow()).verdict(site, Comment(FAIR), self.failures.append)
        self.decision = Decision(verdict, "automatic", NOON, 1)
        self.shadow = Shadow(
            self.bench,
            1,
            Shadows(database),
            count=lambda result: self.told.update([result]),
            on_failure=self.failures.append,
        )

    def offer(self, text: str = FAIR, id: str = "c-1") -> None:
        comment = Comment(text, id=id)
        self.shadow.offer(self.bench, self.site, comment, self.decision)

    def send(self, id: str) -> None:
        """Have a comment entered before it is offered: of others nothing is noted."""
        sent, verdict = Comment(FAIR, id=id), self.decision.verdict
        Store(self.database).record(
            self.site.id, sent, bytes(32), verdict, NOON, alike=None
        )
        self.offer(id=id)

    def counts(self) -> tuple[int, int]:
        """Judged and skipped, as they are stored."""
        present = Shadows(self.database).present()
        assert present
        return present.judged, present.skipped


@pytest.fixture
def watched(database: Database) -> Iterator[Callable[[Judge], Watched]]:
    made: list[Watched] = []

    def make(judge: Judge) -> Watched:
        made.append(Watched(database, judge))
        return made[-1]

    yield make
    for one in made:
        one.shadow.stop()


def test_more_than_can_wait_is_skipped_and_counted(
    watched: Callable[[Judge], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowing, "WAITING", 3)
    here = watched(Slow())

    for _ in range(5):
        here.offer()
    here.shadow.work_off()

    assert here.told == {"same": 3, "skipped": 2}
    assert here.counts() == (3, 2)


def test_what_the_judge_breaks_on_is_counted_and_told_once(
    watched: Callable[[Judge], Watched],
) -> None:
    here = watched(Slow())

    for text in ("break", FAIR, "break"):
        here.offer(text)
    here.shadow.work_off()

    assert here.told == {"failed": 2, "same": 1}
    assert [type(error) for error in here.failures] == [ZeroDivisionError]
    assert here.counts() == (1, 2)


@contextmanager
def without_table(database: Database) -> Iterator[None]:
    """Let whatever is to be noted of a shadow fail."""
    rename = "ALTER TABLE {} RENAME TO {}"
    with database.writing() as connection:
        connection.exec_driver_sql(rename.format("shadows", "elsewhere"))
    yield
    with database.writing() as connection:
        connection.exec_driver_sql(rename.format("elsewhere", "shadows"))


def test_while_the_database_fails_differences_wait(
    watched: Callable[[Judge], Watched],
) -> None:
    here = watched(Strict())

    with without_table(here.database):
        here.send(id="c-1")
        here.shadow.work_off()
    here.send(id="c-2")
    here.shadow.work_off()

    found = Shadows(here.database).last(1, 9)
    assert [one.difference.comment_id for one in found] == ["c-2", "c-1"]
    assert here.counts() == (2, 0)
    assert here.failures == []


def test_of_differences_that_wait_for_the_database_the_last_are_kept(
    watched: Callable[[Judge], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowing, "UNWRITTEN", 2)
    here = watched(Strict())

    with without_table(here.database):
        for number in range(5):
            here.send(id=f"c-{number}")
        here.shadow.work_off()
    here.send(id="c-5")
    here.shadow.work_off()

    found = Shadows(here.database).last(1, 9)
    assert [one.difference.comment_id for one in found] == ["c-5", "c-4", "c-3"]
    assert here.counts() == (3, 3)


def test_an_offer_returns_at_once_however_slow_the_judge_is(
    watched: Callable[[Judge], Watched],
) -> None:
    here = watched(Slow(0.2))
    here.shadow.start()
    here.offer()

    took: list[float] = []
    for _ in range(200):
        began = time.thread_time()
        here.offer()
        took.append(time.thread_time() - began)

    assert sorted(took)[100] < 0.001


def test_the_thread_leaves_most_of_the_processor_to_those_who_answer(
    watched: Callable[[Judge], Watched],
) -> None:
    here = watched(Slow(0.002))
    for _ in range(400):
        here.offer()

    here.shadow.start()
    time.sleep(1.0)
    judged = here.told["same"]

    assert 0 < judged * 0.002 < 0.4


def test_the_thread_writes_by_itself_and_ends_when_it_is_told(
    watched: Callable[[Judge], Watched], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadowing, "WRITE_S", 0.05)
    here = watched(Slow())
    here.shadow.start()

    here.offer()
    wait_until(lambda: here.counts() == (1, 0))
    here.offer()
    here.shadow.stop()

    assert sum(here.counts()) == 2
    assert not [t for t in threading.enumerate() if t.name == "shadow"]


def test_what_it_has_no_time_for_in_the_end_is_skipped(
    watched: Callable[[Judge], Watched],
) -> None:
    here = watched(Slow(0.05))
    for _ in range(100):
        here.offer()
    here.shadow.start()

    here.shadow.stop()

    judged, skipped = here.counts()
    assert judged < 50
    assert judged + skipped == 100


# The service as deployed


def test_a_shadow_of_a_running_service_counts_for_all_its_workers(
    tmp_path: Path, prepared_sqlite: Path, strict: Path
) -> None:
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    url = f"sqlite:///{tmp_path / 'refrain.db'}"
    with serving(tmp_path) as server:
        begin(url, strict)
        wait_until(lambda: server.log.count("shadow begun") == 2)
        for number in range(30):
            comment = {"text": FAIR, "id": f"c-{number}"}
            answered = httpx.post(
                f"{server.url}/v1/moderate", json=comment, headers=HEADERS, timeout=30
            ).json()
            assert (answered["decision"], answered["model"]) != ("reject", STRICT)
        database = open_database(url)
        shadows = Shadows(database)
        begun = shadows.present()
        assert begun
        wait_until(lambda: len(shadows.last(begun.key, 99)) == 30)
        begin(url, None)
        wait_until(lambda: server.log.count("shadow ended") == 2)
        exposition = httpx.get(f"{server.url}/metrics").text

    present = shadows.latest()
    assert present
    assert shadows.tally(present) == Tally(stricter=30, milder=0, same=0, skipped=0)
    assert count(exposition, "refrain_shadow_total", result="stricter") == 30
    assert "Traceback" not in server.log
    database.close()
