"""In a browser: comments are decided by keys, one each, and only when it is meant."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn
from tests.newsroom import MARY, NewsSite
from tests.twenty import twenty

LIKE = twenty()[:2]
FIVE = twenty()[2:7]
DECIDING: list[tuple[list[str], str, str | None]] = [
    (["a"], "accept", None),
    (["1"], "reject", "derogatory"),
    (["2"], "reject", "personal"),
    (["3"], "reject", "obscene"),
    (["r", "3"], "reject", "obscene"),
]
"""Keys, and what becomes of the comment."""


@pytest.fixture
def queue(sign_in: SignIn, site: NewsSite) -> DeskPage:
    """A queue of five comments."""
    site.queue(FIVE)
    return DeskPage(sign_in(MARY), site).open()


def test_a_key_decides_and_the_next_card_is_there_at_once(
    queue: DeskPage, site: NewsSite
) -> None:
    ids = queue.ids

    for comment_id, (keys, _, _) in zip(ids, DECIDING, strict=True):
        queue.is_current(comment_id)
        with queue.decided():
            queue.press(*keys)

    held = [site.held(comment_id) for comment_id in ids]
    assert [(one["decision"], one["rule"]) for one in held] == [
        (decision, rule) for _, decision, rule in DECIDING
    ]
    assert {one["decided_by"] for one in held} == {MARY}


def test_rejecting_suggests_the_rule_that_the_judge_names(
    queue: DeskPage, site: NewsSite
) -> None:
    queue.open(rule="personal")
    first = queue.ids[0]

    with queue.decided():
        queue.press("r", "Enter")

    assert site.held(first)["rule"] == "personal"


def test_r_alone_rejects_nothing(queue: DeskPage, site: NewsSite) -> None:
    first, *_ = queue.ids

    queue.press("r")
    expect(queue.said).to_contain_text("Reject as: 1 derogatory, 2 personal, 3 obscene")
    queue.press("Escape")
    queue.press("j")

    assert len(queue.ids) == 5
    assert site.held(first)["decided_by"] == "automatic"


def test_j_and_k_walk_through_the_cards(queue: DeskPage) -> None:
    first, second, third, *_ = queue.ids

    queue.is_current(first)
    queue.press("j", "j", "j")
    queue.is_current(third)
    queue.press("k")
    queue.is_current(second)
    queue.press("k", "k", "k")
    queue.is_current(first)


def test_a_decision_is_undone_by_u(queue: DeskPage, site: NewsSite) -> None:
    first, *rest = queue.ids

    with queue.decided():
        queue.press("2")
    with queue.decided("undo"):
        queue.press("u")

    queue.is_current(first)
    assert queue.ids == [first, *rest]
    queue.open()
    assert queue.ids == [first, *rest]
    assert site.held(first)["kind"] == "undo"


def test_what_was_undone_can_be_decided_again(queue: DeskPage, site: NewsSite) -> None:
    first, *_ = queue.ids

    with queue.decided():
        queue.press("2")
    with queue.decided("undo"):
        queue.press("u")
    queue.is_current(first)
    with queue.decided():
        queue.press("a")

    held = site.held(first)
    assert (held["decision"], held["decided_by"]) == ("accept", MARY)


def test_e_passes_a_comment_on_to_an_editor(queue: DeskPage, site: NewsSite) -> None:
    first, *_ = queue.ids
    before = site.held(first)["decision"]

    with queue.decided():
        queue.press("e")
    queue.open(waiting="escalated")

    assert queue.ids == [first]
    expect(queue.cards.get_by_role("button", name="Approve")).to_have_count(0)
    assert site.held(first)["decision"] == before


def test_a_selection_is_decided_as_one(queue: DeskPage, site: NewsSite) -> None:
    first, second, third, *rest = queue.ids

    queue.press("x", "j", "j", "j", "x")
    with queue.decided("decide-many"):
        queue.press("1")

    assert queue.ids == [second, *rest]
    assert [site.held(id)["rule"] for id in (first, third)] == ["derogatory"] * 2
    assert site.held(second)["decided_by"] == "automatic"


def test_a_selection_that_was_decided_is_undone_as_one(
    queue: DeskPage, site: NewsSite
) -> None:
    before = queue.ids

    queue.press("x", "j", "j", "x")
    with queue.decided("decide-many"):
        queue.press("a")
    with queue.decided("undo"):
        queue.press("u")

    expect(queue.cards).to_have_count(5)
    assert queue.ids == before


def test_near_identical_comments_are_one_card_and_decided_as_one(
    sign_in: SignIn, site: NewsSite
) -> None:
    site.queue(LIKE)
    queue = DeskPage(sign_in(MARY), site).open()

    assert len(queue.ids) == 1
    with queue.decided():
        queue.press("2")

    expect(queue.said).to_contain_text("with 1 other like it")
    assert [site.held(id)["rule"] for id in ("c-1", "c-2")] == ["personal"] * 2


def test_keys_are_not_stolen_from_who_types(queue: DeskPage, site: NewsSite) -> None:
    before = queue.ids

    queue.press("n")
    queue.page.keyboard.type("a 1 2 3 r e u x j k ? o /")
    expect(queue.current.get_by_label("Note")).to_have_value(
        "a 1 2 3 r e u x j k ? o /"
    )
    queue.press("Escape", "/")
    queue.page.keyboard.type("are you?")
    expect(queue.page.get_by_label("Search the texts")).to_have_value("are you?")

    assert queue.ids == before
    assert all(site.held(id)["decided_by"] == "automatic" for id in before)


def test_a_note_goes_with_the_decision(queue: DeskPage, site: NewsSite) -> None:
    first, *_ = queue.ids

    queue.press("n")
    queue.page.keyboard.type("Third time this week.")
    queue.press("Escape")
    with queue.decided():
        queue.press("2")
    queue.page.goto(site.page("comments", first))

    expect(queue.page.get_by_role("region", name="History")).to_contain_text(
        "Third time this week."
    )


def test_a_shortcut_of_the_browser_decides_nothing(queue: DeskPage) -> None:
    queue.press("Control+a", "Alt+a", "Meta+1", "Control+e", "Alt+3")
    queue.press("j", "j")

    assert len(queue.open().ids) == 5


def test_a_key_held_down_decides_one_comment(queue: DeskPage) -> None:
    with queue.decided():
        queue.page.keyboard.down("a")
    queue.page.keyboard.down("a")
    queue.page.keyboard.down("a")
    queue.page.keyboard.up("a")

    expect(queue.cards).to_have_count(4)
    assert len(queue.open().ids) == 4


def test_the_help_opens_and_closes_by_keys(queue: DeskPage) -> None:
    help = queue.page.get_by_role("dialog", name="Keys")

    queue.press("?")
    expect(help).to_be_visible()
    queue.press("a")
    queue.press("Escape")

    expect(help).to_be_hidden()
    assert len(queue.open().ids) == 5


def test_the_keys_can_be_switched_off(queue: DeskPage) -> None:
    queue.press("?")
    queue.page.get_by_label("Switch these keys off").check()
    queue.press("Escape", "a", "1", "e")

    assert len(queue.open().ids) == 5
