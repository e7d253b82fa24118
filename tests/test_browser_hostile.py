"""In a browser: whatever a reader writes is shown, harmless and in its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.browser import LAPTOP, PHONE, overflow, window
from tests.desk_page import DeskPage
from tests.fixtures_browser import SignIn, Visit
from tests.newsroom import EDITOR, MARY, NewsSite

MARKUP = (
    "<script>alert(1)</script><img src=x onerror=alert(2)><svg/onload=alert(3)>"
    "<iframe src=javascript:alert(4)></iframe></textarea></title><style>*{display:none}"
    "</style>\"'><a href=//elsewhere.example>{{7*7}}</a>"
)
ZALGO = "".join(c + "\u0300\u0316\u0489\u0334\u0f71\u0e47" * 15 for c in "he comes ")
TEXTS = {
    "markup": f"{MARKUP} you idiot {MARKUP}",
    "override": "\u202e\u2067you idiot\u202d of the whole street \u2066\u2067",
    "long": ("you idiot, and " * 700)[:10_000],
    "word": "you idiot " + "w" * 9_900,
    "zalgo": f"{ZALGO} you idiot {ZALGO}",
    "invisible": "you\u200b\u200d idi\u00adot\ufeff \U000e0041\U000e0042 \x07\x1b[31m",
    "lines": "\n".join(["you idiot"] * 900),
}


def hostile() -> Iterator[dict[str, Any]]:
    """One comment of each kind, hostile in every field that takes free text."""
    for name, text in TEXTS.items():
        yield {
            "id": f"{name}/../?x=1#<b>&\"'",
            "text": text,
            "author": {"id": f"u<{name}>&\"'", "name": MARKUP[:60] + "\u202e"},
            "article": {
                "id": f"a-{name}",
                "url": "https://paper.example/a?x=1&y='*{}",
                "title": "w" * 250 + MARKUP,
            },
            "parent_id": f"{name}/../?x=1#<b>&\"'",
            "language": "en",
        }


@pytest.fixture
def attacked(site: NewsSite) -> NewsSite:
    """A site where every comment is hostile, and every appeal against its rejection."""
    answers = site.post(*hostile())
    assert {answer["decision"] for answer in answers} == {"reject"}
    for comment in hostile():
        site.appeal(comment["id"], TEXTS["override"] + MARKUP)
    return site


def is_inert(page: Page) -> None:
    """Nothing on a page came from the reader but text."""
    foreign = "script:not([src]), img, iframe, style, [onerror], [onload]"
    expect(page.locator(foreign)).to_have_count(0)
    expect(page.locator("a[href*=elsewhere]")).to_have_count(0)


@pytest.mark.parametrize("width", [PHONE, LAPTOP])
def test_lists_show_what_is_hostile_as_text(
    attacked: NewsSite, sign_in: SignIn, width: int
) -> None:
    page = sign_in(EDITOR, window(width))

    for name in ("queue", "appeals", "rejected"):
        desk = DeskPage(page, attacked, name).open()

        expect(desk.cards).to_have_count(len(TEXTS))
        expect(desk.card(ids()["markup"])).to_contain_text("<script>alert(1)</script>")
        is_inert(page)
        assert overflow(page) == 0


def test_the_overview_shows_what_is_hostile_as_text(
    attacked: NewsSite, sign_in: SignIn
) -> None:
    page = sign_in(EDITOR, window(PHONE))

    page.goto(attacked.page("overview"))

    is_inert(page)
    assert overflow(page) == 0


def test_a_comments_own_page_is_found_and_harmless(
    attacked: NewsSite, sign_in: SignIn
) -> None:
    queue = DeskPage(sign_in(MARY, window(PHONE)), attacked)

    for comment_id in ids().values():
        queue.open().card(comment_id).get_by_role("link", name="History").click()

        history = queue.page.get_by_role("region", name="History")
        expect(history, comment_id).to_be_visible()
        is_inert(queue.page)
        assert overflow(queue.page) == 0, comment_id


def test_the_readers_own_page_is_harmless(site: NewsSite, visit: Visit) -> None:
    page = visit(window(PHONE))

    for answer in site.post(*hostile()):
        page.goto(urlsplit(answer["appeal_url"]).path)

        expect(page.get_by_role("textbox"), answer["id"]).to_be_visible()
        is_inert(page)
        assert overflow(page) == 0, answer["id"]


def test_the_readers_words_are_shown_to_the_reader_as_text(
    attacked: NewsSite, visit: Visit
) -> None:
    page = visit(window(PHONE))

    page.goto(urlsplit(attacked.told(ids()["markup"])["appeal_url"]).path)

    expect(page.get_by_text("<script>alert(1)</script>").first).to_be_visible()
    is_inert(page)
    assert overflow(page) == 0


def test_no_page_of_ours_is_shown_in_a_frame_of_others(
    attacked: NewsSite, sign_in: SignIn, new_context: CreateContextCallback, home: str
) -> None:
    """Else who is signed in would click on what lies beneath another page."""
    state = sign_in(MARY).context.storage_state()
    page = new_context(storage_state=state).new_page()
    appeal = urlsplit(attacked.told(ids()["markup"])["appeal_url"]).path
    framed = [attacked.page("queue"), "/desk/sign-in", appeal, "/docs"]
    frames = "".join(f'<iframe src="{home}{path}"></iframe>' for path in framed)

    with elsewhere(f'<p>Win a prize</p><iframe src="/own"></iframe>{frames}') as url:
        page.goto(url)

        expect(page.get_by_text("Win a prize")).to_be_visible()
        own, *ours = page.frames[1:]
        expect(own.get_by_text("A page that may be framed")).to_be_visible()
        assert len(ours) == len(framed)
        for frame in ours:
            expect(frame.locator("body")).to_contain_text("refused to connect")


@contextmanager
def elsewhere(body: str) -> Iterator[str]:
    """Another site of this machine: its start page, and one that may be framed."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shown = body if self.path == "/" else "A page that may be framed"
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(shown.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_hostile_comments_are_decided_by_key_as_any_other(
    attacked: NewsSite, sign_in: SignIn
) -> None:
    queue = DeskPage(sign_in(MARY), attacked).open()

    for comment_id in queue.ids:
        queue.is_current(comment_id)
        with queue.decided():
            queue.press("3")
        assert attacked.held(comment_id)["rule"] == "obscene"


def test_nothing_that_turns_the_direction_of_writing_is_left_in_a_card(
    attacked: NewsSite, sign_in: SignIn
) -> None:
    queue = DeskPage(sign_in(MARY), attacked).open()

    card = queue.card(ids()["override"])

    turning = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert not turning & set(card.inner_text())
    expect(card).to_contain_text("U+202E")


def test_tall_marks_stay_in_their_place(attacked: NewsSite, sign_in: SignIn) -> None:
    queue = DeskPage(sign_in(MARY), attacked).open()
    found = queue.card(ids()["zalgo"]).locator("mark").first

    is_clipped = found.evaluate(
        """element => {
          for (let e = element; e.tagName !== "ARTICLE"; e = e.parentElement)
            if (getComputedStyle(e).overflowY !== "visible") return true;
          return false;
        }"""
    )

    assert is_clipped


def ids() -> dict[str, str]:
    """The comments' ids by what is hostile in them."""
    return dict(zip(TEXTS, (comment["id"] for comment in hostile()), strict=True))
