"""In a browser, from comment to webhook: twenty decided by key, each told once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle

import pytest
from playwright.sync_api import expect

from service.logs import make_log
from service.store.deliveries import Deliveries
from service.webhooks.deliverer import Deliverer
from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn
from tests.newsroom import EDITOR, Newsroom, NewsSite
from tests.receiver import Receiver, receiver
from tests.twenty import twenty

DECIDING = (["a"], ["1"], ["2"], ["r", "Enter"], ["a"], ["r", "3"])
LATER = timedelta(minutes=1)
"""By then nothing can be undone any more, and everything may be told."""


@pytest.fixture
def ear(service: Newsroom, site: NewsSite) -> Iterator[Receiver]:
    """The site's receiver."""
    with receiver() as ear:
        ear.secret = service.flask("add-endpoint", site.name, ear.url).strip()
        yield ear


def test_twenty_comments_are_decided_by_keyboard_and_the_site_hears_of_each_once(
    service: Newsroom, site: NewsSite, sign_in: SignIn, ear: Receiver
) -> None:
    site.queue(twenty())
    queue = DeskPage(sign_in(EDITOR), site).open()
    expect(queue.page.locator("[data-total]")).to_have_text("20")

    queue.press("?")
    expect(queue.page.get_by_role("dialog", name="Keys")).to_be_visible()
    queue.press("Escape", "j", "j", "k")
    decide_a_selection(queue)
    escalate(queue)
    change_ones_mind(queue)
    decide_the_rest(queue)
    queue.open()
    with queue.decided():
        queue.press("a")  # What was escalated.

    expect(queue.open().page.get_by_text("Nothing waits. Well done.")).to_be_visible()
    held = {comment["id"]: site.held(comment["id"]) for comment in twenty()}
    assert {one["decided_by"] for one in held.values()} == {EDITOR}
    assert {one["decision"] for one in held.values()} == {"accept", "reject"}
    deliver(service)
    deliver(service)
    told = {message["data"]["id"]: message["data"] for message in ear.payloads}
    assert {id: (one["number"], one["decision"]) for id, one in told.items()} == {
        id: (one["number"], one["decision"]) for id, one in held.items()
    }
    assert len(ear.ids) == len(set(ear.ids)) == 20


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


def decide_the_rest(queue: DeskPage) -> None:
    """As fast as the cards come, without waiting for answers."""
    keys = cycle(DECIDING)
    while queue.cards.count():
        queue.press(*next(keys))
    expect(queue.page.get_by_text("Nothing waits. Well done.")).to_be_visible()
    queue.page.wait_for_load_state("networkidle")


def deliver(service: Newsroom) -> None:
    """Deliver as `deliver-webhooks` does, when all is due."""
    Deliverer(
        Deliveries(service.database),
        make_log("ERROR"),
        private=True,
        clock=lambda: datetime.now(UTC) + LATER,
    ).run_once()
