"""Policies of sites: every change is a version, none is lost, none is overwritten."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import pytest

from model.finding import Rule
from model.lexicon.entries import Forms, Strength
from service.auth import key_hash
from service.domain import Outcome, Thresholds, Word
from service.errors import InvalidInput, StalePolicy
from service.rules.changes import differences
from service.store.database import Database
from service.store.policies import Terms
from service.store.records import Site
from service.store.sites import Sites
from service.store.store import Store
from tests.fixtures_store import KEY, NOON

FROB = Word("Frob", Rule.OBSCENE, Strength.REJECT, Forms.STEM)
NUMPTY = Word("numpty", Rule.PERSONAL, Strength.FLAG, Forms.WORD)
NOTICES = {"ml": {"obscene": "ദയവായി."}}


@pytest.fixture
def sites(database: Database) -> Sites:
    """The sites of a prepared database."""
    return Sites(database)


@pytest.fixture
def site(sites: Sites) -> Site:
    """Its site, as it is made."""
    return sites.find("default")


def test_a_site_starts_without_words_of_its_own(site: Site) -> None:
    assert site.terms == Terms()


def test_what_is_changed_is_read_again_and_the_rest_stays(
    sites: Sites, site: Site, store: Store
) -> None:
    worded = sites.change(
        site, words=[NUMPTY, FROB], allowed=["Pig War"], by="ann", now=NOON
    )

    changed = sites.change(worded, notices=NOTICES, by="bob", now=NOON)

    assert changed == sites.find("default") == store.site_of_key(key_hash(KEY))
    assert changed.policy == "default@3"
    assert changed.terms == Terms(
        words=(FROB, NUMPTY), allowed=("Pig War",), notices=NOTICES
    )


def test_a_version_tells_who_made_it_when_and_why(sites: Sites, site: Site) -> None:
    sites.change(site, allowed=["Pig War"], note="The exhibition", by="ann", now=NOON)

    newest, first = sites.versions(site)

    assert (newest.number, newest.by, newest.at) == (2, "ann", NOON)
    assert newest.note == "The exhibition"
    assert newest.terms.allowed == ("Pig War",)
    assert (first.number, first.by, first.note) == (1, "init", None)


def test_a_change_that_changes_nothing_is_no_version(sites: Sites, site: Site) -> None:
    same = sites.change(
        site, thresholds={}, words=[], flagged=Outcome.ACCEPT, by="ann", now=NOON
    )

    assert same == site
    assert len(sites.versions(site)) == 1


def test_versions_are_shown_in_pages(sites: Sites, site: Site) -> None:
    for number in range(4):
        site = sites.change(site, allowed=[f"a {number}"], by="ann", now=NOON)

    page = sites.versions(site, limit=2)
    rest = sites.versions(site, before=page[-1].number)

    assert [version.number for version in page] == [5, 4]
    assert [version.number for version in rest] == [3, 2, 1]


def test_going_back_is_a_new_version_that_says_the_same(
    sites: Sites, site: Site
) -> None:
    off = {Rule.OBSCENE: Thresholds(None, 0.5)}
    old = sites.change(site, thresholds=off, words=[FROB], by="ann", now=NOON)
    new = sites.change(old, thresholds={}, words=[], by="bob", now=NOON)

    restored = sites.restore(new, 2, by="cat", now=NOON)

    assert restored.policy == "default@4"
    assert restored.terms == old.terms
    assert sites.versions(site)[0].note == "Back to version 2."


@pytest.mark.parametrize("version", [0, 2, 10**9])
def test_there_is_no_way_back_to_what_never_was(
    sites: Sites, site: Site, version: int
) -> None:
    with pytest.raises(InvalidInput, match=f"has had no version {version}"):
        sites.restore(site, version, by="ann", now=NOON)

    assert len(sites.versions(site)) == 1


def test_nobody_changes_what_they_have_not_seen(sites: Sites, site: Site) -> None:
    sites.change(site, words=[FROB], by="ann", now=NOON + timedelta(hours=1, minutes=5))
    told = "ann changed the rules.*now default@2, of 2026-03-01 13:05 UTC"

    with pytest.raises(StalePolicy, match=told):
        sites.change(site, words=[NUMPTY], by="bob", now=NOON)
    with pytest.raises(StalePolicy, match=told):
        sites.restore(site, 1, by="bob", now=NOON)
    with pytest.raises(StalePolicy, match=told):
        sites.check(site)

    assert sites.find("default").words == (FROB,)
    sites.check(sites.find("default"))


def test_of_two_at_once_one_is_told_of_the_other(sites: Sites, site: Site) -> None:
    start = Barrier(2)

    def change(word: Word) -> Site | StalePolicy:
        start.wait()
        try:
            return sites.change(site, words=[word], by=word.text, now=NOON)
        except StalePolicy as error:
            return error

    with ThreadPoolExecutor(2) as threads:
        outcomes = list(threads.map(change, (FROB, NUMPTY)))

    (won,) = [one for one in outcomes if isinstance(one, Site)]
    (lost,) = [one for one in outcomes if isinstance(one, StalePolicy)]
    assert sites.find("default") == won
    assert str(lost).startswith(f"{won.words[0].text} changed the rules")


def test_an_unknown_site_is_named(sites: Sites, site: Site) -> None:
    with pytest.raises(InvalidInput, match="no site named 'nowhere'"):
        sites.find("nowhere")
    with pytest.raises(InvalidInput, match="no site named 'nowhere'"):
        sites.change(replace(site, name="nowhere"), words=[], by="ann", now=NOON)


def test_a_difference_is_told_in_words() -> None:
    old = Terms(
        {Rule.OBSCENE: Thresholds(0.25, None)},
        Outcome.ACCEPT,
        (FROB, replace(FROB, text="gone")),
        ("Pig War",),
        {"en": {"held": "Wait."}},
    )
    new = Terms(
        {Rule.PERSONAL: Thresholds(0.0, 0.5)},
        Outcome.REJECT,
        (replace(FROB, strength=Strength.IGNORE), NUMPTY),
        ("Rat Pack",),
        NOTICES,
    )

    assert differences(old, new) == [
        "obscene: as the model (was flag 0.25, reject off)",
        "personal: flag 0, reject 0.5 (was as the model)",
        "flagged comments are held until a person decides",
        "“Frob”: ignore, obscene, with its forms (was reject, obscene, with its forms)",
        "added “numpty” (flag, personal, as it stands)",
        "removed “gone”",
        "allowed “Rat Pack”",
        "no longer allowed “Pig War”",
        "notice en/held: our wording",
        "notice ml/obscene: a wording of its own",
    ]
    assert differences(new, new) == []
