"""In a browser: a reader objects by the signed link, and somebody else answers."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import PHONE, Watch, window
from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn, Visit
from tests.newsroom import MARY, ZOE, NewsSite

TEXT = "Learn to read, dummy. The cost is in the third paragraph."
COMMENT = {
    "id": "c-1",
    "text": TEXT,
    "article": {"id": "a-1", "title": "A second bridge"},
    "language": "en",
}
WORDS = "I was quoting the mayor, who said that to me."
PLAIN_PHONE = window(PHONE, has_script=False)


def link(site: NewsSite) -> str:
    """Path of the page that the site sends the reader to."""
    return urlsplit(str(site.told("c-1")["appeal_url"])).path


@pytest.fixture
def rejected(site: NewsSite, sign_in: SignIn) -> DeskPage:
    """Mary's queue, after she has rejected the reader's comment."""
    site.queue([COMMENT])
    queue = DeskPage(sign_in(MARY), site).open()
    with queue.decided():
        queue.press("2")
    return queue


def test_a_reader_sees_why_and_objects_and_somebody_else_answers(
    rejected: DeskPage, site: NewsSite, visit: Visit, sign_in: SignIn
) -> None:
    path = link(site)
    reader = visit(PLAIN_PHONE)

    reader.goto(path)
    wrote = reader.get_by_role("region", name="What you wrote")
    expect(wrote).to_contain_text(TEXT)
    expect(wrote.locator("mark")).to_have_text("dummy")
    reader.get_by_role("textbox").fill(WORDS)
    reader.get_by_role("button").click()
    expect(reader.get_by_text(WORDS)).to_be_visible()

    appeals = DeskPage(sign_in(ZOE), site, "appeals").open()
    expect(appeals.card("c-1")).to_contain_text(WORDS)
    with appeals.decided():
        appeals.press("a")
    held = site.held("c-1")
    assert (held["decision"], held["kind"], held["decided_by"]) == (
        "accept",
        "appeal",
        ZOE,
    )
    reader.goto(path)
    expect(reader.get_by_role("textbox")).to_have_count(0)
    assert reader.context.cookies() == []


def test_who_rejected_the_comment_is_kept_from_answering(
    rejected: DeskPage, site: NewsSite, watch: Watch
) -> None:
    site.appeal("c-1", WORDS)
    appeals = DeskPage(rejected.page, site, "appeals").open()
    watch.expected.add(403)

    appeals.press("a")

    expect(appeals.card("c-1")).to_contain_text("somebody else")
    assert site.held("c-1")["kind"] == "review"


def test_an_appeal_is_turned_down_with_a_rule(
    rejected: DeskPage, site: NewsSite, sign_in: SignIn, visit: Visit
) -> None:
    path = link(site)
    site.appeal("c-1", WORDS)
    appeals = DeskPage(sign_in(ZOE), site, "appeals").open()

    with appeals.decided():
        appeals.press("r", "2")

    assert site.held("c-1")["rule"] == "personal"
    assert site.held("c-1")["kind"] == "appeal"
    reader = visit(PLAIN_PHONE)
    reader.goto(path)
    expect(reader.get_by_role("textbox")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        pytest.param("en", "Shut up, you pathetic little clown.", id="English"),
        pytest.param("hi", "chup kar, you pathetic little clown", id="Hindi"),
        pytest.param("ml", "you pathetic little clown, മതി", id="Malayalam"),
    ],
)
def test_a_reader_is_spoken_to_in_the_language_of_the_comment(
    site: NewsSite, visit: Visit, language: str, text: str
) -> None:
    (answer,) = site.post({"id": "c-1", "text": text, "language": language})
    reader = visit(PLAIN_PHONE)

    reader.goto(urlsplit(answer["appeal_url"]).path)

    expect(reader.locator("html")).to_have_attribute("lang", language)


def test_a_link_that_was_tampered_with_shows_nothing(
    site: NewsSite, visit: Visit, watch: Watch
) -> None:
    (answer,) = site.post({"id": "c-1", "text": "You pathetic little clown."})
    watch.expected.add(404)
    reader = visit(PLAIN_PHONE)

    reader.goto(urlsplit(answer["appeal_url"]).path.replace("/appeal/", "/appeal/1"))

    expect(reader.get_by_text("clown")).to_have_count(0)
