"""Moderators see the right comments in the right order, each once, at a fixed price."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from sqlalchemy import event, insert

from model.finding import Rule, Source
from service.domain import Article, Kind, Outcome, Waiting
from service.errors import InvalidInput
from service.store.accounts import Role
from service.store.cases import RECORDED, AuthorRecord, Card, Filters, Order, Page
from service.store.desk import LOOK_S
from service.store.lists import FLOOD, GROUPED, HEAD
from service.store.schema import reports
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.reviewing import (
    ACCEPT,
    FLAGGED,
    HELD,
    REJECT,
    World,
    approve,
    author,
    card_of,
    case_of,
    reason,
    reject,
)
from tests.samples import ABSTAINED, ACCEPTED, REJECTED

STATEMENTS = 6
"""That a page may take, however many cards are on it."""


def page_of(
    world: World,
    filters: Filters = Filters(),  # noqa: B008 - frozen
    order: Order = Order.OLDEST,
    *,
    by: str = "anna",
    after: str | None = None,
    limit: int = 25,
) -> Page:
    return world.desk.queue(
        world.site.id,
        filters,
        order,
        by=by,
        now=world.clock(),
        after=after,
        limit=limit,
    )


def ids_of(page: Page) -> list[str]:
    return [card.id for card in page.cards]


def walk(read: Callable[[str | None], Page]) -> list[Card]:
    """All cards of a list, page by page."""
    page = read(None)
    cards = list(page.cards)
    while page.after:
        page = read(page.after)
        cards += page.cards
    return cards


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


# Order and pages


@pytest.mark.parametrize("order", Order)
def test_the_queue_is_in_order_of_waiting(world: World, order: Order) -> None:
    for i in range(5):
        world.send(f"c-{i}")
        world.clock.sleep(1 if i != 2 else 0)

    ids = ids_of(page_of(world, order=order))

    expected = [f"c-{i}" for i in range(5)]
    assert ids == (expected if order is Order.OLDEST else expected[::-1])


@pytest.mark.parametrize("order", Order)
def test_pages_show_each_comment_once_also_of_one_moment(
    world: World, order: Order
) -> None:
    for i in range(23):
        world.send(f"c-{i}")

    cards = walk(lambda after: page_of(world, order=order, after=after, limit=5))

    assert sorted(card.id for card in cards) == sorted(f"c-{i}" for i in range(23))


def test_what_is_decided_meanwhile_moves_nothing_to_another_page(
    world: World,
) -> None:
    for i in range(10):
        world.send(f"c-{i}")
        world.clock.sleep(1)
    first = page_of(world, limit=4)
    for id in ids_of(first):
        approve(world, id)

    second = page_of(world, after=first.after, limit=4)

    assert ids_of(second) == ["c-4", "c-5", "c-6", "c-7"]
    assert second.total == 6


@pytest.mark.parametrize(
    "after", ["", "x", "1", "1-", "-1-2", "1-2-3", "1 -2", "٣-٤", "9" * 19 + "-1"]
)
def test_a_page_after_nothing_is_refused(world: World, after: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        page_of(world, after=after)
    assert refused.value.pointer == "?after"

    with pytest.raises(InvalidInput):
        world.desk.decided(
            world.site.id, ACCEPT, Filters(), by="anna", now=NOON, after=after
        )


def test_an_empty_queue_is_a_page_without_cards(world: World) -> None:
    world.send("c-1", ACCEPTED)

    assert page_of(world) == Page((), None, 0)


def test_other_sites_are_not_seen(world: World) -> None:
    other = Sites(world.database).create("other", by="test", now=NOON)
    world.send("c-1")
    replace(world, site=other).send("c-2", text="You fool, c-b.")

    assert ids_of(page_of(world)) == ["c-1"]
    assert card_of(world, "c-1").like_it == 0
    assert world.desk.counts(other.id)[Waiting.FLAGGED] == 1


# Filters


@pytest.fixture
def sorts(world: World) -> World:
    """Comments that differ in what filters ask for; their ids say in what."""
    world.send("plain")
    world.send("rule", replace(FLAGGED, reasons=(reason(Rule.OBSCENE),)))
    world.send("no-rule", ABSTAINED)
    contact = replace(reason(Rule.PERSONAL), source=Source.CONTACT)
    world.send("source", replace(FLAGGED, reasons=(contact,)))
    world.send("zero", replace(FLAGGED, reasons=(reason(Rule.PERSONAL, 0.0),)))
    world.send("high", replace(FLAGGED, reasons=(reason(Rule.PERSONAL, 0.9),)))
    world.send("article", article=Article("a-2"))
    world.send("author", author=author("u-2"))
    world.send("language", language="ml")
    world.send("reported")
    world.review.report(world.site, "reported", reporter="r", words=None)
    return world


ALL = [
    "plain",
    "rule",
    "no-rule",
    "source",
    "zero",
    "high",
    "article",
    "author",
    "language",
    "reported",
]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        pytest.param(Filters(), ALL, id="nothing asked"),
        pytest.param(Filters(waiting=Waiting.REPORTED), ["reported"], id="kind"),
        pytest.param(Filters(waiting=Waiting.APPEALED), [], id="kind of none"),
        pytest.param(Filters(rule=Rule.OBSCENE), ["rule"], id="rule"),
        pytest.param(Filters(source=Source.CONTACT), ["source"], id="source"),
        pytest.param(Filters(article="a-2"), ["article"], id="article"),
        pytest.param(Filters(author="u-2"), ["author"], id="author"),
        pytest.param(Filters(language="ml"), ["language"], id="language"),
        pytest.param(Filters(least=0.9), ["no-rule", "high"], id="score on the end"),
        pytest.param(Filters(most=0.0), ["zero"], id="a score of zero"),
        pytest.param(Filters(least=0.6, most=0.9), ["high"], id="score between"),
        pytest.param(Filters(words="FOOL, PLAIN"), ["plain"], id="words in any case"),
        pytest.param(
            Filters(rule=Rule.PERSONAL, least=0.6, language="en", words="fool"),
            ["high"],
            id="several",
        ),
        pytest.param(Filters(article="a'; DROP TABLE"), [], id="hostile"),
    ],
)
def test_filters_show_what_matches_all_of_them(
    sorts: World, filters: Filters, ids: list[str]
) -> None:
    for order in Order:
        page = page_of(sorts, filters, order)
        assert sorted(ids_of(page)) == sorted(ids)
        assert page.total == len(ids)


@pytest.mark.parametrize(
    ("said", "words", "found"),
    [
        pytest.param("100% fool", "0% f", True, id="per cent"),
        pytest.param("100 fools", "0% f", False, id="per cent is no wildcard"),
        pytest.param("a_b fool", "a_b", True, id="underscore"),
        pytest.param("acb fool", "a_b", False, id="underscore is no wildcard"),
        pytest.param("a/b fool", "a/b", True, id="slash"),
        pytest.param("c:\\fool", "\\f", True, id="backslash"),
        pytest.param("നീ ഒരു വിഡ്ഢി", "വിഡ്ഢി", True, id="Malayalam"),
        pytest.param("तुम मूर्ख हो", "मूर्ख", True, id="Hindi"),
        pytest.param("Ты ДУРАК", "дурак", True, id="Russian capitals"),
        pytest.param("ты дурак", "ДУРАК", True, id="Russian small letters"),
        pytest.param("Du Fool", "fOOL", True, id="mixed case"),
        pytest.param("You fool", "fool you", False, id="another order"),
    ],
)
def test_words_are_searched_as_they_are(
    world: World, said: str, words: str, found: bool
) -> None:
    world.send("c-1", text=said)

    assert ids_of(page_of(world, Filters(words=words))) == ["c-1"] * found


def test_words_are_searched_in_the_present_text(world: World) -> None:
    world.send("c-1", text="An old fool.")
    world.send("c-1", text="A new fool.")

    assert page_of(world, Filters(words="old")).total == 0
    assert page_of(world, Filters(words="new")).total == 1


# Near-identical comments


@pytest.fixture
def groups(world: World) -> World:
    """Three that are alike, of two articles, and two others, a second apart."""
    for id, said, article in (
        ("a-1", "Buy now, fool!", "a"),
        ("x-1", "You fool.", "a"),
        ("a-2", "buy NOW fool", "b"),
        ("x-2", "Such a fool.", "b"),
        ("a-3", "Fool, now buy", "a"),
    ):
        world.send(id, text=said, article=Article(article))
        world.clock.sleep(1)
    return world


def test_of_near_identical_comments_the_first_in_order_is_shown(
    groups: World,
) -> None:
    oldest = page_of(groups, order=Order.OLDEST)
    newest = page_of(groups, order=Order.NEWEST)

    assert ids_of(oldest) == ["a-1", "x-1", "x-2"]
    assert ids_of(newest) == ["a-3", "x-2", "x-1"]
    assert oldest.cards[0].like_it == newest.cards[0].like_it == 2
    assert oldest.total == newest.total == 5


def test_of_near_identical_comments_one_that_matches_is_shown(groups: World) -> None:
    page = page_of(groups, Filters(article="b"))

    assert ids_of(page) == ["a-2", "x-2"]
    assert page.cards[0].like_it == 2
    assert page.total == 2


def test_a_repeat_is_not_shown_on_a_later_page(groups: World) -> None:
    for order in Order:
        cards = walk(
            lambda after, order=order: page_of(  # type: ignore[misc]
                groups, order=order, after=after, limit=1
            )
        )
        assert sorted(card.id[0] for card in cards) == ["a", "x", "x"]


def test_what_waits_for_an_editor_is_shown_beside_its_like(groups: World) -> None:
    groups.review.escalate(groups.site, "a-2", note=None, seen=1, by="anna")

    page = page_of(groups)

    assert ids_of(page) == ["a-1", "x-1", "a-2", "x-2"]
    assert page.cards[0].like_it == 1


def test_when_the_first_is_decided_the_next_stands_for_its_like(
    groups: World,
) -> None:
    reject(groups, "a-1")

    assert ids_of(page_of(groups)) == ["x-1", "a-2", "x-2"]


@pytest.mark.parametrize("order", Order)
def test_a_flood_is_one_card_and_hides_nothing(world: World, order: Order) -> None:
    for i in range(HEAD + FLOOD):
        world.send(f"f-{i}", text="Buy now, fool!")
        world.clock.sleep(1)
        if i % 40 == 0:
            world.send(f"x-{i}")

    cards = walk(lambda after: page_of(world, order=order, after=after, limit=2))

    firsts = [card.id for card in cards if card.id.startswith("f")]
    assert firsts == ["f-0" if order is Order.OLDEST else f"f-{HEAD + FLOOD - 1}"]
    assert len(cards) == 1 + len(range(0, HEAD + FLOOD, 40))


def test_every_list_is_what_going_through_all_comments_gives(world: World) -> None:
    draw = random.Random(4)  # noqa: S311 - no secret
    rules = list(Rule)
    for i in range(HEAD + 40):
        verdict = replace(FLAGGED, reasons=(reason(draw.choice(rules)),))
        world.send(f"c-{i}", verdict, f"Fool number {'abcdefghij'[draw.randrange(10)]}")
        world.clock.sleep(draw.randrange(2))
        if draw.random() < 0.1:
            world.review.report(world.site, f"c-{i}", reporter=None, words=None)
        elif draw.random() < 0.1:
            world.review.escalate(world.site, f"c-{i}", note=None, seen=1, by="anna")
    waiting = [card_of(world, f"c-{i}") for i in range(HEAD + 40)]

    for order in Order:
        for filters in (
            Filters(),
            Filters(rule=Rule.OBSCENE),
            Filters(waiting=Waiting.REPORTED),
            Filters(words="number c"),
        ):
            cards = walk(
                lambda after, f=filters, o=order: page_of(  # type: ignore[misc]
                    world, f, o, after=after, limit=7
                )
            )
            assert [card.id for card in cards] == expected(waiting, filters, order)


def expected(cards: list[Card], filters: Filters, order: Order) -> list[str]:
    """What a queue shows, by going through all cards."""
    shown: dict[object, str] = {}
    if order is Order.NEWEST:
        cards = cards[::-1]
    for card in cards:
        first = card.automatic.verdict.reasons[0]
        matches = (
            filters.rule in (None, first.rule)
            and filters.waiting in (None, card.waiting)
            and (filters.words or "") in str(card.text)
        )
        group = card.text if card.waiting in GROUPED else card.key
        if matches and group not in shown:
            shown[group] = card.id
    return list(shown.values())


# Lists of what is decided


def test_decided_lists_show_what_is_kept_newest_first(world: World) -> None:
    for id, verdict in (
        ("c-1", REJECTED),
        ("c-2", FLAGGED),
        ("c-3", ACCEPTED),
        ("c-4", HELD),
        ("c-5", FLAGGED),
    ):
        world.send(id, verdict)
    reject(world, "c-5")

    def ids(outcome: Outcome, filters: Filters | None = None) -> list[str]:
        cards = walk(
            lambda after: world.desk.decided(
                world.site.id,
                outcome,
                filters or Filters(),
                by="anna",
                now=NOON,
                after=after,
                limit=2,
            )
        )
        return [card.id for card in cards]

    assert ids(REJECT) == ["c-5", "c-4", "c-1"]
    assert ids(ACCEPT) == ["c-2"]
    assert ids(REJECT, Filters(words="c-e")) == ["c-4"]
    assert ids(REJECT, Filters(rule=Rule.OBSCENE)) == ["c-1"]


def test_appeals_are_shown_with_the_one_that_waits_longest_first(
    world: World,
) -> None:
    for id in ("c-1", "c-2", "c-3"):
        world.send(id, REJECTED)
    for id in ("c-2", "c-1"):
        world.review.appeal(world.site, id, decision=None, words="Why?")
        world.clock.sleep(1)

    page = world.desk.appeals(world.site.id, by="anna", now=world.clock())

    assert ids_of(page) == ["c-2", "c-1"]
    assert [card.appeal and card.appeal.words for card in page.cards] == ["Why?"] * 2


def test_counts_tell_how_many_wait_for_what(world: World) -> None:
    for i in range(4):
        world.send(f"c-{i}", HELD)
    world.review.appeal(world.site, "c-0", decision=None, words="Why?")
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")
    approve(world, "c-2")

    assert world.desk.counts(world.site.id) == {
        Waiting.APPEALED: 1,
        Waiting.ESCALATED: 1,
        Waiting.REPORTED: 0,
        Waiting.FLAGGED: 1,
        Waiting.SECOND: 0,
        Waiting.SAMPLE: 0,
    }


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


# What it costs


@contextmanager
def statements(world: World) -> Iterator[list[tuple[str, object]]]:
    """Note every statement that is run, with its parameters."""
    run: list[tuple[str, object]] = []

    def note(
        connection: object,
        cursor: object,
        statement: str,
        parameters: object,
        *_: object,
    ) -> None:
        run.append((statement, parameters))

    event.listen(world.database.engine, "before_cursor_execute", note)
    yield run
    event.remove(world.database.engine, "before_cursor_execute", note)


def fill(world: World, count: int) -> None:
    """Comments with all that a card can have."""
    world.send("parent", REJECTED)
    for i in range(count):
        id = f"c-{i}"
        world.send(id, HELD, parent_id="parent")
        world.clock.sleep(1)
        if i % 3 == 0:
            world.review.report(world.site, id, reporter="r", words=None)
        if i % 5 == 0:
            world.review.appeal(world.site, id, decision=None, words="Why?")
        world.desk.look(world.site.id, id, by="bela", now=world.clock())


def test_a_page_takes_as_many_statements_for_25_cards_as_for_one(
    world: World,
) -> None:
    fill(world, 30)

    taken = set()
    for limit in (1, 25):
        with statements(world) as run:
            page = page_of(world, limit=limit)
        assert len(page.cards) == limit
        taken.add(len(run))

    assert len(taken) == 1
    assert taken.pop() <= STATEMENTS


def test_no_list_takes_more_statements_where_there_is_more_to_see(
    world: World,
) -> None:
    fill(world, HEAD + 1)

    after = page_of(world).after
    for read in (
        partial(page_of, world),
        partial(page_of, world, order=Order.OLDEST, after=after),
        partial(page_of, world, Filters(words="fool", least=0.1)),
        partial(world.desk.appeals, world.site.id, by="anna", now=NOON),
        partial(
            world.desk.decided, world.site.id, REJECT, Filters(), by="anna", now=NOON
        ),
    ):
        with statements(world) as run:
            assert len(read().cards) == 25
        assert len(run) <= STATEMENTS


def test_a_decision_takes_no_more_statements_the_more_are_decided(
    world: World,
) -> None:
    fill(world, 30)
    picks = [(f"c-{i}", 1) for i in range(30) if i % 5]

    taken = []
    for some in (picks[:1], picks[1:]):
        with statements(world) as run:
            world.review.decide_many(
                world.site,
                some,
                REJECT,
                rule=Rule.PERSONAL,
                note=None,
                by="anna",
                role=Role.EDITOR,
            )
        taken.append(len([s for s, _ in run if "events" not in s and "lock" not in s]))

    assert taken[0] == taken[1]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_lists_are_read_in_the_order_of_an_index(world: World) -> None:
    fill(world, HEAD + 1)
    with statements(world) as run:
        page_of(world)
        page_of(world, order=Order.NEWEST, after="1772366400000000-7")
        page_of(world, Filters(rule=Rule.PERSONAL, language="en"))
        page_of(world, Filters(waiting=Waiting.FLAGGED))
        world.desk.counts(world.site.id)
        world.desk.decided(world.site.id, REJECT, Filters(), by="anna", now=NOON)

    plans = [plan(world, *ran) for ran in run]

    assert not [step for steps in plans for step in steps if "SCAN comments" in step]
    sorted_ones = [s for s in plans if any("TEMP B-TREE" in step for step in s)]
    # Only the few appeals of one page are sorted.
    assert all("appeals" in " ".join(steps) for steps in sorted_ones)
    used = {word for steps in plans for step in steps for word in step.split()}
    assert used >= {
        "ix_comments_waiting",
        "ix_comments_waiting_kind",
        "ix_comments_alike",
        "ix_comments_author",
        "ix_comments_kept",
    }


def plan(world: World, statement: str, parameters: object) -> list[str]:
    """The steps by which SQLite runs a statement."""
    with world.database.reading() as connection:
        rows = connection.exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}",
            parameters,  # type: ignore[arg-type]
        )
        return [row.detail for row in rows]
