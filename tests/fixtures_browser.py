"""Fixtures: a browser, a newsroom, and people who are signed in there.

On a developer's machine without a browser these tests are skipped; where CI or
REQUIRE_BROWSER is set, that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Protocol
from uuid import uuid4

import pytest
from playwright.sync_api import BrowserContext, Page, StorageState, expect
from pytest_playwright.pytest_playwright import CreateContextCallback

from tests.browser import (
    HOW_TO_GET_ONE,
    TIMEOUT_MS,
    Watch,
    enter,
    find_browser,
    launch_options,
    window,
)
from tests.newsroom import Newsroom, NewsSite, newsroom

LAPTOP = window()


class Visit(Protocol):
    """Opens a window of its own; nobody is signed in there."""

    def __call__(
        self, look: Mapping[str, Any] = LAPTOP, state: StorageState | None = None
    ) -> Page: ...


class SignIn(Protocol):
    """Opens a window in which somebody is signed in."""

    def __call__(self, name: str, look: Mapping[str, Any] = LAPTOP) -> Page: ...


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """How pytest-playwright starts the browser."""
    found = find_browser()
    if found is None:
        if os.environ.get("CI") or os.environ.get("REQUIRE_BROWSER"):
            pytest.fail(HOW_TO_GET_ONE, pytrace=False)
        pytest.skip(HOW_TO_GET_ONE)
    return launch_options(found)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newsroom]:
    """The service whose desk is tried; every test opens a site of its own there."""
    with newsroom(tmp_path_factory.mktemp("newsroom")) as service:
        yield service


@pytest.fixture(scope="session")
def home(browser_type_launch_args: object, service: Newsroom) -> str:
    """Where paths lead.  Asks for the browser first, for it may be missing."""
    return service.url


@pytest.fixture(scope="session")
def browser_context_args(home: str) -> dict[str, Any]:
    """How pytest-playwright opens every context."""
    return {"base_url": home}


@pytest.fixture
def site(service: Newsroom) -> NewsSite:
    """A site whose queue is empty."""
    return service.site(f"paper-{uuid4().hex[:8]}")


@pytest.fixture
def watch(home: str) -> Iterator[Watch]:
    """What the pages of this test must not do; fails the test if they did."""
    watch = Watch(home)
    yield watch
    assert watch.complaints == []


@pytest.fixture
def visit(watch: Watch, new_context: CreateContextCallback) -> Visit:
    """Open windows; what their pages do is watched."""

    def visit(
        look: Mapping[str, Any] = LAPTOP, state: StorageState | None = None
    ) -> Page:
        context = new_context(**look, storage_state=state)
        return opened(context, watch)

    return visit


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """Cookies of who has signed in once; signing in takes time, and is rationed."""
    return {}


@pytest.fixture
def sign_in(visit: Visit, sessions: dict[str, StorageState]) -> SignIn:
    """Open windows of moderators; each signs in by the form once."""

    def sign_in(name: str, look: Mapping[str, Any] = LAPTOP) -> Page:
        if name not in sessions:
            page = visit()
            enter(page, name)
            sessions[name] = page.context.storage_state()
            page.context.close()
        return visit(look, sessions[name])

    return sign_in


def opened(context: BrowserContext, watch: Watch) -> Page:
    """A watched page in a context."""
    context.set_default_timeout(TIMEOUT_MS)
    expect.set_options(timeout=TIMEOUT_MS)
    watch.attach(context)
    return context.new_page()
