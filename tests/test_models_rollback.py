"""There is a way back from every promotion, as far as weights are kept."""

from __future__ import annotations

import pytest

from model.artifact import BrokenArtifact
from service.errors import NotPossible
from service.store.models import KEPT
from tests.fixtures_store import NOON
from tests.stored_versions import ANNA, BASE, BERT, CLEO, Newsroom, without_weights
from tests.versions import small

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
