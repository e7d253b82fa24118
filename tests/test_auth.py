"""Only an open key opens a site, and no other answer tells one from another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy import event, select, update

from service import auth
from service.errors import InvalidInput, NotAuthenticated, StoreUnavailable
from service.store.accounts import Accounts, Moderator, Role
from service.store.database import Database
from service.store.schema import api_keys, moderators
from service.store.store import (
    AGAIN_S,
    ANSWER_S,
    REMEMBER_KEY_S,
    REMEMBERED_KEYS,
    Store,
)
from tests.fixtures_store import KEY, NOON, PASSWORD

REVOKED = "rf_" + "r" * 43
HEADERS = [
    pytest.param(None, id="missing"),
    pytest.param("", id="empty"),
    pytest.param("Bearer", id="no key"),
    pytest.param("Bearer ", id="a blank key"),
    pytest.param(f"Basic {KEY}", id="another scheme"),
    pytest.param(KEY, id="no scheme"),
    pytest.param("Bearer rf_short", id="malformed"),
    pytest.param("Bearer rf_" + "x" * 43, id="unknown"),
    pytest.param(f"Bearer {REVOKED}", id="revoked"),
    pytest.param(f"Bearer {KEY}x", id="a character too many"),
    pytest.param("Bearer \udcff\x00☎", id="no text at all"),
]


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What is sent to the database meanwhile."""
    sent: list[str] = []

    def note(conn: object, cursor: object, statement: str, *rest: object) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(database.engine, "before_cursor_execute", note)


def revoked(database: Database) -> None:
    accounts = Accounts(database)
    key_id = accounts.create_key("default", auth.key_hash(REVOKED), "old", NOON)
    accounts.revoke_key(key_id, NOON)


def test_a_key_is_long_random_and_recognisable() -> None:
    keys = {auth.new_key() for _ in range(100)}

    assert len(keys) == 100
    # 50 of 36 characters: 258 bits.
    assert all(re.fullmatch("rf_[a-z0-9]{50}", key) for key in keys)


def test_a_key_may_be_a_label_of_a_host_name() -> None:
    key = auth.new_key()

    # RFC 1035, section 2.3.4, and hosts have no case.
    assert len(key) <= 63
    assert key == key.lower()


def test_the_hash_of_a_key_is_sha_256() -> None:
    # FIPS 180-4's example for "abc".
    assert auth.key_hash("abc").hex() == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


def test_a_key_is_stored_only_as_a_hash(database: Database) -> None:
    with database.reading() as connection:
        row = connection.execute(select(api_keys)).one()

    assert KEY not in repr(row)
    assert row.hash == auth.key_hash(KEY)


@pytest.mark.parametrize("header", [f"Bearer {KEY}", f"bearer  {KEY} "])
def test_an_open_key_opens_its_site(store: Store, header: str) -> None:
    assert auth.authenticate(store, auth.bearer_hash(header)).name == "default"


@pytest.mark.parametrize("header", HEADERS)
def test_every_other_header_is_refused_alike_at_the_cost_of_one_query(
    store: Store, database: Database, header: str | None
) -> None:
    revoked(database)

    with statements(database) as sent, pytest.raises(NotAuthenticated) as first:
        auth.authenticate(store, auth.bearer_hash(header))
    with statements(database) as again, pytest.raises(NotAuthenticated):
        auth.authenticate(store, auth.bearer_hash(header))

    assert str(first.value) == (
        "Send a valid API key in the header `Authorization: Bearer rf_…`."
    )
    assert len(sent) == 1
    assert again == sent


def test_an_open_key_is_looked_up_once_in_five_seconds(
    database: Database,
) -> None:
    clock = Clock()
    store = Store(database, clock=clock)
    auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))

    with statements(database) as soon:
        clock.time += REMEMBER_KEY_S - 0.01
        auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))
    with statements(database) as later:
        clock.time += 0.01
        auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))

    assert (len(soon), len(later)) == (0, 1)


def test_a_known_key_opens_its_site_while_the_database_does_not_answer(
    database: Database,
) -> None:
    clock = Clock()
    store = Store(database, clock=clock)
    site = auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))
    clock.time += REMEMBER_KEY_S
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO gone")

    assert auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}")) == site
    with statements(database) as soon:
        assert auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}")) == site
    with pytest.raises(StoreUnavailable):
        auth.authenticate(store, auth.bearer_hash("Bearer rf_unknown"))

    assert soon == []


def test_one_thread_alone_waits_for_a_silent_database_and_others_go_on(
    database: Database,
) -> None:
    clock, asked, is_over = Clock(), Event(), Event()
    store = Store(database, clock=clock)
    header = f"Bearer {KEY}"
    site = auth.authenticate(store, auth.bearer_hash(header))
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO gone")
    clock.time += REMEMBER_KEY_S

    def keep_waiting(*_: object) -> None:
        asked.set()
        assert is_over.wait(10)

    event.listen(database.engine, "before_cursor_execute", keep_waiting)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(auth.authenticate, store, auth.bearer_hash(header))
        assert asked.wait(10)
        clock.time += ANSWER_S
        asked.clear()
        meanwhile = auth.authenticate(store, auth.bearer_hash(header))
        is_over.set()
        assert waiting.result() == meanwhile == site
    event.remove(database.engine, "before_cursor_execute", keep_waiting)
    # It rests as long as asking took.
    clock.time += ANSWER_S - 0.01
    with statements(database) as soon:
        assert auth.authenticate(store, auth.bearer_hash(header)) == site

    assert (soon, asked.is_set()) == ([], False)


def test_a_key_that_was_revoked_meanwhile_is_refused_once_the_database_is_back(
    database: Database,
) -> None:
    clock = Clock()
    store = Store(database, clock=clock)
    auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))
    Accounts(database).revoke_key(1, NOON)
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE api_keys RENAME TO gone")
    clock.time += REMEMBER_KEY_S
    auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))
    with database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO api_keys")

    clock.time += AGAIN_S

    with pytest.raises(NotAuthenticated):
        auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))


def test_a_revoked_key_is_refused_within_five_seconds(database: Database) -> None:
    clock = Clock()
    store = Store(database, clock=clock)
    auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))
    Accounts(database).revoke_key(1, NOON)

    clock.time += REMEMBER_KEY_S

    with pytest.raises(NotAuthenticated):
        auth.authenticate(store, auth.bearer_hash(f"Bearer {KEY}"))


def test_wrong_keys_are_not_remembered_and_open_ones_within_bounds(
    store: Store, database: Database
) -> None:
    for i in range(20):
        with pytest.raises(NotAuthenticated):
            auth.authenticate(store, auth.bearer_hash(f"Bearer rf_{i:043}"))
    assert store.remembered_keys == 0

    with database.writing() as connection:
        row = {"site_id": 1, "label": "", "created_at": NOON}
        keys = [f"rf_{i:043}" for i in range(REMEMBERED_KEYS + 5)]
        hashes = [row | {"hash": auth.key_hash(key)} for key in keys]
        connection.execute(api_keys.insert(), hashes)
    for key in keys:
        auth.authenticate(store, auth.bearer_hash(f"Bearer {key}"))

    assert 0 < store.remembered_keys <= REMEMBERED_KEYS


def test_a_key_is_revoked_once(database: Database) -> None:
    accounts = Accounts(database)
    accounts.revoke_key(1, NOON)

    with pytest.raises(InvalidInput, match="no key 1 to revoke"):
        accounts.revoke_key(1, NOON + timedelta(days=1))

    assert accounts.all_keys()[0].revoked_at == NOON


def test_the_right_password_signs_in(database: Database) -> None:
    moderator = auth.check_password(Accounts(database), "editor", PASSWORD)

    assert moderator is not None
    assert (moderator.name, moderator.role) == ("editor", Role.EDITOR)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        pytest.param("editor", "wrong", id="wrong password"),
        pytest.param("editor", "", id="empty password"),
        pytest.param("nobody", PASSWORD, id="unknown name"),
        pytest.param("Editor", PASSWORD, id="another case"),
    ],
)
def test_nothing_else_signs_in(database: Database, name: str, password: str) -> None:
    assert auth.check_password(Accounts(database), name, password) is None


def test_a_disabled_account_does_not_sign_in(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(update(moderators).values(disabled_at=NOON))

    assert auth.check_password(Accounts(database), "editor", PASSWORD) is None


def test_a_password_is_stored_as_argon2id_and_never_shown(database: Database) -> None:
    moderator = Accounts(database).moderator("editor")

    assert moderator is not None
    assert moderator.password_hash.startswith("$argon2id$")
    assert "$argon2id$" not in repr(moderator)


def test_an_unknown_name_is_checked_with_the_cost_of_a_known_one() -> None:
    # The work Argon2 does is written in the hash: version, memory, rounds, lanes.
    def cost(password_hash: str) -> list[str]:
        return password_hash.split("$")[1:4]

    assert cost(auth.UNKNOWN_MODERATOR) == cost(auth.hash_password("any"))


def test_two_moderators_cannot_share_a_name(database: Database) -> None:
    accounts = Accounts(database)
    ann = Moderator("ann", "hash", Role.MODERATOR, NOON)
    accounts.create_moderator(ann)

    with pytest.raises(InvalidInput, match="a moderator named 'ann' already"):
        accounts.create_moderator(replace(ann, role=Role.EDITOR))

    assert accounts.moderator("ann") == ann
