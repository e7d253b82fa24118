"""The overview's page: figures a moderator can read, whatever there is to show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from model.finding import Attribute, Rule, Span
from service.desk.overview.page import MOST_BY_DAY, MOST_DAYS, Choice, asked
from service.desk.overview.periods import By
from service.domain import Article, Outcome, Thresholds, Verdict
from service.services import NAME
from service.store.accounts import Role
from service.store.records import Submission
from service.store.sites import Sites
from service.store.store import Store
from service.watch import LEAST, LEAST_BEFORE
from tests.fixtures_service import built
from tests.fixtures_store import Install
from tests.overviewing import lexicon
from tests.reviewing import FLAGGED, World, make_world
from tests.samples import ACCEPTED, REJECTED, comment
from tests.visitor import Visitor

HOSTILE = "<script>alert(1)</script>\u202e"


@pytest.fixture
def desk(dialect: str, install: Install) -> Iterator[Flask]:
    """An app on a database of the test's own."""
    with built(install(dialect)) as app:
        yield app


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


def test_the_page_says_how_much_the_model_misses(editor: Visitor, world: World) -> None:
    for i in range(40):
        world.send(f"c-{i}", ACCEPTED, is_sample=i < 25)
    for i in range(20):
        decide(world, f"c-{i}", Outcome.ACCEPT if i else Outcome.REJECT)

    page = overview(editor)

    assert (
        "In this time 25 of the accepted comments were drawn at random as samples. "
        "Moderators decided 20 samples and rejected 1 of them; what readers reported "
        "or the site decided first does not count. So an estimated 5.0% of the 40 that "
        "were accepted break the rule; with 95% confidence, from 0.9% to 23.6%."
    ) in text_of(page)
    assert page.count("<details>") == 4
    assert re.search(r"so far 25 20 1 5.0% 0.9% 23.6%", text_of(page))


def test_without_samples_nothing_is_said_of_what_is_missed(
    editor: Visitor, world: World
) -> None:
    world.send("c-1", ACCEPTED)

    assert "Nobody has decided on a sample." in text_of(overview(editor))


def judged(
    world: World, verdict: Verdict, score: float, count: int, days_ago: int = 0
) -> None:
    """Have comments of one score moderated, some days ago; the earliest ones first."""
    found = replace(verdict, scores=dict.fromkeys(Attribute, score))
    now = world.clock() - timedelta(days=days_ago)
    sent = [comment(f"{score}-{days_ago}-{i}") for i in range(count)]
    text_hash = world.store.text_hash(sent[0].text)
    submissions = [Submission(one, text_hash, found, None) for one in sent]
    for i in range(0, count, 500):
        world.store.record_many(world.site.id, submissions[i : i + 500], now)


def by_the_model(desk: Flask, verdict: Verdict = ACCEPTED) -> Verdict:
    """The verdict as the version gives it that judges here."""
    return replace(verdict, model=desk.extensions[NAME].moderation.model_version)


def notices(page: str) -> list[str]:
    """What people are told of by itself: its class, and the words."""
    found = re.findall(r'<p class="(message[^"]*)" role="status">([^<]*)</p>', page)
    return [f"{style}: {text}" for style, text in found]


def test_a_week_unlike_those_before_is_warned_of_with_what_to_do(
    editor: Visitor, world: World, desk: Flask
) -> None:
    judged(world, by_the_model(desk), 0.05, 900, days_ago=10)
    judged(world, by_the_model(desk), 0.05, 100)
    judged(world, by_the_model(desk, REJECTED), 0.9, 150)

    before, training = notices(overview(editor))

    assert before.startswith(
        "message doubt: This week’s comments differ much from those of the four weeks "
        "before (population stability index "
    )
    assert re.search(r"\d\.\d\d by scores and \d\.\d\d by verdicts", before)
    assert "decide the samples in the queue" in before
    assert "(flask replay)" in before
    assert "(flask learn)" in before
    assert training.startswith("message doubt: The comments of this site differ much")


def test_a_week_a_little_unlike_those_before_is_mentioned(
    editor: Visitor, world: World, desk: Flask
) -> None:
    judged(world, by_the_model(desk), 0.05, 500, days_ago=11)
    judged(world, by_the_model(desk), 0.1, 500, days_ago=10)
    judged(world, by_the_model(desk), 0.05, 300)
    judged(world, by_the_model(desk), 0.1, 150)

    before, *_ = notices(overview(editor))

    assert before.startswith("message: This week’s comments differ a little from")
    assert "flask" not in before


def test_a_week_like_those_before_is_not_worth_a_word(
    editor: Visitor, world: World, desk: Flask
) -> None:
    judged(world, by_the_model(desk), 0.05, 900, days_ago=10)
    judged(world, by_the_model(desk), 0.05, 300)

    page = overview(editor, "days=7")

    assert not any("four weeks before" in said for said in notices(page))
    assert "The four weeks before" in page  # In the plot.
    assert re.search(r"0.04–0.08 100.0% 99.\d% 19.8%", text_of(page))


def test_few_comments_and_a_version_just_promoted_are_not_compared(
    editor: Visitor, world: World, desk: Flask
) -> None:
    judged(world, by_the_model(desk), 0.9, LEAST - 1)
    judged(world, replace(ACCEPTED, model="the one before"), 0.8, 2 * LEAST)

    page = overview(editor)

    assert notices(page) == []
    assert "fewer than 200 comments here: too few to be compared" in text_of(page)


@pytest.mark.parametrize("before", [LEAST_BEFORE - 1, LEAST_BEFORE])
def test_a_version_that_has_learnt_is_compared_with_its_own_weeks_only(
    editor: Visitor, world: World, desk: Flask, before: int
) -> None:
    shipped = desk.extensions[NAME].moderation.card
    card = {name: shipped[name] for name in shipped if name != "reference"}
    desk.extensions[NAME].moderation.bench.shared.card = card
    judged(world, by_the_model(desk), 0.05, before, days_ago=10)
    judged(world, by_the_model(desk), 0.9, 300)

    page = overview(editor)

    is_known = before == LEAST_BEFORE
    assert "There is no line of what the model was measured on" in text_of(page)
    assert ("The four weeks before" in page) is is_known
    assert ("nothing is compared yet" in text_of(page)) is not is_known
    assert len(notices(page)) == is_known


def test_verdicts_by_thresholds_of_its_own_are_not_held_against_the_card(
    editor: Visitor, world: World, desk: Flask
) -> None:
    sites = Sites(world.database)
    sites.set_thresholds(
        "default", Rule.PERSONAL, Thresholds(0.1, 0.2), by="test", now=world.clock()
    )
    judged(world, by_the_model(desk, REJECTED), 0.3, 2 * LEAST)

    (training,) = notices(overview(editor))

    assert "by scores" in training
    assert "by verdicts" not in training


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
