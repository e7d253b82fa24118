"""Fixtures: moderators at a desk of their own site, driven by Flask's client.

Every test has a site to itself, where all that is found is flagged and nothing is
rejected, so that what is posted waits.  Nobody is asked for a second opinion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from model.finding import Rule
from service.auth import key_hash, new_key
from service.domain import Comment, Thresholds
from service.review import Review
from service.services import NAME
from service.store.accounts import Accounts, Moderator, Role
from service.store.records import Site
from service.store.sites import Sites
from tests.fixtures_service import OnKind, built, one_of_each
from tests.fixtures_store import NOON, PASSWORD, Install, cheaply_hashed

MARY, ZOE, EDITH = "Mary of the desk", "Zoë of the desk", "Edith of the desk"
"""Two moderators and an editor, of all sites."""

ROLES = {MARY: Role.MODERATOR, ZOE: Role.MODERATOR, EDITH: Role.EDITOR}
INSULT = "You are an idiot."
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SCRIPT = {"X-Requested-With": "desk"}
CARD = re.compile(r'<article class="card.*?data-id="([^"]*)"', re.DOTALL)
SEEN = re.compile(r'name="seen" value="(\d+)"')

Posted = Callable[..., dict[str, Any]]


@dataclass(frozen=True)
class Desk:
    """A moderator's browser, in which one site is open."""

    client: FlaskClient
    site: Site

    def path(self, *parts: str) -> str:
        """Path of a page of the site."""
        return "/".join(
            ["/desk", self.site.name, *(quote(part, safe="") for part in parts)]
        )

    def get(self, *parts: str, **query: str) -> TestResponse:
        """Open a page of the site."""
        return self.client.get(self.path(*parts), query_string=query)

    def page(self, *parts: str, **query: str) -> str:
        """The HTML of a page that opens."""
        answer = self.get(*parts, **query)
        assert answer.status_code == 200, answer.text
        return answer.text

    def ids(self, *parts: str, **query: str) -> list[str]:
        """The comments on a list, in order."""
        return ids_in(self.page(*(parts or ("queue",)), **query))

    def post(self, act: str, **fields: str | list[str]) -> TestResponse:
        """Send a form as it stands on a page."""
        return self.client.post(self.path(act), data=self._signed(fields))

    def script(self, act: str, **fields: str | list[str]) -> TestResponse:
        """Send the same as the page's script does."""
        data = self._signed(fields)
        return self.client.post(self.path(act), data=data, headers=SCRIPT)

    def decide(self, comment_id: str, seen: int = 1, **fields: str) -> TestResponse:
        """Press a button of a card: `approve="1"`, `reject="obscene"`."""
        back = self.path("queue")
        return self.post("decide", id=comment_id, seen=str(seen), back=back, **fields)

    def _signed(self, fields: Mapping[str, str | list[str]]) -> dict[str, Any]:
        found = TOKEN.search(self.client.get("/desk/password").text)
        assert found
        return {"csrf_token": found[1], **fields}


def ids_in(html: str) -> list[str]:
    """The comments that have a card in it, in order."""
    return [unescape(found) for found in CARD.findall(html)]


@pytest.fixture(scope="session")
def desk_apps(install: Install) -> Iterator[OnKind[Flask]]:
    """An app with desks on each kind of database."""

    def make(kind: str) -> AbstractContextManager[Flask]:
        return built(install(kind), REFRAIN_SECOND_SHARE="0")

    with one_of_each(make) as apps:
        yield apps


@pytest.fixture(scope="session")
def desk_app(dialect: str, desk_apps: OnKind[Flask]) -> Flask:
    """The app that all these desks stand in."""
    return desk_apps(dialect)


@pytest.fixture(scope="session")
def all_cookies(desk_apps: OnKind[Flask]) -> OnKind[dict[str, str]]:
    """Cookies of the moderators, each of whom signs in once: that takes time."""

    @cache
    def cookies(kind: str) -> dict[str, str]:
        app = desk_apps(kind)
        accounts: Accounts = app.extensions[NAME].accounts
        password_hash = cheaply_hashed(PASSWORD)
        for name, role in ROLES.items():
            accounts.create_moderator(Moderator(name, password_hash, role, NOON))
        return {name: _sign_in(app, name) for name in ROLES}

    return cookies


@pytest.fixture(scope="session")
def cookies(dialect: str, all_cookies: OnKind[dict[str, str]]) -> dict[str, str]:
    """The moderators' cookies."""
    return all_cookies(dialect)


@pytest.fixture
def paper(desk_app: Flask) -> Site:
    """A site of the test's own, where what is found is flagged and waits."""
    sites = Sites(desk_app.extensions[NAME].store.database)
    name = f"paper-{uuid4().hex[:8]}"
    site = sites.create(name, by="test", now=NOON)
    for rule in Rule:
        flags = Thresholds(0.4, None)
        site = sites.set_thresholds(name, rule, flags, by="test", now=NOON)
    return site


@pytest.fixture
def posted(desk_app: Flask, paper: Site) -> Posted:
    """Send comments to that site as it would: `posted("c-1", text=…)`."""
    key = new_key()
    accounts: Accounts = desk_app.extensions[NAME].accounts
    accounts.create_key(paper.name, key_hash(key), "test", NOON)
    client = desk_app.test_client()

    def posted(comment_id: str, text: str = INSULT, **more: object) -> dict[str, Any]:
        answer = client.post(
            "/v1/moderate",
            json={"id": comment_id, "text": text, **more},
            headers={"Authorization": f"Bearer {key}"},
        )
        assert answer.status_code == 200, answer.text
        return dict(answer.json or {})

    return posted


@pytest.fixture
def review(desk_app: Flask) -> Review:
    """What people do beside the desk: readers who report and appeal."""
    review: Review = desk_app.extensions[NAME].review
    return review


@pytest.fixture
def reported(review: Review, paper: Site, posted: Posted) -> Callable[[str, str], None]:
    """Post a comment that is accepted, and have a reader report it."""

    def report(comment_id: str, text: str) -> None:
        assert posted(comment_id, text)["flagged"] is False
        comment = Comment(text, comment_id)
        review.report(paper, comment_id, reporter="r-1", words="Rude!", comment=comment)

    return report


@pytest.fixture
def sit_down(
    desk_app: Flask, paper: Site, cookies: Mapping[str, str]
) -> Callable[[str], Desk]:
    """Have somebody sit down at the desk in a browser of their own."""

    def sit_down(name: str) -> Desk:
        client = desk_app.test_client()
        client.set_cookie("desk", cookies[name])
        return Desk(client, paper)

    return sit_down


@pytest.fixture
def desk(sit_down: Callable[[str], Desk]) -> Desk:
    """Mary, who is a moderator, at the desk."""
    return sit_down(MARY)


def _sign_in(app: Flask, name: str) -> str:
    client = app.test_client()
    found = TOKEN.search(client.get("/desk/sign-in").text)
    assert found
    fields = {"csrf_token": found[1], "name": name, "password": PASSWORD}
    assert client.post("/desk/sign-in", data=fields).status_code == 303
    cookie = client.get_cookie("desk")
    assert cookie
    return cookie.value
