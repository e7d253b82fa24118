"""A shadow is one version at a time, and what it would do is counted and listed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from service.errors import NotPossible
from service.store.shadows import Difference, Shadows, Tally
from service.store.store import Store
from tests.fixtures_store import NOON
from tests.samples import ACCEPTED, REJECTED, comment
from tests.stored_versions import ANNA, BASE, BERT, CLEO, Newsroom


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
