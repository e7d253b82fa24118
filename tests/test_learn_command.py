"""`flask learn` does all between decisions and a better model, from cron as well."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from benchmarks.slur import Slur
from model import artifact as artifacts
from model.artifact import shipped
from model.finding import Rule
from model.newscomments import news_comments
from service.alike import alike
from service.domain import Article, Author, Comment
from service.erasure import Erasure
from service.store.accounts import Role
from service.store.database import open_database
from service.store.lessons import Lessons
from service.store.models import Models
from service.store.records import Submission
from service.store.sites import Sites
from service.store.store import Store
from service.store.versions import has_passed
from tests.fixtures_store import NOON
from tests.reviewing import ACCEPT, FLAGGED, REJECT, Clock, make_review
from tests.test_cli import ROOT

WORD = "grobnik"
MANY, FEW = 800, 60
AT_ONCE = 200

Told = tuple[str, bool]
"""A text, and whether people rejected it."""
Ran = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Newsroom:
    """A data folder with a database in it, and nothing that serves."""

    folder: Path

    def learn(self, options: str = "") -> Ran:
        """Run the command as cron does: there is no terminal."""
        return subprocess.run(
            [
                *(sys.executable, "-m", "flask", "--app", "service.cli", "learn"),
                *options.split(),
            ],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": str(self.folder)},
            capture_output=True,
            text=True,
        )

    def decide(self, told: list[Told]) -> None:
        """Have comments flagged, and decided by a person."""
        database = open_database(self.url)
        store, (site,) = Store(database), Sites(database).all()
        review = make_review(store, Clock(), 0.0)
        sent = [_comment(number, text) for number, (text, _) in enumerate(told)]
        for start in range(0, len(told), AT_ONCE):
            some = sent[start : start + AT_ONCE]
            submitted = [
                Submission(c, store.text_hash(c.text), FLAGGED, alike(c.text))
                for c in some
            ]
            store.record_many(site.id, submitted, NOON)
            for outcome in (ACCEPT, REJECT):
                wanted = outcome is REJECT
                picks = [
                    (str(c.id), 1)
                    for c, (_, rejected) in zip(some, told[start:], strict=False)
                    if rejected is wanted
                ]
                review.decide_many(
                    site,
                    picks,
                    outcome,
                    rule=Rule.PERSONAL if wanted else None,
                    note=None,
                    by="anna",
                    role=Role.MODERATOR,
                )
        database.close()

    def promote(self, version: Path) -> None:
        """Let a version answer."""
        database = open_database(self.url)
        Models(database).promote(version, base=shipped(), by="anna", now=NOON)
        database.close()

    def roll_back(self) -> None:
        """Let the version before answer again."""
        database = open_database(self.url)
        Models(database).rollback(by="anna", now=NOON, base=shipped())
        database.close()

    @property
    def url(self) -> str:
        """Of its database."""
        return f"sqlite:///{self.folder / 'refrain.db'}"

    @property
    def active(self) -> str | None:
        """The version that answers; None for the one that ships."""
        database = open_database(self.url)
        try:
            return Models(database).active()
        finally:
            database.close()

    @property
    def versions(self) -> list[Path]:
        """The folders of what was learnt."""
        return sorted((self.folder / "models").glob("*"))


def _comment(number: int, text: str) -> Comment:
    return Comment(
        text, f"c-{number}", Author(f"u-{number}"), Article(f"a-{number // 2}")
    )


def told(count: int) -> list[Told]:
    """Ordinary and abusive comments, and some with a slur nobody has heard of."""
    chance = Random(5)  # noqa: S311 - no secret
    slur = Slur(WORD, is_held_out=False)
    own = [e for e in news_comments(weight=1, template_weight=1) if len(e.text) < 300]
    found: list[Told] = []
    for example in chance.sample(own, count):
        is_abuse, text = any(example.labels.values()), example.text
        if not is_abuse and chance.random() < 0.3:
            is_abuse, text = True, slur.insult(text, chance)
        found.append((text, is_abuse))
    return found


@pytest.fixture
def newsroom(tmp_path: Path, prepared_sqlite: Path) -> Newsroom:
    return _opened(tmp_path / "data", prepared_sqlite)


def _opened(folder: Path, prepared: Path) -> Newsroom:
    folder.mkdir()
    shutil.copy(prepared, folder / "refrain.db")
    return Newsroom(folder)


@dataclass(frozen=True)
class Weeks:
    """A run on some decisions, its version, which was promoted, and another run."""

    newsroom: Newsroom
    first: Ran
    version: Path
    second: Ran


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path) -> Weeks:
    """Two weeks of a newsroom in which nothing was decided in the second."""
    newsroom = _opened(tmp_path_factory.mktemp("learn") / "data", prepared_sqlite)
    newsroom.decide(told(MANY))
    first = newsroom.learn()
    assert newsroom.active is None
    (version,) = newsroom.versions
    newsroom.promote(version)
    return Weeks(newsroom, first, version, newsroom.learn("--auto"))


# What it does


def test_a_better_version_is_made_and_how_to_promote_it_is_said(weeks: Weeks) -> None:
    assert (weeks.first.returncode, weeks.first.stderr) == (0, "")
    counted, *checks, report, advice = weeks.first.stdout.splitlines()
    assert counted.split()[1] == "labels:"
    assert checks
    assert all(line.startswith("passed: ") for line in checks)
    assert report == f"Report: {weeks.version / 'report.html'}"
    assert advice == f"To let it answer: flask promote {weeks.version.name}"


def test_the_same_decisions_again_are_nothing_new(weeks: Weeks) -> None:
    assert (weeks.second.returncode, weeks.second.stderr) == (0, "")
    assert weeks.second.stdout.splitlines()[-1] == (
        f"Nothing new: {weeks.version.name} has learnt that, and is active."
    )
    assert weeks.newsroom.active == weeks.version.name
    assert has_passed(artifacts.load(weeks.version).card)


def test_what_is_left_of_a_run_only_its_owner_can_read(weeks: Weeks) -> None:
    def mode(path: Path) -> int:
        return stat.S_IMODE(path.stat().st_mode)

    files = {path.name: mode(path) for path in weeks.version.iterdir()}

    assert files == {"card.json": 0o600, "weights.npz": 0o600, "report.html": 0o600}
    assert mode(weeks.version) == mode(weeks.version.parent) == 0o700
    left = {path.name for path in weeks.newsroom.folder.iterdir()}
    assert left - {"refrain.db-wal", "refrain.db-shm"} == {
        "refrain.db",
        "learn.lock",
        "models",
    }


def test_what_was_erased_is_left_out_and_what_is_erased_later_is_known(
    newsroom: Newsroom,
) -> None:
    newsroom.decide(told(FEW))
    database = open_database(newsroom.url)
    erasure = Erasure(Store(database), newsroom.folder / "models")
    erasure.comment(1, "c-7", by="site")

    ran = newsroom.learn()

    (version,) = newsroom.versions
    assert ran.stdout.startswith(f"{FEW - 1} labels: ")
    assert (version / "report.html").is_file()
    assert erasure.comment(1, "c-8", by="site").versions == {version.name}
    assert Lessons(database).erased() == {version.name: 1}
    assert not (version / "report.html").exists()
    database.close()


# What it refuses


def test_what_is_not_shown_better_is_kept_and_not_promoted(newsroom: Newsroom) -> None:
    newsroom.decide(told(FEW))

    ran = newsroom.learn("--auto")

    (folder,) = newsroom.versions
    assert ran.returncode == 1
    assert ran.stderr == f"Error: {folder.name} is refused: it is not shown better.\n"
    assert any(line.startswith("refused: ") for line in ran.stdout.splitlines())
    assert (folder / "report.html").is_file()
    assert newsroom.active is None


def test_what_people_have_rolled_back_is_not_promoted_by_a_clock(
    weeks: Weeks, tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    shutil.copytree(weeks.newsroom.folder, folder)
    newsroom = Newsroom(folder)
    newsroom.roll_back()

    ran = newsroom.learn("--auto")

    assert ran.returncode == 1
    version = weeks.version.name
    assert ran.stderr == (
        f"Error: {version} has learnt just that, and was rolled back. "
        f"To let it answer all the same: flask promote {version}\n"
    )
    assert newsroom.active is None
    newsroom.promote(folder / "models" / version)
    assert newsroom.active == version
    assert newsroom.learn("--auto").stdout.splitlines()[-1].startswith("Nothing new")


def nothing() -> list[Told]:
    return []


def only_accepted() -> list[Told]:
    return [(text, False) for text, rejected in told(FEW) if not rejected]


@pytest.mark.parametrize(
    ("decided", "sentence"),
    [
        (nothing, "Error: Nothing can be learnt: there are no labels"),
        (only_accepted, "labels are accepted: nothing can be learnt from one class."),
    ],
)
def test_decisions_that_teach_nothing_are_refused_with_status_2(
    newsroom: Newsroom, decided: Callable[[], list[Told]], sentence: str
) -> None:
    newsroom.decide(decided())

    ran = newsroom.learn("--auto")

    assert ran.returncode == 2
    assert sentence in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert newsroom.versions == []


def test_two_runs_do_not_get_in_each_others_way(newsroom: Newsroom) -> None:
    with (newsroom.folder / "learn.lock").open("w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        ran = newsroom.learn()

    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr == "Error: `flask learn` is running already.\n"


def test_a_run_that_was_killed_does_not_keep_the_next_from_starting(
    newsroom: Newsroom,
) -> None:
    (newsroom.folder / "learn.lock").touch()

    assert newsroom.learn().returncode == 2


@pytest.mark.parametrize(
    ("options", "status", "sentence"),
    [
        ("--site nowhere", 1, "Error: There is no site named 'nowhere'.\n"),
        ("--since yesterday", 2, "'yesterday' does not match the formats"),
        ("--corpora /nowhere", 2, "'/nowhere' does not exist"),
        ("--seed -1", 2, "-1 is not in the range"),
    ],
)
def test_a_wrong_command_says_why_and_leaves_nothing(
    newsroom: Newsroom, options: str, status: int, sentence: str
) -> None:
    ran = newsroom.learn(options)

    assert (ran.returncode, ran.stdout) == (status, "")
    assert sentence in ran.stderr
    assert newsroom.versions == []


def test_a_folder_that_cannot_be_written_is_named(newsroom: Newsroom) -> None:
    newsroom.decide(told(FEW))
    (newsroom.folder / "models").touch()

    ran = newsroom.learn()

    assert ran.returncode == 1
    assert ran.stderr.startswith("Error: ")
    assert ran.stderr.count("\n") == 1
