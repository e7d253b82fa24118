"""Versions are stored whole, and the log says at any time which one answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from model import artifact as artifacts
from model.artifact import Block, BrokenArtifact
from model.drift import BINS, EDGES
from model.finding import Attribute
from service.errors import ConfigurationError, NotPossible, StoreUnavailable
from service.store.database import open_database
from service.store.models import Models
from service.store.schema import promotions
from tests.fixtures_store import NOON
from tests.stored_versions import ANNA, BASE, BERT, CLEO, Newsroom, without_weights
from tests.versions import gate, small


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


def test_nothing_of_the_log_is_ever_changed(newsroom: Newsroom) -> None:
    newsroom.promote(ANNA)
    first = newsroom.models.promotions()
    newsroom.promote(BERT)
    newsroom.rollback()

    assert newsroom.models.promotions()[-1:] == first
    with newsroom.database.reading() as connection:
        count = connection.scalar(select(func.count()).select_from(promotions))
    assert count == 3
