"""The overview's page: figures a moderator can read, whatever there is to show."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from model.finding import Rule, Span
from service.app import create_app
from service.desk.overview.page import MOST_BY_DAY, MOST_DAYS, Choice, asked
from service.desk.overview.periods import By
from service.domain import Article, Outcome, Verdict
from service.services import NAME
from service.settings import load_settings
from service.store.accounts import Role
from service.store.store import Store
from tests.reviewing import FLAGGED, World, make_world
from tests.samples import ACCEPTED, REJECTED
from tests.test_overview import lexicon
from tests.visitor import Visitor

HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def desk(tmp_path: Path, prepared_sqlite: Path) -> Iterator[Flask]:
    """An app on a database of the test's own."""
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    app = create_app(load_settings({"REFRAIN_DATA_DIR": str(tmp_path)}))
    yield app
    store_of(app).database.close()


@pytest.fixture
def world(desk: Flask) -> World:
    """The site `default` there; its clock is late by minutes, but says today."""
    world = make_world(store_of(desk))
    now = datetime.now(UTC)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    world.clock.now = max(midnight, now - timedelta(minutes=15))
    return world


@pytest.fixture
def editor(desk: Flask) -> Visitor:
    """Somebody who is signed in and may see every site."""
    visitor = Visitor.of(desk)
    visitor.sign_in("editor")
    return visitor


def store_of(app: Flask) -> Store:
    store: Store = app.extensions[NAME].store
    return store


def overview(visitor: Visitor, query: str = "") -> str:
    answer = visitor.get(f"/desk/default/overview?{query}")
    assert answer.status_code == 200, answer.text
    return answer.text


def text_of(html: str) -> str:
    """What a reader of the page reads."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def decide(world: World, id: str, outcome: Outcome, by: str = "anna") -> None:
    world.review.decide(
        world.site,
        id,
        outcome,
        rule=Rule.PERSONAL if outcome is Outcome.REJECT else None,
        note=None,
        seen=1,
        by=by,
        role=Role.MODERATOR,
    )


def test_a_site_without_comments_is_told_so(editor: Visitor) -> None:
    page = text_of(overview(editor))

    assert "Nothing was decided in this time." in page
    assert "Median" not in page


def test_one_comment_that_nobody_looked_at_makes_a_page(
    editor: Visitor, world: World
) -> None:
    world.send("c-1", ACCEPTED)

    page = text_of(overview(editor))

    assert "100.0% 1 comment" in page
    assert "No comment that waited was decided." in page
    assert "nobody looked at what the model decided" in page
    assert "nothing was decided by two people" in page


def test_the_page_says_what_was_decided(editor: Visitor, world: World) -> None:
    for i, verdict in enumerate((ACCEPTED, FLAGGED, FLAGGED, REJECTED)):
        world.send(f"c-{i}", verdict)
    world.clock.sleep(90)
    decide(world, "c-1", Outcome.REJECT)
    decide(world, "c-2", Outcome.ACCEPT)

    page = text_of(overview(editor, "by=day&days=7"))

    assert "Comments 4 judged automatically" in page
    assert "Flagged 50.0% 2 comments" in page
    assert "Decisions by people 2 1 approved, 1 rejected" in page
    assert "Time to decision 2 min median; nine in ten within 2 min" in page
    assert re.search(r"Personal – 50.0% of 2 – 100.0% of 1", page)


@pytest.mark.parametrize("query", ["", "by=week&days=91", "by=day&days=1", "days=364"])
def test_every_plot_stands_above_its_numbers(
    editor: Visitor, world: World, query: str
) -> None:
    always = world.with_share(1.0)
    for i, outcome in enumerate((Outcome.ACCEPT, Outcome.REJECT) * 2):
        id = f"c-{i}"
        world.send(id, lexicon(FLAGGED, Span(4, 8), rule=Rule.PERSONAL))
        for number, by in enumerate(("anna", "bela"), 1):
            always.decide(
                world.site,
                id,
                outcome,
                rule=Rule.PERSONAL if outcome is Outcome.REJECT else None,
                note=None,
                seen=number,
                by=by,
                role=Role.MODERATOR,
            )

    page = overview(editor, query)

    assert page.count("<details>") == 5
    assert page.count('<svg class="plot wide"') == page.count('plot narrow"') == 7
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert "kappa 1.00" in page


def test_the_page_needs_nothing_that_its_policy_forbids(
    editor: Visitor, world: World
) -> None:
    world.send("c-1", REJECTED)

    page = overview(editor)

    assert not re.search(r"""\sstyle=|\son\w+=|<style|javascript:|//\w+\.""", page)
    assert page.count("<script") == 1


def test_what_readers_and_sites_wrote_does_no_harm(
    editor: Visitor, world: World
) -> None:
    found: Verdict = lexicon(REJECTED, Span(0, len(HOSTILE)))
    article = Article("a-1", "javascript:alert(1)", HOSTILE)
    world.send("c-1", found, HOSTILE, article=article)

    page = overview(editor)

    assert "<script>alert" not in page
    assert page.count("<bdi>&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    assert "javascript:" not in page


def test_days_that_are_not_yet_added_up_are_named(
    editor: Visitor, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.overview.PATIENCE_S", 0.0)
    world.send("c-1", ACCEPTED)

    pages = [overview(editor, "days=5") for _ in range(6)]

    # Each view adds a day, or two just after midnight.
    late = ["are still being added up" in page for page in pages]
    assert late[0]
    assert not late[-1]


def test_a_stranger_is_led_to_the_sign_in(desk: Flask) -> None:
    stranger = Visitor.of(desk)

    answer = stranger.get("/desk/default/overview")

    assert answer.status_code in (302, 303)
    assert "/desk/sign-in" in answer.headers["Location"]


def test_an_unknown_site_has_no_overview(editor: Visitor) -> None:
    assert editor.get("/desk/nowhere/overview").status_code == 404


@pytest.mark.parametrize(
    ("query", "choice"),
    [
        pytest.param({}, Choice(By.DAY, 28), id="nothing"),
        pytest.param({"by": "week"}, Choice(By.WEEK, 28), id="by week"),
        pytest.param({"by": "year", "days": "x"}, Choice(By.DAY, 28), id="nonsense"),
        pytest.param({"days": "-1"}, Choice(By.DAY, 28), id="negative"),
        pytest.param({"days": "²"}, Choice(By.DAY, 28), id="no digit"),
        pytest.param({"days": "0"}, Choice(By.DAY, 1), id="none"),
        pytest.param(
            {"days": str(MOST_BY_DAY)}, Choice(By.DAY, MOST_BY_DAY), id="as many by day"
        ),
        pytest.param(
            {"days": str(MOST_BY_DAY + 1)},
            Choice(By.WEEK, MOST_BY_DAY + 1),
            id="more than that",
        ),
        pytest.param({"days": "9999"}, Choice(By.WEEK, MOST_DAYS), id="too many"),
        pytest.param({"days": "9" * 5000}, Choice(By.DAY, 28), id="far too many"),
    ],
)
def test_what_is_asked_for_is_read_kindly(
    query: dict[str, str], choice: Choice
) -> None:
    assert asked(query) == choice
