"""Versions are stored whole, and the log says at any time which one answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select, update

from model import artifact as artifacts
from model.artifact import Block, BrokenArtifact
from model.drift import BINS, EDGES
from model.finding import Attribute
from service.errors import ConfigurationError, NotPossible, StoreUnavailable
from service.store.database import Database, open_database
from service.store.models import KEPT, Models, Promotion
from service.store.schema import models as table
from service.store.schema import promotions
from service.store.shadows import Difference, Shadows, Tally
from service.store.store import Store
from tests.fixtures_store import NOON
from tests.samples import ACCEPTED, REJECTED, comment
from tests.versions import gate, small

BASE, ANNA, BERT, CLEO = (f"2026-01-0{day}-{day:06}" for day in range(1, 5))


class Newsroom:
    """One database, and folders with versions of the model."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.models = Models(database)
        self.folder = folder
        self.base = small(folder, BASE)

    def version(self, name: str, card: dict[str, object] | None = None) -> Path:
        """A version's folder, made if it is not there."""
        there = self.folder / name
        return there if there.exists() else small(self.folder, name, card)

    def promote(self, name: str, *, anyway: bool = False) -> Promotion:
        """Promote a version by its folder."""
        return self.models.promote(
            self.version(name), base=self.base, by="mary", now=NOON, anyway=anyway
        )

    def rollback(self) -> Promotion:
        """Go back, with the base at hand."""
        return self.models.rollback(by="mary", now=NOON, base=self.base)

    def shadow(self, name: str | None) -> None:
        """Make a version the shadow."""
        what = None if name is None else self.version(name)
        self.models.shadow(what, base=self.base, by="mary", now=NOON)

    def store(self, name: str) -> None:
        """Store a version without letting it answer."""
        self.models.store(self.version(name), by="mary", now=NOON)

    def kept(self) -> set[str]:
        """The versions whose weights are stored."""
        return {one.version for one in self.models.versions() if one.has_weights}

    def damage(self, name: str, **values: object) -> None:
        """Change what is stored of a version."""
        with self.database.writing() as connection:
            changed = update(table).where(table.c.version == name)
            connection.execute(changed.values(values))


@pytest.fixture
def newsroom(database: Database, tmp_path: Path) -> Newsroom:
    return Newsroom(database, tmp_path / "versions")


# Promotion


def test_before_any_promotion_the_base_answers(newsroom: Newsroom) -> None:
    assert newsroom.models.active() is None
    assert newsroom.models.versions() == []


def test_a_promoted_version_is_stored_as_it_is_in_its_folder(
    newsroom: Newsroom,
) -> None:
    promotion = newsroom.promote(ANNA)

    stored = newsroom.models.artifact(ANNA)
    folder = artifacts.load(newsroom.version(ANNA))
    assert newsroom.models.active() == ANNA
    assert (promotion.version, promotion.replaces) == (ANNA, BASE)
    assert (promotion.promoted_by, promotion.promoted_at) == ("mary", NOON)
    assert stored
    assert stored.card == folder.card
    np.testing.assert_array_equal(stored.words.coef, folder.words.coef)


def test_the_base_that_is_replaced_is_stored_too(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)

    assert newsroom.kept() == {BASE, ANNA}


def test_a_stored_version_is_promoted_by_its_name(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    newsroom.promote(BERT)

    newsroom.models.promote(ANNA, base=newsroom.base, by="mary", now=NOON)

    assert newsroom.models.active() == ANNA


def test_storing_a_version_does_not_let_it_answer(newsroom: Newsroom) -> None:
    stored = newsroom.models.store(newsroom.version(ANNA), by="mary", now=NOON)

    assert (stored.version, stored.stored_by, stored.stored_at) == (ANNA, "mary", NOON)
    assert newsroom.models.active() is None


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ({"gate": gate(passed=False)}, "was refused by its gate"),
        ({"gate": None}, "has passed no gate"),
        ({"gate": {"passed": "yes"}}, "was refused by its gate"),
    ],
)
def test_what_no_gate_has_passed_is_promoted_only_anyway(
    newsroom: Newsroom, card: dict[str, object], why: str
) -> None:
    newsroom.version(ANNA, card)

    with pytest.raises(NotPossible, match=f"{ANNA} {why}.*--anyway"):
        newsroom.promote(ANNA)
    assert newsroom.models.versions() == []
    newsroom.promote(ANNA, anyway=True)

    assert newsroom.models.active() == ANNA


def test_promoting_what_answers_already_changes_nothing(newsroom: Newsroom) -> None:
    first = newsroom.promote(ANNA)

    again = newsroom.promote(ANNA)

    assert (first.is_new, again.is_new, again.key) == (True, False, first.key)
    assert len(newsroom.models.promotions()) == 1


def test_promoting_the_base_that_was_never_replaced_changes_nothing(
    newsroom: Newsroom,
) -> None:
    assert not newsroom.promote(BASE).is_new
    assert newsroom.models.promotions() == []


def test_promoting_the_base_needs_no_gate_and_follows_later_bases(
    newsroom: Newsroom,
) -> None:
    newsroom.promote(ANNA)
    newsroom.base = newsroom.version(BERT, {"gate": None})

    newsroom.promote(BERT)

    assert newsroom.models.active() is None
    assert newsroom.rollback().version == ANNA


def without_weights(folder: Path) -> None:
    (folder / "weights.npz").unlink()


def with_half_its_weights(folder: Path) -> None:
    weights = folder / "weights.npz"
    weights.write_bytes(weights.read_bytes()[:100])


def with_other_words(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["libraries"]["better-profanity"] = "0.6.0"
    (folder / "card.json").write_text(json.dumps(card))


def of_another_format(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"format": 1}))


@pytest.mark.parametrize(
    "harm",
    [without_weights, with_half_its_weights, with_other_words, of_another_format],
)
def test_what_cannot_be_served_is_never_stored(
    newsroom: Newsroom, harm: Callable[[Path], None]
) -> None:
    newsroom.promote(ANNA)
    harm(newsroom.version(BERT))

    with pytest.raises(BrokenArtifact):
        newsroom.promote(BERT)

    assert newsroom.models.active() == ANNA
    assert newsroom.kept() == {BASE, ANNA}


def test_a_version_with_senseless_thresholds_is_refused(newsroom: Newsroom) -> None:
    senseless = {"obscene": {"flag": 2.0, "reject": 0.1}}
    newsroom.version(ANNA, {"thresholds": senseless})

    with pytest.raises(ConfigurationError, match="unusable thresholds"):
        newsroom.promote(ANNA)

    assert newsroom.models.versions() == []


FATES = {"accept": 0.8, "flag": 0.1, "reject": 0.1}
SCORES = [1 / BINS] * BINS
OBSCENE_ALONE = {"obscene": {"flag": 0.5, "reject": 0.9}}


@pytest.mark.parametrize(
    ("card", "why"),
    [
        ({"thresholds": OBSCENE_ALONE}, "no thresholds for derogatory, personal"),
        ({"reference": {"edges": EDGES}}, "reference .* is unusable"),
        ({"reference": "none"}, "reference .* is unusable"),
        (
            {"reference": {"edges": EDGES, "scores": SCORES[1:], "fates": FATES}},
            "reference .* is unusable",
        ),
        (
            {"reference": {"edges": EDGES, "scores": SCORES, "fates": {"flag": 1}}},
            "reference .* is unusable",
        ),
        ({"max_unknown": "few"}, "breaks on a sentence"),
    ],
)
@pytest.mark.parametrize("act", [Newsroom.promote, Newsroom.shadow, Newsroom.store])
def test_a_card_on_which_something_is_missing_is_refused(
    newsroom: Newsroom,
    card: dict[str, object],
    why: str,
    act: Callable[[Newsroom, str], object],
) -> None:
    newsroom.version(ANNA, card)

    with pytest.raises(BrokenArtifact, match=why):
        act(newsroom, ANNA)

    assert newsroom.models.versions() == []


def test_a_card_whose_reference_can_be_read_is_promoted(newsroom: Newsroom) -> None:
    expected = {"edges": EDGES, "scores": SCORES, "fates": FATES}
    newsroom.version(ANNA, {"reference": expected})

    newsroom.promote(ANNA)

    assert newsroom.models.active() == ANNA


def test_a_version_whose_scores_are_no_numbers_is_refused(newsroom: Newsroom) -> None:
    folder = newsroom.version(ANNA)
    huge = np.full((2, len(Attribute)), 1e308)  # Finite, and times two it is not.
    opposite = replace(
        artifacts.load(folder),
        card={**artifacts.load(folder).card, "version": BERT},
        mix=huge * [[1], [-1]],
        intercept=np.full(len(Attribute), 1e308),
        signs=Block(
            ["caps", "exclaims"],
            np.ones(2, dtype=np.float32),
            np.zeros((2, len(Attribute)), dtype=np.float16),
        ),
        words=Block(
            ["you", "idiots"],
            np.ones(2, dtype=np.float32),
            np.full((2, len(Attribute)), 6e4, dtype=np.float16),
        ),
    )
    artifacts.save(opposite, newsroom.folder)

    with pytest.raises(BrokenArtifact, match=f"score of {BERT} is not a number"):
        newsroom.promote(BERT)

    assert newsroom.models.active() is None


@pytest.mark.parametrize(("expecting", "is_base"), [(BASE, True), (ANNA, False)])
def test_a_version_that_was_held_against_another_one_than_answers_is_refused(
    newsroom: Newsroom, expecting: str, is_base: bool
) -> None:
    newsroom.promote(ANNA)
    newsroom.promote(CLEO)
    if not is_base:
        newsroom.rollback()
        newsroom.rollback()

    with pytest.raises(NotPossible, match=f"is active by now, and not {expecting}"):
        newsroom.models.promote(
            newsroom.version(BERT),
            base=newsroom.base,
            by="mary",
            now=NOON,
            expecting=expecting,
        )

    assert newsroom.models.active() == (CLEO if is_base else None)
    assert BERT not in newsroom.kept()


@pytest.mark.parametrize("is_base", [True, False])
def test_a_version_that_was_held_against_what_answers_replaces_it(
    newsroom: Newsroom, is_base: bool
) -> None:
    if not is_base:
        newsroom.promote(ANNA)
    answers = BASE if is_base else ANNA

    done = newsroom.models.promote(
        newsroom.version(BERT),
        base=newsroom.base,
        by="mary",
        now=NOON,
        expecting=answers,
    )

    assert (done.version, done.replaces) == (BERT, answers)


def test_two_versions_of_one_name_are_never_confused(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    newsroom.promote(BERT)
    other = small(newsroom.folder / "other", ANNA, weight=1.0)

    with pytest.raises(NotPossible, match="with other weights, is stored already"):
        newsroom.models.promote(other, base=newsroom.base, by="mary", now=NOON)

    assert newsroom.models.active() == BERT


@pytest.mark.parametrize(
    "damage", [{"weights": b"no weights"}, {"card": "no card"}, {"card": "[]"}]
)
def test_what_is_damaged_in_the_database_is_refused_and_mended_from_its_folder(
    newsroom: Newsroom, damage: dict[str, object]
) -> None:
    newsroom.promote(ANNA)
    newsroom.damage(ANNA, **damage)

    with pytest.raises(BrokenArtifact):
        newsroom.models.artifact(ANNA)
    newsroom.models.store(newsroom.version(ANNA), by="mary", now=NOON)

    assert newsroom.models.artifact(ANNA)


def test_a_version_under_another_ones_name_is_refused(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    other = newsroom.version(BERT)
    newsroom.damage(
        ANNA,
        card=(other / "card.json").read_text(),
        weights=(other / "weights.npz").read_bytes(),
    )

    with pytest.raises(BrokenArtifact, match=f"has {BERT} under {ANNA}"):
        newsroom.models.artifact(ANNA)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_on_a_full_disk_the_old_version_stays_and_no_half_one(
    newsroom: Newsroom,
) -> None:
    newsroom.promote(ANNA)
    newsroom.version(
        BERT, {"note": "long " * 20_000}
    )  # more than the file's free pages
    with newsroom.database.reading() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")

    with pytest.raises(StoreUnavailable, match=r"disk .* is full"):
        newsroom.promote(BERT)

    assert newsroom.models.active() == ANNA
    assert BERT not in {one.version for one in newsroom.models.versions()}


def test_of_many_promotions_at_once_each_replaces_the_one_before(
    newsroom: Newsroom, database_url: str
) -> None:
    names = [f"2026-02-01-{number:06}" for number in range(8)]
    folders = [newsroom.version(name) for name in names]

    def promote(folder: Path) -> None:
        database = open_database(database_url)
        Models(database).promote(folder, base=newsroom.base, by="mary", now=NOON)
        database.close()

    with ThreadPoolExecutor(len(names)) as threads:
        list(threads.map(promote, folders))

    log = newsroom.models.promotions()[::-1]
    assert sorted(str(entry.version) for entry in log) == names
    before = [BASE, *(entry.version for entry in log)]
    assert [entry.replaces for entry in log] == before[:-1]


# Rollback


def test_rolling_back_goes_further_back_each_time(newsroom: Newsroom) -> None:
    for name in (ANNA, BERT, CLEO):
        newsroom.promote(name)

    went_to = [newsroom.rollback().version for _ in range(3)]

    assert went_to == [BERT, ANNA, None]
    with pytest.raises(NotPossible, match="no promotion to roll back"):
        newsroom.rollback()


def test_after_a_rollback_a_promotion_is_what_the_next_one_undoes(
    newsroom: Newsroom,
) -> None:
    for name in (ANNA, BERT):
        newsroom.promote(name)
    newsroom.rollback()
    newsroom.promote(CLEO)

    assert newsroom.models.state().before == ANNA
    assert newsroom.rollback().version == ANNA
    assert newsroom.rollback().version is None


def test_what_was_rolled_back_can_be_promoted_again(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    newsroom.rollback()

    newsroom.promote(ANNA)

    assert newsroom.models.active() == ANNA


def test_after_an_upgrade_a_rollback_brings_the_base_of_then(
    newsroom: Newsroom,
) -> None:
    newsroom.promote(ANNA)
    newsroom.base = small(newsroom.folder, "2027-01-01-aaaaaa")

    back = newsroom.rollback()

    assert back.version == BASE
    assert newsroom.models.artifact(BASE)


def test_what_a_rollback_would_lead_to_has_to_be_sound(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    newsroom.promote(BERT)
    newsroom.damage(ANNA, weights=b"no weights")

    with pytest.raises(BrokenArtifact):
        newsroom.rollback()

    assert newsroom.models.active() == BERT


def test_what_is_undone_is_what_was_rolled_back_and_not_promoted_since(
    newsroom: Newsroom,
) -> None:
    def undone() -> set[str]:
        return {one.version for one in newsroom.models.undone()}

    newsroom.promote(ANNA)
    newsroom.promote(BERT)
    assert undone() == set()
    newsroom.rollback()
    assert undone() == {BERT}
    newsroom.rollback()
    assert undone() == {ANNA, BERT}
    newsroom.promote(BERT)
    assert undone() == {ANNA}


# Without the base


def test_a_broken_base_keeps_no_stored_version_from_answering(
    newsroom: Newsroom,
) -> None:
    newsroom.promote(ANNA)
    newsroom.promote(BERT)
    without_weights(newsroom.base)

    assert newsroom.rollback().version == ANNA
    newsroom.models.promote(BERT, base=newsroom.base, by="mary", now=NOON)
    assert newsroom.models.active() == BERT
    assert newsroom.rollback().version == ANNA
    assert newsroom.rollback().version == BASE, "as it is stored"


def test_a_broken_base_that_answers_can_be_replaced_and_come_back_mended(
    newsroom: Newsroom,
) -> None:
    newsroom.models.store(newsroom.version(ANNA), by="mary", now=NOON)
    weights = (newsroom.base / "weights.npz").read_bytes()
    without_weights(newsroom.base)

    done = newsroom.models.promote(ANNA, base=newsroom.base, by="mary", now=NOON)
    assert (done.version, done.replaces) == (ANNA, None)
    with pytest.raises(NotPossible, match="The base answered before"):
        newsroom.rollback()
    assert newsroom.models.active() == ANNA

    (newsroom.base / "weights.npz").write_bytes(weights)
    assert newsroom.rollback().version is None
    assert newsroom.models.active() is None


def test_without_base_and_weights_there_is_no_way_back(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    without_weights(newsroom.base)
    newsroom.damage(BASE, weights=None)

    with pytest.raises(NotPossible, match=f"weights of {BASE} are not in the database"):
        newsroom.rollback()

    assert newsroom.models.active() == ANNA


# What is kept


def test_weights_are_kept_of_what_answers_and_of_those_before_it(
    newsroom: Newsroom,
) -> None:
    names = [f"2026-02-01-{number:06}" for number in range(KEPT + 2)]
    for name in names:
        newsroom.promote(name)

    every = {one.version for one in newsroom.models.versions()}
    assert newsroom.kept() == set(names[-KEPT - 1 :])
    assert every == {BASE, *names}, "their cards stay"


def test_what_a_rollback_leads_to_is_kept_however_long_ago_it_was(
    newsroom: Newsroom,
) -> None:
    newsroom.promote(ANNA)
    newsroom.promote(BERT)
    for number in range(KEPT):
        newsroom.promote(f"2026-02-01-{number:06}")
        newsroom.rollback()

    assert ANNA in newsroom.kept()
    assert newsroom.rollback().version == ANNA


def test_rolling_back_ends_where_the_weights_do(newsroom: Newsroom) -> None:
    for number in range(KEPT + 2):
        newsroom.promote(f"2026-02-01-{number:06}")
    for _ in range(KEPT):
        newsroom.rollback()

    with pytest.raises(NotPossible, match=r"weights of .* are not in the database"):
        newsroom.rollback()


def test_the_last_shadow_is_kept_to_be_promoted(newsroom: Newsroom) -> None:
    newsroom.shadow(ANNA)
    newsroom.shadow(None)
    newsroom.promote(BERT)

    newsroom.models.promote(ANNA, base=newsroom.base, by="mary", now=NOON)

    assert newsroom.models.active() == ANNA


# The shadow


def test_a_version_is_the_shadow_until_another_is_or_none(newsroom: Newsroom) -> None:
    seen = []
    for name in (ANNA, BERT, None):
        newsroom.shadow(name)
        seen.append(newsroom.models.state().shadow)

    assert seen == [ANNA, BERT, None]


def test_a_shadow_needs_no_gate(newsroom: Newsroom) -> None:
    newsroom.version(ANNA, {"gate": None})

    newsroom.shadow(ANNA)

    assert newsroom.models.state().shadow == ANNA


@pytest.mark.parametrize("promoted", [False, True])
def test_what_answers_cannot_be_its_own_shadow(
    newsroom: Newsroom, promoted: bool
) -> None:
    name = ANNA if promoted else BASE
    newsroom.promote(name)

    with pytest.raises(NotPossible, match="is the version that answers"):
        newsroom.shadow(name)


def test_a_promoted_shadow_is_none_any_more(newsroom: Newsroom) -> None:
    newsroom.shadow(ANNA)

    newsroom.promote(ANNA)

    assert newsroom.models.state().shadow is None


@pytest.mark.parametrize("act", ["promote", "rollback"])
def test_when_another_version_answers_the_shadow_is_counted_anew(
    newsroom: Newsroom, act: str
) -> None:
    newsroom.promote(ANNA)
    newsroom.shadow(CLEO)
    shadows = Shadows(newsroom.database)
    before = shadows.present()
    assert before
    shadows.note(before.key, [], judged=3, skipped=1)

    if act == "promote":
        newsroom.promote(BERT)
    else:
        newsroom.rollback()

    after = shadows.present()
    assert after
    assert (after.version, after.judged, after.skipped) == (CLEO, 0, 0)
    assert after.key != before.key


def difference(id: str, was: str, would: str) -> Difference:
    return Difference(1, id, 1, was, would, None, "obscene", NOON)


def test_differences_are_counted_and_listed_newest_first(
    newsroom: Newsroom, store: Store
) -> None:
    newsroom.shadow(ANNA)
    shadows = Shadows(newsroom.database)
    shadowing = shadows.present()
    assert shadowing
    sent = comment("c-2", "kept text")
    store.record(1, sent, bytes(32), REJECTED, NOON, alike=bytes(16))
    store.record(1, comment("c-1", "no text"), bytes(32), ACCEPTED, NOON, alike=None)
    milder = difference("c-2", "reject", "flag")
    shadows.note(
        shadowing.key,
        [difference("c-1", "accept", "flag"), difference("c-1", "flag", "reject")],
        judged=10,
        skipped=2,
    )
    shadows.note(shadowing.key, [milder], judged=5, skipped=0)

    counted = shadows.latest()
    assert counted
    assert shadows.tally(counted) == Tally(stricter=2, milder=1, same=12, skipped=2)
    listed = shadows.last(shadowing.key, 2)
    assert [noticed.difference.comment_id for noticed in listed] == ["c-2", "c-1"]
    assert listed[0].difference == milder
    assert [noticed.text for noticed in listed] == ["kept text", None]
    assert listed[0].site == "default"


def test_a_shadow_that_has_ended_can_still_be_read(newsroom: Newsroom) -> None:
    newsroom.shadow(ANNA)
    later = NOON + timedelta(days=2)
    newsroom.models.shadow(None, base=newsroom.base, by="mary", now=later)

    latest = Shadows(newsroom.database).latest()

    assert latest
    assert (latest.version, latest.begun_at, latest.ended_at) == (ANNA, NOON, later)


def test_nothing_of_the_log_is_ever_changed(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    first = newsroom.models.promotions()
    newsroom.promote(BERT)
    newsroom.rollback()

    assert newsroom.models.promotions()[-1:] == first
    with newsroom.database.reading() as connection:
        count = connection.scalar(select(func.count()).select_from(promotions))
    assert count == 3
