"""In a browser, from end to end: twenty mixed comments are decided by keyboard alone,
and the site's receiver hears of every decision once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

import pytest
from playwright.sync_api import expect

from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn
from tests.newsroom import EDITOR, Newsroom, NewsSite
from tests.receiver import Receiver, receiver
from tests.twenty import twenty

DECIDING = (["a"], ["1"], ["2"], ["r", "Enter"], ["a"], ["r", "3"])
TOLD_S = 30.0
"""How long the receiver may take to hear of what can be undone no longer."""


@pytest.fixture
def ear(service: Newsroom, site: NewsSite) -> Iterator[Receiver]:
    """The site's receiver, while webhooks are delivered as beside gunicorn."""
    with receiver() as ear:
        ear.secret = service.flask("add-endpoint", site.name, ear.url).strip()
        with delivering(service):
            yield ear


@contextmanager
def delivering(service: Newsroom) -> Iterator[None]:
    with service.start_flask("deliver-webhooks") as process:
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=TOLD_S)


def test_twenty_comments_are_decided_by_keyboard_and_the_site_hears_of_each_once(
    site: NewsSite, sign_in: SignIn, ear: Receiver
) -> None:
    site.queue(twenty())
    page = sign_in(EDITOR)
    page.mouse.move(0, 0)
    queue = DeskPage(page, site).open()
    expect(page.locator("[data-total]")).to_have_text("20")

    queue.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    queue.press("Escape", "j", "j", "k")
    decide_a_selection(queue)
    escalate(queue)
    change_ones_mind(queue)
    keys = cycle(DECIDING)
    while queue.cards.count():
        queue.press(*next(keys))
    expect(page.get_by_text("Nothing waits. Well done.")).to_be_visible()
    page.wait_for_load_state("networkidle")
    queue.open()
    with queue.decided():
        queue.press("a")  # What was escalated.

    expect(queue.open().page.get_by_text("Nothing waits. Well done.")).to_be_visible()
    held = {comment["id"]: site.held(comment["id"]) for comment in twenty()}
    assert {one["decided_by"] for one in held.values()} == {EDITOR}
    assert {one["decision"] for one in held.values()} == {"accept", "reject"}
    await_messages(ear, 20)
    told = {message["data"]["id"]: message["data"] for message in ear.payloads}
    assert {id: (one["number"], one["decision"]) for id, one in told.items()} == {
        id: (one["number"], one["decision"]) for id, one in held.items()
    }
    assert len(set(ear.ids)) == 20


def decide_a_selection(queue: DeskPage) -> None:
    queue.press("x", "j", "x")
    with queue.decided("decide-many"):
        queue.press("a")


def escalate(queue: DeskPage) -> None:
    with queue.decided():
        queue.press("e")


def change_ones_mind(queue: DeskPage) -> None:
    before = queue.ids
    with queue.decided():
        queue.press("1")
    with queue.decided("undo"):
        queue.press("u")
    expect(queue.cards).to_have_count(len(before))


def await_messages(ear: Receiver, count: int) -> None:
    """Wait until so many have come, and a little longer for any that are too many."""
    deadline = time.monotonic() + TOLD_S
    while len(ear.ids) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(0.5)
    assert len(ear.ids) == count
