"""A list of the desk as somebody at the keyboard sees it.

Decides nothing about what is right: tests do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from tests.newsroom import NewsSite


class DeskPage:
    """A page with cards of one site."""

    def __init__(self, page: Page, site: NewsSite, name: str = "queue") -> None:
        self.page = page
        self._path = site.page(name)

    def open(self, **query: str) -> DeskPage:
        """Go there."""
        self.page.goto(f"{self._path}?{urlencode(query)}" if query else self._path)
        return self

    @property
    def cards(self) -> Locator:
        """The cards that are there."""
        return self.page.locator("article.card")

    @property
    def current(self) -> Locator:
        """The card that the keys are about."""
        return self.page.locator("article.card[aria-current=true]")

    @property
    def said(self) -> Locator:
        """Where the page says what was done; a screen reader reads it out."""
        return self.page.locator("#said")

    @property
    def ids(self) -> list[str]:
        """The comments' ids, in order."""
        cards = self.cards.all()
        return [card.get_attribute("data-id") or "" for card in cards]

    def card(self, comment_id: str) -> Locator:
        """The card of a comment."""
        return self.page.locator(f"article.card[data-id={json.dumps(comment_id)}]")

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    @contextmanager
    def decided(self, act: str = "decide") -> Iterator[None]:
        """Wait until what is done in the block has been answered."""
        with self.page.expect_response(lambda answer: answer.url.endswith(f"/{act}")):
            yield

    def is_current(self, comment_id: str) -> None:
        """Wait until the keys are about this comment."""
        expect(self.current).to_have_attribute("data-id", comment_id)
