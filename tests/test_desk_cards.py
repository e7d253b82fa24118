"""A card says what a moderator needs to decide, and who else is looking."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert

from service.domain import Article, Kind, Waiting
from service.store.cases import RECORDED, AuthorRecord
from service.store.desk import LOOK_S
from service.store.schema import reports
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.listing import page_of
from tests.reviewing import (
    FLAGGED,
    HELD,
    World,
    approve,
    author,
    card_of,
    case_of,
    reject,
)
from tests.samples import ACCEPTED, REJECTED

# What a card says


def test_a_card_shows_what_a_moderator_needs_to_decide(world: World) -> None:
    world.send("c-0", REJECTED, "What it answers.")
    world.send("c-1", parent_id="c-0")

    card = card_of(world, "c-1")

    assert (card.id, card.revision, card.number) == ("c-1", 1, 1)
    assert (card.text, card.parent_text) == ("You fool, c-b.", "What it answers.")
    assert (card.waiting, card.waiting_since) == (Waiting.FLAGGED, NOON)
    assert card.received_at == NOON
    assert card.decision == card.automatic
    assert card.automatic.verdict == FLAGGED
    assert card.author is not None
    assert card.author.name == "Ánn 🙂"
    assert card.article == Article("a-1", "https://example.org/a", "On rivers")
    assert (card.parent_id, card.language) == ("c-0", "en")
    assert (card.like_it, card.reports) == (0, 0)
    assert (card.appeal, card.look) == (None, None)


def test_a_card_may_lack_all_that_the_site_left_out(world: World) -> None:
    world.send("c-1", author=None, article=None, parent_id="c-unknown", language=None)

    card = card_of(world, "c-1")

    assert (card.author, card.author_record, card.article) == (None, None, None)
    assert (card.parent_text, card.language) == (None, None)


def test_an_authors_record_counts_how_their_comments_stand_on_this_site(
    world: World,
) -> None:
    other = Sites(world.database).create("other", by="test", now=NOON)
    for i in range(3):
        world.send(f"r-{i}", REJECTED, author=author("u-7"))
    world.send("c-1", ACCEPTED, author=author("u-7"))
    world.send("c-2", author=author("u-7"))
    world.send("c-3", REJECTED, author=author("u-8"))
    replace(world, site=other).send("c-4", REJECTED, author=author("u-7"))

    assert card_of(world, "c-2").author_record == AuthorRecord(accepted=2, rejected=3)


def test_the_text_of_a_card_is_that_of_the_present_revision(world: World) -> None:
    world.send("c-0", text="An old parent, fool.")
    world.send("c-0", text="A new parent, fool.")
    world.send("c-1", text="An old text, fool.", parent_id="c-0")
    world.send("c-1", HELD, text="A new text, fool.", parent_id="c-0")

    card = card_of(world, "c-1")

    assert (card.text, card.parent_text) == (
        "A new text, fool.",
        "A new parent, fool.",
    )
    assert card.automatic.verdict == HELD


def test_a_case_tells_all_of_one_comment_oldest_first(world: World) -> None:
    world.send("c-1", text="An old text, fool.")
    world.send("c-1", REJECTED, text="A new text, fool.")
    world.review.report(world.site, "c-1", reporter="r", words="Look!")
    world.review.appeal(world.site, "c-1", decision=None, words="Why?")
    reject(world, "c-1", seen=2)
    world.review.appeal(world.site, "c-1", decision=None, words="Still why?")

    case = case_of(world, "c-1")

    assert [decision.kind for decision in case.decisions] == [
        Kind.AUTOMATIC,
        Kind.AUTOMATIC,
        Kind.APPEAL,
    ]
    assert case.texts == {1: "An old text, fool.", 2: "A new text, fool."}
    assert [(appeal.words, appeal.answer) for appeal in case.appeals] == [
        ("Why?", 3),
        ("Still why?", None),
    ]
    assert case.card.appeal == case.appeals[1]
    assert [report.words for report in case.reports] == ["Look!"]
    assert case.reports_in_all == 1


def complain(world: World, times: int) -> None:
    """Have readers complain of `c-1`, each a second after the one before."""
    key = card_of(world, "c-1").key
    rows = [
        {
            "comment_key": key,
            "revision": 1,
            "words": f"No. {n}",
            "created_at": NOON + timedelta(seconds=n),
        }
        for n in range(times)
    ]
    with world.store.database.writing() as connection:
        connection.execute(insert(reports), rows)


@pytest.mark.parametrize(
    ("times", "first", "in_all"),
    [(99, 0, 99), (100, 0, 100), (103, 3, 103), (1_200, 1_100, RECORDED)],
)
def test_of_very_many_reports_a_case_has_the_newest_and_their_number(
    world: World, times: int, first: int, in_all: int
) -> None:
    world.send("c-1", ACCEPTED)
    complain(world, times)

    case = case_of(world, "c-1")

    shown = [report.words for report in case.reports]
    assert shown == [f"No. {n}" for n in range(first, times)]
    assert case.reports_in_all == in_all


def test_reports_are_read_only_for_who_asks_for_them(world: World) -> None:
    world.send("c-1", ACCEPTED)
    complain(world, 3)

    case = world.desk.case(
        world.site.id, "c-1", by="", now=world.clock(), with_reports=False
    )

    assert case is not None
    assert (case.reports, case.reports_in_all) == ((), 0)
    assert case.card.reports == 3


def test_the_first_report_of_each_revision_is_known_however_many_follow(
    world: World,
) -> None:
    world.send("c-1", ACCEPTED)
    complain(world, 103)
    world.send("c-1", ACCEPTED, "Another text.")
    world.clock.sleep(200)
    world.review.report(world.site, "c-1", reporter="r", words="Look!")

    first = world.desk.first_reports(card_of(world, "c-1").key)

    assert first == {1: NOON, 2: world.clock()}


# Who looks


def look(world: World, by: str) -> str | None:
    found = world.desk.look(world.site.id, "c-1", by=by, now=world.clock())
    return None if found is None else found.moderator


def test_others_are_told_who_has_a_comment_open(world: World) -> None:
    world.send("c-1")

    assert look(world, "anna") is None
    assert look(world, "bela") == "anna"

    for by, seen in (("bela", "anna"), ("anna", None)):
        (card,) = page_of(world, by=by).cards
        assert (card.look and card.look.moderator) == seen
        case = world.desk.case(world.site.id, "c-1", by=by, now=world.clock())
        assert case is not None
        assert case.card.look == card.look


def test_a_look_is_over_after_a_minute_unless_it_is_renewed(world: World) -> None:
    world.send("c-1")
    look(world, "anna")
    world.clock.sleep(LOOK_S - 1)
    look(world, "anna")
    world.clock.sleep(LOOK_S - 1)
    assert look(world, "bela") == "anna"

    world.clock.sleep(1)

    assert page_of(world, by="bela").cards[0].look is None
    assert look(world, "bela") is None
    assert look(world, "anna") == "bela"


def test_a_decision_ends_the_look(world: World) -> None:
    world.send("c-1")
    look(world, "anna")

    approve(world, "c-1")

    assert card_of(world, "c-1").look is None
