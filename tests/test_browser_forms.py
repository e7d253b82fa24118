"""In a browser without scripts: everything is done by forms as well."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser import enter, window
from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn, Visit
from tests.newsroom import EDITOR, MARY, NewsSite
from tests.twenty import twenty

FOUR = twenty()[3:7]
PLAIN = window(has_script=False)


@pytest.fixture
def queue(sign_in: SignIn, site: NewsSite) -> DeskPage:
    """A queue of four comments."""
    site.queue(FOUR)
    return DeskPage(sign_in(MARY, PLAIN), site).open()


def test_a_moderator_signs_in(visit: Visit) -> None:
    page = visit(PLAIN)

    enter(page, MARY)

    expect(page.get_by_role("heading", name="Queue")).to_be_visible()


def test_a_button_decides(queue: DeskPage, site: NewsSite) -> None:
    first, *rest = queue.ids

    queue.card(first).get_by_role("button", name="Personal").click()

    assert queue.ids == rest
    assert site.held(first)["rule"] == "personal"


def test_a_decision_is_undone(queue: DeskPage) -> None:
    before = queue.ids

    queue.card(before[0]).get_by_role("button", name="Approve").click()
    queue.page.get_by_role("button", name="Undo").click()

    assert queue.ids == before


def test_a_comment_is_escalated_and_an_editor_decides(
    queue: DeskPage, site: NewsSite, sign_in: SignIn
) -> None:
    first, *_ = queue.ids

    queue.card(first).get_by_role("button", name="Escalate").click()
    editors = DeskPage(sign_in(EDITOR, PLAIN), site).open(waiting="escalated")
    editors.card(first).get_by_role("button", name="Approve").click()

    assert editors.open().ids == queue.open().ids
    assert site.held(first)["decided_by"] == EDITOR


def test_a_selection_is_decided_as_one(queue: DeskPage, site: NewsSite) -> None:
    first, second, *rest = queue.ids

    for comment_id in (first, second):
        queue.card(comment_id).get_by_role("checkbox").first.check()
    bulk = queue.page.get_by_role("form", name="Decide all selected")
    bulk.get_by_role("button", name="Approve").click()

    assert queue.ids == rest
    assert site.held(second)["decision"] == "accept"


def test_the_queue_is_narrowed_by_kind_and_by_words(
    queue: DeskPage, site: NewsSite
) -> None:
    queue.page.get_by_label("Search the texts").fill("DROWNED")
    queue.page.get_by_role("button", name="Apply").click()

    expect(queue.cards).to_have_count(1)
    assert queue.ids == ["c-7"]
    queue.page.get_by_role("link", name="let go of it").click()
    expect(queue.cards).to_have_count(4)
    queue.page.get_by_role("link", name="Reported").click()
    expect(queue.cards).to_have_count(1)
    assert queue.ids == ["c-5"]


def test_what_was_decided_is_reversed_on_its_own_page(
    queue: DeskPage, site: NewsSite
) -> None:
    first, *_ = queue.ids

    queue.card(first).get_by_role("button", name="Approve").click()
    queue.page.goto(site.page("accepted"))
    queue.card(first).get_by_role("link", name="History").click()
    queue.page.get_by_role("button", name="Obscene").click()

    history = queue.page.get_by_role("region", name="History")
    expect(history).to_contain_text("Rejected as obscene by Mary")
    expect(history).to_contain_text("Approved by Mary")
    assert site.held(first)["decision"] == "reject"
