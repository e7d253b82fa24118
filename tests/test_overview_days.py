"""A day is from midnight to midnight, and counted once when it is over."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from itertools import count

from sqlalchemy import event, select, update

from model.drift import BINS
from model.finding import Rule
from service.store.overview import SLACK, Overview
from service.store.records import Submission
from service.store.schema import decisions, tallies
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
from tests.overviewing import (
    ACCEPT,
    DAY,
    NIGHT,
    REJECT,
    TODAY,
    days,
    decide,
    one_in,
    today,
)
from tests.reviewing import FLAGGED, World
from tests.samples import ACCEPTED, comment
from tests.tampering import tampering

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
