"""What the days of a site come to is what was decided on them, counted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from model.finding import Rule, Source, Span
from service.domain import Article
from service.store.accounts import Role
from service.store.overview import Overview
from service.store.sites import Sites
from service.store.tallies import NOTHING, Heat, Opinion, Pair, Proposal
from tests.fixtures_store import NOON
from tests.overviewing import (
    ACCEPT,
    DAY,
    NIGHT,
    REJECT,
    TODAY,
    days,
    decide,
    lexicon,
    today,
)
from tests.reviewing import FLAGGED, HELD, World, reason
from tests.samples import ABSTAINED, ACCEPTED, REJECTED

# Automatic verdicts


def test_every_verdict_is_counted_as_one_of_three(world: World) -> None:
    verdicts = [ACCEPTED, ACCEPTED, FLAGGED, HELD, ABSTAINED, REJECTED]
    for i, verdict in enumerate(verdicts):
        world.send(f"c-{i}", verdict)

    tally = today(world)

    assert (tally.accepted, tally.flagged, tally.rejected) == (2, 3, 1)
    assert tally.volume == 6
    assert tally.by_people == 0


def test_a_changed_text_counts_again_and_a_repeated_one_does_not(world: World) -> None:
    for text in ("One.", "One.", "Two."):
        world.send("c-1", ACCEPTED, text)

    assert today(world).accepted == 2


def test_what_people_decide_changes_nothing_of_the_verdicts(world: World) -> None:
    world.send("c-1", FLAGGED)
    before = today(world)

    decide(world, "c-1", REJECT)

    after = today(world)
    assert (after.accepted, after.flagged, after.rejected) == (0, 1, 0)
    assert after.articles == before.articles


def test_another_sites_decisions_are_its_own(world: World) -> None:
    sport = Sites(world.database).create("sport", by="test", now=NOON)
    world.send("c-1", FLAGGED)

    tally = Overview(world.database).days(sport.id, TODAY, TODAY, NOON)[TODAY]

    assert tally == NOTHING


def test_articles_are_counted_by_what_was_flagged_and_rejected_below_them(
    world: World,
) -> None:
    rivers, roads = Article("a-1", None, "On rivers"), Article("a-2")
    sent = [(rivers, FLAGGED), (rivers, REJECTED), (rivers, ACCEPTED), (roads, HELD)]
    for i, (article, verdict) in enumerate(sent):
        world.send(f"c-{i}", verdict, article=article)
    world.send("c-9", REJECTED, article=None)

    assert today(world).articles == {
        "a-1": Heat("On rivers", 1, 1),
        "a-2": Heat(None, 1, 0),
    }


# People's decisions


def test_peoples_decisions_are_counted_with_how_long_they_were_waited_for(
    world: World,
) -> None:
    for i in range(3):
        world.send(f"c-{i}")
    world.clock.sleep(30)
    decide(world, "c-0", ACCEPT)
    world.clock.sleep(90)
    decide(world, "c-1", REJECT)

    tally = today(world)

    assert (tally.approvals, tally.rejections) == (1, 1)
    assert tally.waits == (30, 120)


def test_a_reversal_of_what_did_not_wait_has_no_time_to_decision(world: World) -> None:
    world.send("c-1", REJECTED)
    world.clock.sleep(60)

    decide(world, "c-1", ACCEPT)

    assert today(world).approvals == 1
    assert today(world).waits == ()


def test_an_appeal_waits_from_when_the_reader_objected(world: World) -> None:
    world.send("c-1", REJECTED)
    world.clock.sleep(3600)
    world.review.appeal(world.site, "c-1", decision=None, words="Why?")
    world.clock.sleep(40)

    decide(world, "c-1", ACCEPT)

    assert today(world).waits == (40,)
    assert today(world).opinions == {
        Opinion(Rule.OBSCENE, Proposal.REJECT, ACCEPT, None): 1
    }


def test_a_reported_comment_waits_from_the_report_on(world: World) -> None:
    world.send("c-1", ACCEPTED)
    world.clock.sleep(3600)
    world.review.report(world.site, "c-1", reporter="r-1", words=None)
    world.clock.sleep(50)

    decide(world, "c-1", REJECT)

    assert today(world).waits == (50,)
    assert today(world).opinions == {
        Opinion(None, Proposal.ACCEPT, REJECT, Rule.PERSONAL): 1
    }


def test_what_the_site_itself_decides_counts_as_a_persons_decision(
    world: World,
) -> None:
    world.send("c-1")
    world.clock.sleep(5)

    world.review.decide_by_site(
        world.site, "c-1", REJECT, rule=Rule.PERSONAL, note=None, by=None
    )

    tally = today(world)
    assert (tally.rejections, tally.waits) == (1, (5,))
    assert sum(tally.opinions.values()) == 1


def test_what_was_undone_counts_as_never_decided(world: World) -> None:
    world.send("c-1")
    world.clock.sleep(10)
    decide(world, "c-1", REJECT)
    world.clock.sleep(5)
    world.review.undo(world.site, "c-1", number=2, by="anna")
    undone = today(world)
    world.clock.sleep(5)

    decide(world, "c-1", ACCEPT, seen=3)

    assert (undone.by_people, undone.waits, undone.opinions) == (0, (), {})
    tally = today(world)
    assert (tally.approvals, tally.rejections, tally.waits) == (1, 0, (20,))
    assert tally.opinions == {Opinion(Rule.PERSONAL, Proposal.FLAG, ACCEPT, None): 1}


def test_what_is_undone_after_midnight_counts_on_neither_day(world: World) -> None:
    world.send("c-1")
    world.clock.now = NIGHT - timedelta(seconds=5)
    decide(world, "c-1", REJECT)
    world.clock.sleep(7)
    world.review.undo(world.site, "c-1", number=2, by="anna")

    found = days(world, TODAY, TODAY + DAY)

    assert [day.by_people for day in found.values()] == [0, 0]


def test_an_escalation_is_no_decision_and_the_editors_is_the_first(
    world: World,
) -> None:
    world.send("c-1")
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")
    escalated = today(world)

    decide(world, "c-1", REJECT, 2, "editor", rule=Rule.OBSCENE, role=Role.EDITOR)

    assert escalated.by_people == 0
    assert today(world).rejections == 1
    assert today(world).opinions == {
        Opinion(Rule.PERSONAL, Proposal.FLAG, REJECT, Rule.OBSCENE): 1
    }


def test_only_the_first_decision_on_a_text_is_held_against_the_model(
    world: World,
) -> None:
    world.send("c-1", FLAGGED, "One.")
    decide(world, "c-1", REJECT)
    decide(world, "c-1", ACCEPT, seen=2)
    world.send("c-1", HELD, "Two.")
    decide(world, "c-1", ACCEPT, seen=4)

    tally = today(world)

    assert tally.by_people == 3
    assert tally.opinions == {
        Opinion(Rule.PERSONAL, Proposal.FLAG, REJECT, Rule.PERSONAL): 1,
        Opinion(Rule.PERSONAL, Proposal.FLAG, ACCEPT, None): 1,
    }


def test_of_comments_decided_as_one_one_is_held_against_the_model(
    world: World,
) -> None:
    for i in range(4):
        world.send(f"c-{i}", text="You fool!")

    decide(world, "c-0", REJECT, alike=True)

    tally = today(world)
    assert tally.rejections == len(tally.waits) == 4
    assert tally.opinions == {
        Opinion(Rule.PERSONAL, Proposal.FLAG, REJECT, Rule.PERSONAL): 1
    }


# Second opinions


def test_second_opinions_are_paired_with_the_first(world: World) -> None:
    always = world.with_share(1.0)
    for i, (first, second) in enumerate(
        [(REJECT, REJECT), (REJECT, ACCEPT), (ACCEPT, ACCEPT), (ACCEPT, ACCEPT)]
    ):
        world.send(f"c-{i}")
        decide(world, f"c-{i}", first, review=always)
        world.clock.sleep(600)
        decide(world, f"c-{i}", second, seen=2, by="bela", review=always)

    tally = today(world)

    assert tally.pairs == {
        Pair(REJECT, REJECT): 1,
        Pair(REJECT, ACCEPT): 1,
        Pair(ACCEPT, ACCEPT): 2,
    }
    assert tally.waits == (0, 0, 0, 0)
    assert sum(tally.opinions.values()) == 4


def test_a_pair_belongs_to_the_day_of_the_second_opinion(world: World) -> None:
    always = world.with_share(1.0)
    world.send("c-1")
    decide(world, "c-1", REJECT, review=always)
    world.clock.now = NIGHT + timedelta(hours=1)
    decide(world, "c-1", ACCEPT, seen=2, by="bela", review=always)

    found = days(world, TODAY, TODAY + DAY)

    assert [day.pairs for day in found.values()] == [{}, {Pair(REJECT, ACCEPT): 1}]


def test_who_changes_their_mind_is_no_second_person(world: World) -> None:
    always = world.with_share(1.0)
    world.send("c-1")
    decide(world, "c-1", REJECT, review=always)

    decide(world, "c-1", ACCEPT, seen=2, by="anna", review=always)

    assert today(world).pairs == {}


def test_a_second_opinion_that_was_undone_pairs_with_nothing(world: World) -> None:
    always = world.with_share(1.0)
    world.send("c-1")
    decide(world, "c-1", REJECT, review=always)
    decide(world, "c-1", ACCEPT, seen=2, by="bela", review=always)

    world.review.undo(world.site, "c-1", number=4, by="bela")

    assert today(world).pairs == {}
    assert today(world).by_people == 1


# Words


def test_words_are_counted_once_in_each_rejected_comment_as_the_list_reads_them(
    world: World,
) -> None:
    twice = lexicon(REJECTED, Span(0, 4), Span(6, 10))
    world.send("c-1", twice, "Fool, FOOL!")
    world.send("c-2", lexicon(REJECTED, Span(4, 15)), "You b\u200ba d\n  h\u0430t!")
    world.send("c-3", lexicon(REJECTED, Span(4, 8)), "You fool!")

    assert today(world).terms == {"fool": 2, "ba d hat": 1}


def test_words_count_only_where_somebody_rejected(world: World) -> None:
    for i in range(3):
        world.send(f"c-{i}", lexicon(FLAGGED, Span(4, 8)), f"You fool, {i}!")
    decide(world, "c-0", REJECT)
    decide(world, "c-1", ACCEPT)

    assert today(world).terms == {"fool": 1}


def test_what_people_reject_again_does_not_count_again(world: World) -> None:
    world.send("c-1", lexicon(REJECTED, Span(4, 8)), "You fool!")
    world.review.appeal(world.site, "c-1", decision=None, words="Why?")

    decide(world, "c-1", REJECT)

    assert today(world).terms == {"fool": 1}


def test_private_details_are_not_among_the_words(world: World) -> None:
    contact = replace(reason(Rule.PERSONAL), source=Source.CONTACT, spans=(Span(0, 9),))
    world.send("c-1", replace(REJECTED, reasons=(contact,)), "555 01 99")

    assert today(world).terms == {}
