"""The reader's page, and how it is reached, for tests of it."""

from __future__ import annotations

from html.parser import HTMLParser
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.reader.wording import PAGES
from service.services import Services
from service.store.cases import Case

FOUL = "What the fuck is wrong with this world."
ENGLISH = PAGES["en"]


class Tags(HTMLParser):
    """What a page consists of, and the text that a person sees on it."""

    def __init__(self, response: TestResponse) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: dict[str, str | None] = {}
        self.text = ""
        self.marked: list[str] = []
        self._open: list[str] = []
        self.feed(response.get_data(as_text=True))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes.update(attrs)
        self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.text += data
        if "mark" in self._open:
            self.marked.append(data)


@pytest.fixture
def reader(app: Flask) -> FlaskClient:
    """A browser without a key or a cookie."""
    return app.test_client()


def rejected(client: FlaskClient, text: str = FOUL, /, **fields: object) -> str:
    """The path of the link for a comment that is rejected."""
    body = {"id": uuid4().hex, "text": text, **fields}
    answer = client.post("/v1/moderate", json=body).json
    assert answer
    assert answer["decision"] == "reject"
    return path_of(answer["appeal_url"])


def path_of(url: str) -> str:
    """Where a link leads, on any host."""
    start = url.index("/appeal/")
    return url[start:]


def case_of(parts: Services, path: str) -> Case:
    """What is known of the comment that a link is for."""
    visit = parts.visits.look(path.removeprefix("/appeal/"))
    return visit.case
