"""A link opens the one decision that it was made for, and whoever forges it nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain import AUTOMATIC, Decision
from service.reader.links import VALID, Links, Opened
from service.settings import load_settings
from service.store.store import Store
from tests.fixtures_store import NOON
from tests.samples import ABSTAINED, ACCEPTED, REJECTED

URL = "https://refrain.example"
LINKS = Links(URL, lambda purpose: b"k" * 32)
OTHERS = Links(URL, lambda purpose: b"j" * 32)
REJECTION = Decision(REJECTED, AUTOMATIC, NOON, 1)


def token(
    site_id: int = 1,
    comment_id: str = "c-1",
    decision: Decision = REJECTION,
    links: Links = LINKS,
) -> str:
    url = links.appeal(site_id, comment_id, decision)
    assert url is not None
    assert url.startswith(f"{URL}/appeal/")
    return url.removeprefix(f"{URL}/appeal/")


@given(st.integers(1, 10**6), st.text(min_size=1, max_size=200))
def test_a_link_says_again_what_it_was_made_for(site_id: int, comment_id: str) -> None:
    made = token(site_id, comment_id)

    assert LINKS.read(made) == Opened(site_id, comment_id, NOON)
    assert made.isascii()
    assert not set(made) & set("/?#&% ")


def test_the_same_decision_always_gets_the_same_link() -> None:
    assert token() == token()


def test_another_site_comment_or_decision_gets_another_link() -> None:
    later = replace(REJECTION, decided_at=NOON + timedelta(microseconds=1))

    assert len({token(), token(2), token(1, "c-2"), token(decision=later)}) == 4


@pytest.mark.parametrize("verdict", [ACCEPTED, ABSTAINED])
def test_what_is_published_gets_no_link(verdict: object) -> None:
    assert LINKS.appeal(1, "c-1", replace(REJECTION, verdict=verdict)) is None  # type: ignore[arg-type]


def test_what_was_not_stored_gets_no_link() -> None:
    assert LINKS.appeal(1, None, REJECTION) is None


def test_a_link_ends_thirty_days_after_the_decision() -> None:
    opened = LINKS.read(token())

    assert opened is not None
    assert timedelta(days=30) == VALID
    assert opened.until == NOON + timedelta(days=30)


def test_a_changed_character_anywhere_makes_a_link_useless() -> None:
    made = token()
    # The last character of a signature holds two bits that mean nothing.
    for i, character in enumerate(made[:-1]):
        other = "A" if character != "A" else "B"

        assert LINKS.read(made[:i] + other + made[i + 1 :]) is None


@pytest.mark.parametrize("length", range(len(token())))
def test_a_link_that_was_cut_short_is_useless(length: int) -> None:
    assert LINKS.read(token()[:length]) is None


def test_parts_of_two_links_do_not_make_a_third() -> None:
    mine, theirs = token(1, "c-1"), token(2, "c-2")

    for cut in range(1, 4):
        mixed = ".".join(mine.split(".")[:cut] + theirs.split(".")[cut:])
        assert LINKS.read(mixed) is None


def test_another_installations_link_is_useless() -> None:
    assert LINKS.read(token(links=OTHERS)) is None


@given(st.text(max_size=300))
def test_whatever_else_is_sent_is_refused_without_an_error(garbage: str) -> None:
    assert LINKS.read(garbage) is None


def test_the_key_is_made_of_the_installations_secret(store: Store) -> None:
    first = Links(URL, store.key_for)
    again = Links(URL, Store(store.database).key_for)

    assert first.read(token(links=again)) == Opened(1, "c-1", NOON)
    assert store.key_for("appeal link") != store.key_for("desk sessions")
    assert LINKS.read(token(links=first)) is None


def test_links_lead_to_where_readers_reach_the_service() -> None:
    settings = load_settings({"REFRAIN_PUBLIC_URL": "https://news.example/refrain/"})

    url = Links(settings.url, lambda purpose: b"k" * 32).appeal(1, "c-1", REJECTION)

    assert url is not None
    assert url.startswith("https://news.example/refrain/appeal/1.")
