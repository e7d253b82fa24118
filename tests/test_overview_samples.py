"""What shows how well the model does is counted: samples, and how scores spread."""

from __future__ import annotations

from dataclasses import replace

import pytest

from model.drift import BINS
from model.finding import Attribute, Rule
from service.domain import Verdict
from service.store.accounts import Role
from service.store.overview import Overview
from service.store.sites import Sites
from service.store.tallies import Opinion, Proposal, Samples, Spread, total
from tests.fixtures_store import NOON
from tests.overviewing import ACCEPT, REJECT, TODAY, decide, one_in, today
from tests.reviewing import FLAGGED, HELD, World
from tests.samples import ABSTAINED, ACCEPTED, REJECTED, comment

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

    decide(world, "c-1", REJECT, 2, "editor", rule=Rule.OBSCENE, role=Role.EDITOR)

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
