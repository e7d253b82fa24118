"""Moderators see the right comments in the right order, each once."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from model.finding import Rule, Source
from service.domain import Article, Outcome, Waiting
from service.errors import InvalidInput
from service.store.cases import Card, Filters, Order, Page
from service.store.lists import FLOOD, GROUPED, HEAD
from service.store.sites import Sites
from tests.fixtures_store import NOON
from tests.listing import ids_of, page_of, walk
from tests.reviewing import (
    ACCEPT,
    FLAGGED,
    HELD,
    REJECT,
    World,
    approve,
    author,
    card_of,
    reason,
    reject,
)
from tests.samples import ABSTAINED, ACCEPTED, REJECTED

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
