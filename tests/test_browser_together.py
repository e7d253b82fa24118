"""In two browsers: moderators who work at the same time do not do the same work."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser import Watch, window
from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn
from tests.newsroom import MARY, ZOE, NewsSite
from tests.twenty import twenty

TWO = twenty()[-2:]
TOO_LATE = re.compile(rf"Already decided by {MARY} \d+ s ago")


def test_a_card_that_somebody_has_open_says_so(sign_in: SignIn, site: NewsSite) -> None:
    site.queue(TWO)
    marys, zoes = DeskPage(sign_in(MARY), site), DeskPage(sign_in(ZOE), site)

    with marys.decided("look"):
        marys.open()
    zoes.open()

    first, second = zoes.ids
    expect(zoes.card(first)).to_contain_text(f"Being looked at by {MARY}")
    expect(zoes.card(second).get_by_text("Being looked at")).to_be_hidden()


def test_whoever_opens_a_card_later_is_told_without_reloading(
    sign_in: SignIn, site: NewsSite
) -> None:
    site.queue(TWO)
    marys, zoes = DeskPage(sign_in(MARY), site), DeskPage(sign_in(ZOE), site)
    with zoes.decided("look"):
        zoes.open()
    with marys.decided("look"):
        marys.open()

    with marys.decided("look"):
        marys.press("j", "j")
    with zoes.decided("look"):
        zoes.press("j", "j")

    look = f"Being looked at by {MARY}"
    expect(zoes.current).to_contain_text(look)


def test_the_second_of_two_decisions_is_told_of_the_first(
    sign_in: SignIn, site: NewsSite, watch: Watch
) -> None:
    site.queue(TWO)
    marys, zoes = DeskPage(sign_in(MARY), site), DeskPage(sign_in(ZOE), site)
    marys.open()
    zoes.open()
    first, second = zoes.ids
    watch.expected.add(409)

    with marys.decided():
        marys.press("a")
    with zoes.decided():
        zoes.press("2")

    expect(zoes.card(first).get_by_role("alert")).to_have_text(TOO_LATE)
    zoes.is_current(second)
    held = site.held(first)
    assert (held["decision"], held["decided_by"]) == ("accept", MARY)


def test_the_second_is_told_without_scripts_too(
    sign_in: SignIn, site: NewsSite
) -> None:
    site.queue(TWO)
    plain = window(has_script=False)
    marys = DeskPage(sign_in(MARY, plain), site).open()
    zoes = DeskPage(sign_in(ZOE, plain), site).open()
    first, second = zoes.ids

    marys.card(first).get_by_role("button", name="Approve").click()
    zoes.card(first).get_by_role("button", name="Obscene").click()

    expect(zoes.said).to_contain_text(TOO_LATE)
    assert zoes.ids == [second]
    assert site.held(first)["decision"] == "accept"


def test_of_a_selection_only_what_is_fresh_is_decided(
    sign_in: SignIn, site: NewsSite
) -> None:
    site.queue(TWO)
    marys, zoes = DeskPage(sign_in(MARY), site), DeskPage(sign_in(ZOE), site)
    marys.open()
    zoes.open()
    first, second = zoes.ids

    with marys.decided():
        marys.press("a")
    zoes.press("x", "j", "j", "x")
    with zoes.decided("decide-many"):
        zoes.press("1")

    expect(zoes.card(first).get_by_role("alert")).to_have_text(TOO_LATE)
    assert zoes.ids == [first]
    assert site.held(first)["decided_by"] == MARY
    assert site.held(second)["decided_by"] == ZOE
