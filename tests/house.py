"""One installation of two sites, and who works at its desk, for tests of security."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property
from uuid import uuid4

import pytest
from flask import Flask

from service.services import NAME
from service.store.accounts import Accounts, Moderator, Role
from service.store.schema import attempts
from service.store.sites import Sites
from tests.fixtures_service import Server, built, serving_on
from tests.fixtures_store import NOON, PASSWORD, Install, Installation, cheaply_hashed
from tests.visitor import Visitor

SESSION_MINUTES = 20


@dataclass(frozen=True)
class House:
    """One database and what serves it: an app in this process, and two servers.

    The sites are `default` and `sport`; accounts made here have PASSWORD.  The servers
    start when they are first asked for, and end with `others`.
    """

    installation: Installation
    app: Flask
    password_hash: str
    others: ExitStack

    @cached_property
    def servers(self) -> tuple[Server, Server]:
        """Two processes that share nothing but the database."""
        first, second = (
            self.others.enter_context(
                serving_on(self.installation, WEB_CONCURRENCY="1")
            )
            for _ in range(2)
        )
        return first, second

    @property
    def accounts(self) -> Accounts:
        """Its accounts."""
        accounts: Accounts = self.app.extensions[NAME].accounts
        return accounts

    def account(self, role: Role = Role.MODERATOR, site_id: int | None = None) -> str:
        """Name of a new account."""
        name = uuid4().hex
        account = Moderator(name, self.password_hash, role, NOON, site_id=site_id)
        self.accounts.create_moderator(account)
        return name

    def other_app(self, **env: str) -> Flask:
        """The app with other settings, on this database."""
        return self.others.enter_context(built(self.installation, **env))


@pytest.fixture(scope="module")
def built_house(dialect: str, install: Install) -> Iterator[House]:
    """A house of the module's own."""
    installation = install(dialect)
    minutes = str(SESSION_MINUTES)
    with (
        built(installation, REFRAIN_SESSION_MINUTES=minutes) as app,
        ExitStack() as others,
    ):
        Sites(app.extensions[NAME].store.database).create("sport", by="test", now=NOON)
        yield House(installation, app, cheaply_hashed(PASSWORD), others)


@pytest.fixture
def house(built_house: House) -> House:
    """That house, in which nobody has failed: all come from the same address."""
    with built_house.app.extensions[NAME].store.database.writing() as connection:
        connection.execute(attempts.delete())
    return built_house


@pytest.fixture
def visitor(house: House) -> Visitor:
    """A moderator of all sites, signed in."""
    return signed_in(house, house.account())


@pytest.fixture
def editor(house: House) -> Visitor:
    """An editor of all sites, signed in."""
    return signed_in(house, house.account(Role.EDITOR))


def signed_in(house: House, name: str, server: int | None = None) -> Visitor:
    """Somebody signed in, to the app or to one of the servers."""
    visitor = (
        Visitor.of(house.app)
        if server is None
        else Visitor.at(house.servers[server].url)
    )
    assert visitor.sign_in(name).status_code == 303
    assert visitor.is_signed_in()
    return visitor


def without_token(page: str) -> str:
    """A page without what differs each time."""
    return re.sub(r'(content|value)="[\w.-]{40,}"', "", page)
