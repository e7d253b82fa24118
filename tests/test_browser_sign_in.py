"""In a browser: who is at the desk, and for how long."""

from __future__ import annotations

import re
import time

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner
from playwright.sync_api import Page, expect

from service.desk.session import KEY
from service.store.accounts import Accounts
from service.store.store import Store
from tests.browser import Watch, enter
from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn, Visit
from tests.newsroom import MARY, OLGA, Newsroom, NewsSite
from tests.twenty import twenty

HOUR = 3600  # seconds


def is_at_the_door(page: Page) -> None:
    expect(page).to_have_url(re.compile("/desk/sign-in"))
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def age(service: Newsroom, page: Page, seconds: int) -> None:
    """Have a browser's session last been used so long ago."""

    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - seconds

    app = Flask("tests")
    app.secret_key = Store(service.database).key_for(KEY)
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer
    (cookie,) = page.context.cookies()
    held = serializer.loads(cookie["value"])
    serializer.signer = Earlier
    value = str(serializer.dumps(held))
    name = cookie["name"]
    page.context.add_cookies([{"name": name, "value": value, "url": service.url}])


def test_signing_in_leads_to_the_page_that_was_asked_for(
    visit: Visit, site: NewsSite
) -> None:
    page = visit()

    page.goto(site.page("accepted"))
    is_at_the_door(page)
    page.get_by_label("Name").fill(MARY)
    page.get_by_label("Password").fill("correct horse battery staple")
    page.get_by_role("button", name="Sign in").click()

    expect(page).to_have_url(re.compile(f"{site.page('accepted')}$"))


def test_a_wrong_password_opens_nothing(visit: Visit, watch: Watch) -> None:
    page = visit()
    watch.expected.add(403)

    enter(page, "Nobody", "wrong")

    is_at_the_door(page)
    expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")


def test_signing_out_ends_it_in_every_window(visit: Visit, site: NewsSite) -> None:
    page, other = visit(), visit()
    for window in (page, other):
        enter(window, OLGA)
        window.goto(site.page("queue"))

    page.get_by_role("button", name="Sign out").click()

    is_at_the_door(page)
    other.reload()
    is_at_the_door(other)
    page.go_back()
    is_at_the_door(page)


def test_a_session_that_was_left_alone_for_too_long_is_over(
    service: Newsroom, sign_in: SignIn, site: NewsSite
) -> None:
    page = sign_in(MARY)

    age(service, page, seconds=7 * HOUR)
    page.goto(site.page("queue"))
    expect(page.get_by_role("heading", name="Queue")).to_be_visible()
    age(service, page, seconds=9 * HOUR)
    page.goto(site.page("queue"))

    is_at_the_door(page)


def test_a_key_pressed_after_the_session_has_ended_decides_nothing_and_says_why(
    service: Newsroom, visit: Visit, watch: Watch, site: NewsSite
) -> None:
    site.queue(twenty()[:2])
    page = visit()
    enter(page, OLGA)
    queue = DeskPage(page, site).open()
    first = queue.ids[0]
    watch.expected |= {401, 400}

    Accounts(service.database).end_sessions(OLGA)
    queue.press("a")

    expect(queue.card(first).get_by_role("alert")).to_contain_text("Sign in")
    assert site.held(first)["decided_by"] == "automatic"
