"""What the days of a site come to is what was decided on them, counted once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import event, select, update

from model.drift import BINS
from model.finding import Attribute, Rule, Source, Span
from service.domain import Article, Outcome, Verdict
from service.review import Review
from service.store.accounts import Role
from service.store.overview import SLACK, Overview
from service.store.records import Submission
from service.store.schema import decisions, tallies
from service.store.sites import Sites
from service.store.store import Store
from service.store.tallies import (
    MOST_TERMS,
    NOTHING,
    Heat,
    Opinion,
    Pair,
    Proposal,
    Samples,
    Spread,
    Tally,
    tally_json,
    tally_of,
    total,
)
from tests.fixtures_store import NOON
from tests.reviewing import FLAGGED, HELD, World, make_world, reason
from tests.samples import ABSTAINED, ACCEPTED, REJECTED, comment
from tests.tampering import tampering

ACCEPT, REJECT = Outcome.ACCEPT, Outcome.REJECT
TODAY = NOON.date()
DAY = timedelta(days=1)
NIGHT = datetime(2026, 3, 2, tzinfo=UTC)
"""The end of the day on which worlds begin."""


@pytest.fixture
def world(store: Store) -> World:
    """A site, two moderators, and a clock that says noon."""
    return make_world(store)


def days(world: World, first: date, last: date) -> dict[date, Tally]:
    overview = Overview(world.database)
    return overview.days(world.site.id, first, last, world.clock())


def today(world: World) -> Tally:
    day = world.clock().date()
    return days(world, day, day)[day]


def decide(
    world: World,
    id: str,
    outcome: Outcome,
    seen: int = 1,
    by: str = "anna",
    *,
    review: Review | None = None,
    rule: Rule = Rule.PERSONAL,
    alike: bool = False,
) -> None:
    (review or world.review).decide(
        world.site,
        id,
        outcome,
        rule=rule if outcome is REJECT else None,
        note=None,
        seen=seen,
        by=by,
        role=Role.MODERATOR,
        alike=alike,
    )


def lexicon(verdict: Verdict, *spans: Span, rule: Rule = Rule.OBSCENE) -> Verdict:
    """The verdict with what the word list saw as its reason."""
    found = replace(reason(rule), source=Source.LEXICON, spans=spans)
    return replace(verdict, reasons=(found,))


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

    world.review.decide(
        world.site,
        "c-1",
        REJECT,
        rule=Rule.OBSCENE,
        note=None,
        seen=2,
        by="editor",
        role=Role.EDITOR,
    )

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


# Samples


def test_of_samples_it_counts_how_many_people_decided_and_rejected(
    world: World,
) -> None:
    for i in range(4):
        world.send(f"c-{i}", ACCEPTED, is_sample=True)
    world.send("c-8")
    world.send("c-9", ACCEPTED)
    decide(world, "c-0", ACCEPT)
    decide(world, "c-1", REJECT)
    decide(world, "c-2", ACCEPT)
    decide(world, "c-8", REJECT)
    decide(world, "c-9", REJECT)

    tally = today(world)

    assert tally.samples == Samples(decided=3, rejected=1, drawn=4)
    assert tally.opinions[Opinion(None, Proposal.ACCEPT, ACCEPT, None)] == 2


def test_nobody_waits_for_a_sample(world: World) -> None:
    world.send("c-1", ACCEPTED, is_sample=True)
    world.clock.sleep(86_000)

    decide(world, "c-1", ACCEPT)

    assert today(world).waits == ()


def test_a_sample_that_readers_report_is_none_any_more_and_waits_from_then_on(
    world: World,
) -> None:
    world.send("c-1", ACCEPTED, is_sample=True)
    world.clock.sleep(3600)
    world.review.report(world.site, "c-1", reporter="r-1", words=None)
    world.clock.sleep(50)

    decide(world, "c-1", REJECT)

    assert today(world).samples == Samples(0, 0, drawn=1)
    assert today(world).waits == (50,)


def test_a_sample_that_is_left_to_an_editor_is_still_one(world: World) -> None:
    world.send("c-1", ACCEPTED, is_sample=True)
    world.review.escalate(world.site, "c-1", note=None, seen=1, by="anna")

    world.review.decide(
        world.site,
        "c-1",
        REJECT,
        rule=Rule.OBSCENE,
        note=None,
        seen=2,
        by="editor",
        role=Role.EDITOR,
    )

    assert today(world).samples == Samples(1, 1, drawn=1)


def test_what_the_site_decides_says_nothing_of_samples(world: World) -> None:
    for id in ("c-1", "c-2", "c-3"):
        world.send(id, ACCEPTED, is_sample=True)
    world.review.escalate(world.site, "c-2", note=None, seen=1, by="anna")

    for id in ("c-1", "c-2", "c-3"):
        world.review.decide_by_site(
            world.site, id, REJECT, rule=Rule.PERSONAL, note=None, by=None
        )
    world.review.appeal(world.site, "c-3", decision=None, words="No!")
    decide(world, "c-3", ACCEPT, seen=2)

    assert today(world).samples == Samples(0, 0, drawn=3)


def test_a_sample_counts_once_whatever_is_decided_later(world: World) -> None:
    always = world.with_share(1.0)
    world.send("c-1", ACCEPTED, is_sample=True)
    decide(world, "c-1", ACCEPT, review=always)

    decide(world, "c-1", REJECT, seen=2, by="bela", review=always)

    assert today(world).samples == Samples(1, 0, drawn=1)


def test_a_decision_on_a_sample_that_was_undone_counts_as_never_made(
    world: World,
) -> None:
    world.send("c-1", ACCEPTED, is_sample=True)
    decide(world, "c-1", REJECT)
    world.review.undo(world.site, "c-1", number=2, by="anna")
    undone = today(world)

    decide(world, "c-1", ACCEPT, seen=3)

    assert undone.samples == Samples(0, 0, drawn=1)
    assert today(world).samples == Samples(1, 0, drawn=1)


def test_samples_that_are_decided_as_one_count_each(world: World) -> None:
    for i in range(3):
        world.send(f"c-{i}", ACCEPTED, "You fool!", is_sample=True)
    world.send("c-3", FLAGGED, "You fool!")

    decide(world, "c-3", REJECT, alike=True)

    assert today(world).samples == Samples(3, 3, drawn=3)
    assert today(world).rejections == 4


def test_an_edit_makes_a_sample_what_the_new_text_is(world: World) -> None:
    world.send("c-1", ACCEPTED, "One.", is_sample=True)
    world.send("c-1", ACCEPTED, "Two.")
    world.send("c-2", ACCEPTED, "One.")
    world.send("c-2", ACCEPTED, "Two.", is_sample=True)

    decide(world, "c-1", REJECT, seen=2)
    decide(world, "c-2", REJECT, seen=2)

    assert today(world).samples == Samples(1, 1, drawn=2)


# Spreads


def one_in(*bins: int, of: int = BINS) -> tuple[int, ...]:
    """Counts of a comment each in these bins."""
    return tuple(bins.count(i) for i in range(of))


def scored(verdict: Verdict, **scores: float) -> Verdict:
    """The verdict with these scores, and of the others none."""
    found = {name: scores.get(name.value, 0.0) for name in Attribute}
    return replace(verdict, scores=found)


def test_verdicts_are_spread_by_the_score_that_most_names_a_rule(world: World) -> None:
    world.send("c-1", scored(ACCEPTED))
    world.send("c-2", scored(ACCEPTED, INSULT=0.0099, TOXICITY=0.99))
    world.send("c-3", scored(ACCEPTED, INSULT=0.01, THREAT=0.005))
    world.send("c-4", scored(HELD, THREAT=0.41))
    world.send("c-5", scored(REJECTED, PROFANITY=0.8, INSULT=0.7))
    world.send("c-6", scored(REJECTED, IDENTITY_ATTACK=1.0))
    world.send("c-7", ABSTAINED)

    spreads = today(world).spreads

    fates = (3, 2, 2)
    assert spreads == {
        ACCEPTED.model: Spread(one_in(0, 0, 1, 7, 9, 9, BINS - 1), fates)
    }


def test_verdicts_are_spread_by_the_version_that_gave_them(world: World) -> None:
    world.send("c-1", replace(ACCEPTED, model="old"))
    world.send("c-2", replace(FLAGGED, model="new"))
    world.send("c-3", replace(FLAGGED, model="new"))

    spreads = today(world).spreads

    assert {model: spread.fates for model, spread in spreads.items()} == {
        "old": (1, 0, 0),
        "new": (0, 2, 0),
    }


def test_what_people_decide_is_not_spread(world: World) -> None:
    world.send("c-1")
    before = today(world).spreads

    decide(world, "c-1", REJECT)

    assert today(world).spreads == before


def test_of_very_many_verdicts_some_are_looked_at_on_every_site(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.counting.MOST_LOOKED_AT", 200)
    sport = Sites(world.database).create("sport", by="test", now=NOON)
    for i in range(600):  # The sites take turns, so that keys of one are all odd.
        for site in (world.site, sport):
            sent = comment(f"c-{i}")
            text_hash = world.store.text_hash(sent.text)
            world.store.record(
                site.id, sent, text_hash, ACCEPTED, world.clock(), alike=None
            )

    overview = Overview(world.database)
    both = [
        overview.days(site.id, TODAY, TODAY, NOON)[TODAY].spreads[ACCEPTED.model]
        for site in (world.site, sport)
    ]

    assert all(150 < sum(spread.scores) < 250 for spread in both)
    assert all(sum(spread.scores) == sum(spread.fates) for spread in both)


def test_a_glance_sees_the_same_of_several_sites_at_once(world: World) -> None:
    sport = Sites(world.database).create("sport", by="test", now=NOON)
    other = replace(world, site=sport)
    for one in (world, other):
        one.send("c-1", ACCEPTED, is_sample=True)
        one.send("c-2", REJECTED)
        decide(one, "c-1", REJECT)
    overview = Overview(world.database)

    glance = overview.since([world.site.id, sport.id], TODAY, NOON)

    whole = total(
        overview.days(site.id, TODAY, TODAY, NOON)[TODAY]
        for site in (world.site, sport)
    )
    assert (glance.samples, glance.spreads) == (whole.samples, whole.spreads)
    assert (glance.accepted, glance.rejected) == (2, 2)
    assert glance.samples == Samples(2, 2, drawn=2)


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


# Days


def test_a_day_is_from_midnight_to_midnight_in_utc(world: World) -> None:
    tick = timedelta(microseconds=1)
    for i, moment in enumerate([NIGHT - tick, NIGHT, NIGHT + DAY - tick, NIGHT + DAY]):
        world.clock.now = moment
        world.send(f"c-{i}", ACCEPTED)

    found = days(world, TODAY - DAY, TODAY + 2 * DAY)

    assert [day.accepted for day in found.values()] == [0, 1, 2, 1]
    assert list(found) == [TODAY + i * DAY for i in range(-1, 3)]


def test_keys_and_times_may_be_out_of_step(world: World) -> None:
    # As processes that waited for each other leave them: back and forth by minutes.
    around = [NIGHT + timedelta(minutes=m) for m in (-9, -1, 0, -4, 6, -8, 9, 1, -2, 8)]
    for i, moment in enumerate(around):
        world.clock.now = moment
        world.send(f"c-{i}", ACCEPTED)

    found = days(world, TODAY, TODAY + DAY)

    assert [day.accepted for day in found.values()] == [5, 5]


def test_gaps_between_keys_do_no_harm(world: World) -> None:
    for i in range(40):
        world.clock.now = NIGHT + i * DAY / 10
        world.send(f"c-{i}", ACCEPTED)
    with tampering(world.database) as connection:
        connection.execute(
            decisions.delete().where(decisions.c.comment_key.between(8, 33))
        )

    found = days(world, NIGHT.date(), NIGHT.date() + 3 * DAY)

    assert [day.accepted for day in found.values()] == [7, 0, 0, 7]


def test_before_the_first_decision_and_on_days_to_come_there_is_nothing(
    world: World,
) -> None:
    assert today(world) == NOTHING
    world.send("c-1", ACCEPTED)

    found = days(world, TODAY - DAY, TODAY + DAY)

    spread = Spread(one_in(6), one_in(0, of=3))
    one = Tally(accepted=1, spreads={ACCEPTED.model: spread})
    assert list(found.values()) == [NOTHING, one, NOTHING]


def kept(world: World) -> list[date]:
    with world.database.reading() as connection:
        numbers = connection.scalars(select(tallies.c.day).order_by(tallies.c.day))
        return [date(1970, 1, 1) + number * DAY for number in numbers]


def test_days_that_are_over_are_counted_once_and_today_every_time(
    world: World,
) -> None:
    world.send("c-1", FLAGGED)
    world.clock.now = NIGHT + timedelta(hours=1)
    world.send("c-2", FLAGGED)
    first = days(world, TODAY, TODAY + DAY)
    world.send("c-3", FLAGGED)
    with tampering(world.database) as connection:
        connection.execute(update(decisions).values(outcome="reject", flagged=False))

    again = days(world, TODAY, TODAY + DAY)

    assert kept(world) == [TODAY]
    assert again[TODAY] == first[TODAY]
    assert again[TODAY].flagged == 1
    assert (first[TODAY + DAY].flagged, again[TODAY + DAY].rejected) == (1, 2)


def test_a_day_is_not_kept_while_something_of_it_may_be_on_its_way(
    world: World,
) -> None:
    world.clock.now = NIGHT + SLACK - timedelta(microseconds=1)
    days(world, TODAY, TODAY)
    too_early = kept(world)

    world.clock.now = NIGHT + SLACK
    days(world, TODAY, TODAY)

    assert too_early == []
    assert kept(world) == [TODAY]


def test_several_may_count_the_same_days_at_once(world: World) -> None:
    for i in range(20):
        world.clock.now = NOON + i * DAY / 4
        world.send(f"c-{i}")
        decide(world, f"c-{i}", REJECT)
    world.clock.sleep(86_400)
    last = world.clock().date()

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: days(world, TODAY, last), range(8)))

    assert all(days == found[0] for days in found)
    assert total(found[0].values()).rejections == 20


def test_when_patience_ends_the_earliest_days_are_left_for_the_next_view(
    world: World,
) -> None:
    for i in range(4):
        world.clock.now = NOON + i * DAY
        world.send(f"c-{i}", ACCEPTED)
    now, last = world.clock(), world.clock().date()
    ticks = count()
    # A clock that says ten seconds more each time: one day and today in a view.
    slow = Overview(world.database, clock=lambda: 10.0 * next(ticks))

    views = [slow.days(world.site.id, TODAY, last, now) for _ in range(3)]

    assert [len(view) for view in views] == [2, 3, 4]
    assert list(views[0]) == [last - DAY, last]
    assert all(day.accepted == 1 for day in views[2].values())


def test_a_day_is_found_by_halving(world: World) -> None:
    store, sent = world.store, 2000
    submissions = [
        Submission(comment(f"c-{i}"), bytes(32), ACCEPTED, None) for i in range(sent)
    ]
    for day in range(4):
        part = submissions[day * 500 : (day + 1) * 500]
        store.record_many(world.site.id, part, NOON + day * DAY)
    statements: list[str] = []
    event.listen(
        world.database.engine,
        "before_cursor_execute",
        lambda *args: statements.append(args[2]),
    )
    world.clock.now = NOON + 3 * DAY

    tally = days(world, TODAY + DAY, TODAY + DAY)[TODAY + DAY]

    assert tally.accepted == 500
    looked_up = [statement for statement in statements if "LIMIT" in statement]
    assert len(looked_up) <= 2 * sent.bit_length()
    assert len(statements) <= len(looked_up) + 9


# Adding up and keeping


FULL = Tally(
    accepted=5,
    flagged=2,
    rejected=1,
    articles={"a-1": Heat("On rivers", 1, 1), "a-2": Heat(None, 1, 0)},
    approvals=1,
    rejections=2,
    waits=(3, 60, 60),
    opinions={
        Opinion(Rule.OBSCENE, Proposal.FLAG, REJECT, Rule.PERSONAL): 2,
        Opinion(None, Proposal.ACCEPT, ACCEPT, None): 1,
    },
    pairs={Pair(ACCEPT, REJECT): 1},
    terms={"fool": 2, "कुत्ता": 1},
    samples=Samples(4, 1, drawn=9),
    spreads={"m-1": Spread(one_in(0, 0, 3, 9, BINS - 1), (3, 1, 1))},
)


def test_a_day_comes_back_as_it_was_kept() -> None:
    assert tally_of(tally_json(FULL)) == FULL
    assert tally_of(tally_json(NOTHING)) == NOTHING


def test_a_day_that_was_kept_before_samples_were_counted_is_read() -> None:
    item = json.loads(tally_json(FULL))
    del item["samples"], item["spreads"]

    assert tally_of(json.dumps(item)) == replace(FULL, samples=Samples(), spreads={})


def test_of_very_many_words_the_rare_ones_are_not_kept() -> None:
    terms = {f"word {i}": i for i in range(1, MOST_TERMS + 2)}

    kept = tally_of(tally_json(replace(NOTHING, terms=terms))).terms

    assert len(kept) == MOST_TERMS
    assert "word 1" not in kept


def test_days_add_up() -> None:
    other = Tally(
        accepted=1,
        articles={"a-2": Heat("On roads", 0, 2)},
        approvals=1,
        waits=(10,),
        pairs={Pair(ACCEPT, REJECT): 2, Pair(REJECT, REJECT): 1},
        terms={"fool": 1, "scum": 1},
        samples=Samples(2, 2, drawn=3),
        spreads={
            "m-1": Spread(one_in(0), (1, 0, 0)),
            "m-2": Spread(one_in(1), (0, 1, 0)),
        },
    )

    whole = total([FULL, other, NOTHING])

    assert (whole.accepted, whole.flagged, whole.rejected) == (6, 2, 1)
    assert whole.articles == {
        "a-1": Heat("On rivers", 1, 1),
        "a-2": Heat("On roads", 1, 2),
    }
    assert (whole.approvals, whole.rejections) == (2, 2)
    assert whole.waits == (3, 10, 60, 60)
    assert whole.opinions == FULL.opinions
    assert whole.pairs == {Pair(ACCEPT, REJECT): 3, Pair(REJECT, REJECT): 1}
    assert whole.terms == {"fool": 3, "कुत्ता": 1, "scum": 1}
    assert whole.samples == Samples(6, 3, drawn=12)
    assert whole.spreads == {
        "m-1": Spread(one_in(0, 0, 0, 3, 9, BINS - 1), (4, 1, 1)),
        "m-2": Spread(one_in(1), (0, 1, 0)),
    }


def test_of_no_days_the_total_is_nothing() -> None:
    assert total([]) == NOTHING
