"""Drift is measured by a published index, from what an honest reference expects."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model import artifact as artifacts
from model.dataset import Example, Examples, Split, fingerprint, split
from model.drift import (
    BINS,
    EDGES,
    FATES,
    MENTIONED,
    WARNED,
    Reference,
    bin_of,
    population_stability_index,
    reference,
    reference_of,
    shares,
)
from model.evaluate import check_card
from model.finding import Attribute, Rule
from model.judge import Judge, load_judge
from model.measuring import gather
from model.newscomments import news_comments
from service.domain import Thresholds
from service.store.overview import SLACK, Overview
from service.store.sites import Sites
from service.store.tallies import NO_SPREAD, Samples, Spread, Tally
from service.watch import (
    BEFORE,
    DAYS,
    LEAST,
    LEAST_BEFORE,
    LEAST_SAMPLES,
    MONTH,
    REMEMBER_S,
    WEEK,
    Drift,
    Watch,
    Watched,
    drift,
    expected_of,
    miss_rate,
    spread_of,
    within,
)
from tests.reviewing import FLAGGED, World, reject
from tests.samples import ACCEPTED, REJECTED, comment
from tests.tiny_corpora import write_corpora

CARD: dict[str, Any] = json.loads(Path(artifacts.shipped(), "card.json").read_text())
DAY = timedelta(days=1)
TODAY = date(2026, 3, 1)


def spread(*scores: int, fates: tuple[int, ...] | None = None) -> Spread:
    """Counts in the first bins, all accepted unless said otherwise."""
    counts = scores + (0,) * (BINS - len(scores))
    return Spread(counts, fates or (sum(scores), 0, 0))


def known(found: Drift) -> tuple[float, float]:
    """The indices of scores and of fates, which both are known."""
    assert found.scores is not None
    assert found.fates is not None
    return found.scores, found.fates


# The index


def test_the_index_is_the_published_sum() -> None:
    # (0.6 - 0.5) ln(0.6 / 0.5) + (0.4 - 0.5) ln(0.4 / 0.5) = 0.1 ln 1.5
    found = population_stability_index([0.5, 0.5], [600_000, 400_000])

    assert found == pytest.approx(0.1 * math.log(1.5), abs=1e-6)


def test_the_index_of_what_is_as_expected_is_nothing() -> None:
    counts = [10, 20, 70]

    assert population_stability_index(shares(counts), counts) == 0.0


def test_chance_alone_makes_the_index_that_theory_says() -> None:
    # Yurdakul 2018: index / (1 / n + 1 / m) has the chi-square distribution with
    # k - 1 degrees of freedom, whose mean is k - 1 and whose 95th percentile is 18.31.
    draw, n, m = np.random.default_rng(seed=0), LEAST, LEAST_BEFORE
    truth = reference_of(CARD)
    assert truth

    found = [
        population_stability_index(
            shares(draw.multinomial(m, before).tolist()),
            draw.multinomial(n, before).tolist(),
        )
        / (1 / n + 1 / m)
        for before in [np.array(truth.scores) / sum(truth.scores)] * 2_000
    ]

    # A little less, for half a comment in each bin draws both towards the middle.
    assert np.mean(found) == pytest.approx(BINS - 1, rel=0.1)
    assert np.quantile(found, 0.95) == pytest.approx(18.31, rel=0.1)
    # So what is too few to be compared would warn of nothing but chance.
    assert np.mean(np.array(found) * (1 / n + 1 / m) >= WARNED) == 0.0


def test_an_empty_bin_is_rare_and_not_impossible() -> None:
    assert shares([0, 3]) == (0.125, 0.875)
    assert math.isfinite(population_stability_index([0.5, 0.5], [0, 1_000]))


@pytest.mark.parametrize(
    ("expected", "counts"),
    [
        pytest.param([0.0, 1.0], [1, 1], id="a bin that cannot be"),
        pytest.param([0.5, 0.5], [1, 1, 1], id="more bins than expected"),
        pytest.param([], [], id="no bins"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    expected: list[float], counts: list[int]
) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (whichever of the two says so)
        population_stability_index(expected, counts)


# Bins


@pytest.mark.parametrize(
    ("scores", "found"),
    [
        pytest.param({}, 0, id="nothing that names a rule"),
        pytest.param({"TOXICITY": 1.0, "SEVERE_TOXICITY": 1.0}, 0, id="only toxic"),
        pytest.param({"INSULT": 0.0}, 0, id="zero"),
        pytest.param({"INSULT": 0.0099}, 0, id="below the first edge"),
        pytest.param({"INSULT": 0.01}, 1, id="on the first edge"),
        pytest.param({"INSULT": 0.0799, "THREAT": 0.08}, 4, id="the strongest counts"),
        pytest.param({"PROFANITY": 0.79996}, 9, id="rounded as it is stored"),
        pytest.param({"IDENTITY_ATTACK": 1.0}, BINS - 2, id="one"),
        pytest.param(None, BINS - 1, id="abstained"),
    ],
)
def test_a_comment_is_counted_by_the_score_that_decides(
    scores: dict[str, float] | None, found: int
) -> None:
    assert bin_of(scores) == found


# The reference


def own_comments() -> Examples:
    """Our own comments alone, split as they are with all the others, or nearly so."""
    rows = news_comments()
    return Examples(rows, split(rows))


@pytest.fixture(scope="module")
def judge() -> Judge:
    return load_judge()


def test_the_card_expects_what_the_version_makes_of_our_own_comments(
    judge: Judge,
) -> None:
    stated, again = reference_of(CARD), reference(judge, own_comments())

    assert stated
    assert again["of"]["own comments"] == pytest.approx(
        CARD["reference"]["of"]["own comments"], rel=0.02
    )
    assert again["scores"] == pytest.approx(list(stated.scores), abs=0.01)
    assert list(again["fates"].values()) == pytest.approx(list(stated.fates), abs=0.01)


def test_what_is_expected_is_shares_of_which_none_is_zero() -> None:
    found = reference_of(CARD)

    assert found
    assert (len(found.scores), len(found.fates)) == (BINS, len(FATES))
    for stated in (found.scores, found.fates):
        assert sum(stated) == pytest.approx(1.0, abs=1e-4)
        assert min(stated) > 0.005


def test_how_much_abuse_is_among_our_own_comments_changes_nothing(
    judge: Judge,
) -> None:
    data = own_comments()
    validation = data.part(Split.VALIDATION)
    abuse = [e for e in validation if e.labels[Attribute.TOXICITY]]
    clean = [e for e in validation if not e.labels[Attribute.TOXICITY]]
    rows = [*clean, *abuse, *abuse]

    more = reference(judge, Examples(rows, [Split.VALIDATION] * len(rows)))

    usual = reference(judge, data)
    assert more["of"]["own comments"] > usual["of"]["own comments"]
    assert more["scores"] == pytest.approx(usual["scores"], abs=2e-3)


def test_only_validation_and_only_what_was_written_as_a_comment_counts(
    judge: Judge,
) -> None:
    data = own_comments()
    strange = [
        Example("You idiot.", {Attribute.TOXICITY: 1}, corpus)
        for corpus in ("jigsaw", "own/templates", "labels")
    ]

    more = Examples(
        [*data.examples, *strange], [*data.splits, *[Split.VALIDATION] * len(strange)]
    )

    assert reference(judge, more) == reference(judge, data)


@pytest.mark.parametrize(
    "card",
    [
        pytest.param({}, id="an older card"),
        pytest.param(
            {"reference": CARD["reference"] | {"edges": [0.5]}}, id="other bins"
        ),
    ],
)
def test_a_card_that_does_not_say_what_to_expect_expects_nothing(
    card: Mapping[str, Any],
) -> None:
    assert reference_of(card) is None


def test_evaluation_says_whether_the_reference_is_true(tmp_path: Path) -> None:
    judge = load_judge()
    corpora = write_corpora(tmp_path)
    data = gather(corpora)
    known = {"data": {"fingerprint": fingerprint(data.examples)}, "figures": {}}
    true = reference(judge, data)
    judge.card = {**CARD, **known, "reference": true}
    of_true = check_card(judge, corpora)
    false = true | {"scores": [true["scores"][0] + 0.01, *true["scores"][1:]]}
    judge.card = {**CARD, **known, "reference": false}
    of_false = check_card(judge, corpora)

    said = [line for line in of_false if line not in of_true]
    assert [line.split(":")[0] for line in said] == ["reference/scores/0"]
    assert not any(line.startswith("reference/") for line in of_true)


# What a week says


def test_a_week_like_the_weeks_before_has_not_drifted() -> None:
    week, before = spread(50, 100, 150), spread(200, 400, 600)

    scores, fates = known(drift(week, expected_of(before)))

    # Not nothing: that eight bins are empty is less of a surprise in the longer time.
    assert scores < 0.02
    assert fates < 0.01


def test_scores_and_fates_drift_each_by_themselves() -> None:
    before = spread(600, 600, fates=(1_000, 100, 100))
    by_scores = spread(270, 30, fates=(250, 25, 25))
    by_fates = spread(150, 150, fates=(150, 25, 125))

    one = known(drift(by_scores, expected_of(before)))
    other = known(drift(by_fates, expected_of(before)))

    assert one[0] > WARNED > 0.02 > one[1]
    assert other[1] > WARNED > 0.02 > other[0]
    assert drift(by_fates, expected_of(before)).largest == other[1]


def test_too_few_comments_say_nothing() -> None:
    enough = Reference(shares([1] * BINS), shares([1] * len(FATES)))

    assert drift(spread(LEAST - 1), enough) == Drift()
    assert drift(spread(LEAST), enough) != Drift()
    assert drift(spread(LEAST), None) == Drift()
    assert expected_of(spread(LEAST_BEFORE - 1)) is None
    assert expected_of(spread(LEAST_BEFORE)) is not None
    assert Drift().largest == 0.0


def test_only_verdicts_of_the_version_that_judges_are_compared() -> None:
    days = {
        TODAY: Tally(spreads={"new": spread(1), "old": spread(0, 5)}),
        TODAY - DAY: Tally(spreads={"old": spread(0, 0, 7)}),
    }

    assert spread_of(within(days, TODAY, WEEK), "new") == spread(1)
    assert spread_of(within(days, TODAY, WEEK), "old") == spread(0, 5, 7)
    assert spread_of(within(days, TODAY, WEEK), "none") == NO_SPREAD


def test_a_week_is_seven_days_and_what_was_before_is_not_in_it() -> None:
    days = {TODAY - i * DAY: Tally(accepted=i) for i in range(40)}

    week = within(days, TODAY, WEEK)
    before = within(days, TODAY - WEEK * DAY, BEFORE)

    assert [tally.accepted for tally in week] == list(range(7))
    assert [tally.accepted for tally in before] == list(range(7, 35))


def test_the_miss_rate_has_the_published_interval() -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    found = miss_rate(Samples(decided=148, rejected=15))

    assert found
    assert found.estimate == pytest.approx(15 / 148)
    assert (found.low, found.high) == pytest.approx((0.0624, 0.1605), abs=5e-5)


def test_a_few_samples_tell_nothing() -> None:
    assert miss_rate(Samples()) is None
    assert miss_rate(Samples(LEAST_SAMPLES - 1, 3, drawn=500)) is None
    assert miss_rate(Samples(LEAST_SAMPLES, 3)) is not None


# All sites


class Ticks:
    """A clock in seconds that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


@pytest.fixture
def watch(world: World, ticks: Ticks) -> Watch:
    return Watch(Overview(world.database), Sites(world.database), clock=ticks)


def look(watch: Watch, world: World) -> Watched | None:
    card = CARD | {"version": ACCEPTED.model}
    return watch.look(card, world.clock())


def seen(watch: Watch, world: World) -> Watched:
    found = look(watch, world)
    assert found
    return found


def fill(world: World, count: int, fates: Sequence[float] | None = None) -> None:
    """Have comments moderated whose scores and fates are as the card expects."""
    draw = random.Random(1)  # noqa: S311
    expected = reference_of(CARD)
    assert expected
    middles = [(a + b) / 2 for a, b in zip((0, *EDGES), (*EDGES, 1), strict=True)]
    for i in range(count):
        (score,) = draw.choices([*middles, None], expected.scores)
        scores = None if score is None else dict.fromkeys(Attribute, score)
        (verdict,) = draw.choices(
            (ACCEPTED, FLAGGED, REJECTED), fates or expected.fates
        )
        sent = comment(f"{world.clock():%d%H%M}-{i}")
        world.store.record(
            world.site.id,
            sent,
            world.store.text_hash(sent.text),
            replace(verdict, scores=scores),
            world.clock(),
            alike=bytes(16) if verdict.flagged else None,
        )


def test_samples_of_four_weeks_are_counted_on_all_sites_together(
    watch: Watch, world: World
) -> None:
    sport = Sites(world.database).create("sport", by="test", now=world.clock())
    for days, site in ((MONTH, world.site), (MONTH - 1, world.site), (0, sport)):
        one = replace(world, site=site)
        now = world.clock.now
        world.clock.now = now - days * DAY
        one.send(f"bad-{days}", ACCEPTED, is_sample=True)
        reject(one, f"bad-{days}")
        world.clock.now = now

    assert seen(watch, world).samples == Samples(2, 2, drawn=2)


def test_this_week_is_compared_with_the_card(watch: Watch, world: World) -> None:
    fill(world, 150)
    world.clock.sleep(3 * 86_400)
    fill(world, 150)

    scores, fates = known(seen(watch, world).drift)

    assert 0 < scores < MENTIONED
    assert 0 < fates < MENTIONED


def test_a_week_of_other_comments_drifts(watch: Watch, world: World) -> None:
    fill(world, 100, fates=(0, 0, 1))
    for i in range(200):
        world.send(f"same-{i}", ACCEPTED)

    scores, fates = known(seen(watch, world).drift)

    assert scores > WARNED
    assert fates > WARNED


def test_what_was_before_this_week_is_no_part_of_it(watch: Watch, world: World) -> None:
    fill(world, 200)
    world.clock.sleep(WEEK * 86_400)

    assert seen(watch, world).drift == Drift()


def test_fates_of_a_site_with_thresholds_of_its_own_are_left_out(
    watch: Watch, world: World
) -> None:
    sites = Sites(world.database)
    sites.set_thresholds(
        "default", Rule.OBSCENE, Thresholds(0.1, 0.2), by="test", now=world.clock()
    )
    fill(world, 220, fates=(0, 0, 1))

    found = seen(watch, world).drift

    assert found.scores is not None
    assert found.fates is None


@pytest.mark.parametrize("before", [LEAST_BEFORE - 1, LEAST_BEFORE])
def test_a_version_that_has_learnt_is_compared_with_its_own_weeks_before(
    watch: Watch, world: World, before: int
) -> None:
    fill(world, before)
    world.clock.sleep(WEEK * 86_400)
    fill(world, LEAST, fates=(0, 0, 1))

    found = watch.look({"version": ACCEPTED.model, "mode": "adapt"}, world.clock())

    assert found
    if before < LEAST_BEFORE:
        assert found.drift == Drift()
    else:
        scores, fates = known(found.drift)
        assert scores < MENTIONED
        assert fates > WARNED


def test_it_looks_once_a_minute(watch: Watch, world: World, ticks: Ticks) -> None:
    first = look(watch, world)
    ticks.now += REMEMBER_S - 0.1
    too_early = look(watch, world)
    ticks.now += 0.2
    later = look(watch, world)

    assert too_early is None
    assert first == later is not None


def test_what_is_decided_today_is_seen_at_the_next_look(
    watch: Watch, world: World, ticks: Ticks
) -> None:
    world.send("c-1", ACCEPTED, is_sample=True)
    before = seen(watch, world)
    reject(world, "c-1")
    ticks.now += REMEMBER_S + 1

    after = seen(watch, world)

    assert (before.samples, after.samples) == (
        Samples(drawn=1),
        Samples(1, 1, drawn=1),
    )


def test_days_that_are_over_stay_counted_after_midnight(
    watch: Watch, world: World, ticks: Ticks
) -> None:
    world.send("c-1", ACCEPTED, is_sample=True)
    reject(world, "c-1")
    found = []
    night = datetime(2026, 3, 2, tzinfo=UTC)
    for moment in (night, night + SLACK / 2, night + SLACK, night + DAY):
        world.clock.now = moment
        ticks.now += REMEMBER_S + 1
        found.append(seen(watch, world).samples)

    assert found == [Samples(1, 1, drawn=1)] * 4


def test_where_many_days_are_yet_to_be_counted_it_takes_several_looks(
    watch: Watch, world: World, ticks: Ticks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.store.overview.PATIENCE_S", 0.0)
    world.send("c-1", ACCEPTED, is_sample=True)
    reject(world, "c-1")

    found = [look(watch, world) for _ in range(DAYS)]

    assert found[0] is None
    (finished,) = filter(None, found)
    assert finished.samples == Samples(1, 1, drawn=1)
