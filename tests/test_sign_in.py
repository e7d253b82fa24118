"""Whoever knows the password comes in; who guesses is locked out and learns nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from sqlalchemy import delete, func, select

from service.auth import (
    SHORTEST_PASSWORD,
    Door,
    check_new_password,
    hash_password,
)
from service.errors import InvalidInput, TooManyAttempts
from service.store.accounts import Accounts, Moderator
from service.store.database import Database
from service.store.schema import attempts, installation
from service.store.signins import (
    ADDRESS,
    KEEP,
    NAME,
    OWN,
    VISITOR,
    OwnPasswords,
    SignIns,
)
from service.store.store import Store
from tests.fixtures_store import NOON, PASSWORD

HOME = "192.0.2.7"
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)


@pytest.fixture
def signins(store: Store) -> SignIns:
    """The counts of failed sign-ins, all at zero."""
    return SignIns(store)


@pytest.fixture
def door(store: Store, signins: SignIns) -> Door:
    """Where people sign in; wide enough for all of a test's."""
    return Door(Accounts(store.database), signins, at_once=20)


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    """Twelve who start at the same moment."""
    start = Barrier(12)
    with ThreadPoolExecutor(12, initializer=start.wait) as crowd:
        yield crowd


def fail(
    signins: SignIns, times: int, now: datetime, name: str = "ann", address: str = HOME
) -> None:
    for _ in range(times):
        signins.count(name, address, now)


def test_a_password_made_to_be_slow_to_compose_is_not(door: Door) -> None:
    # Composing a hundred thousand marks takes four seconds, and all threads wait.
    marks = "a" + "\u0301\u0316" * 60_000
    start = time.thread_time()

    assert door.enter("ann", marks, HOME, NOON) is None

    assert time.thread_time() - start < 1.5


def fail_everywhere(signins: SignIns, times: int, now: datetime) -> None:
    """Fail as ann, each time from another network."""
    for n in range(times):
        fail(signins, 1, now, address=f"198.51.{n // 250}.{n % 250}")


def lock(
    signins: SignIns, now: datetime, name: str = "ann", address: str = HOME
) -> int:
    """How long a name is locked, in seconds; 0 if it is open (and counts a failure)."""
    try:
        signins.count(name, address, now)
    except TooManyAttempts as error:
        return error.retry_after_s
    return 0


def rows(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(attempts)) or 0


def test_five_failures_lock_a_name_for_a_minute(signins: SignIns) -> None:
    fail(signins, 5, NOON)

    assert lock(signins, NOON) == 60
    assert lock(signins, NOON + MINUTE - SECOND) == 1
    assert lock(signins, NOON + MINUTE) == 0


def test_each_further_failure_locks_for_longer(signins: SignIns) -> None:
    fail(signins, 4, NOON)
    now, locked = NOON, []

    for _ in range(4):
        fail(signins, 1, now)
        locked.append(lock(signins, now) // 60)
        now += MINUTE * locked[-1]

    assert locked == [1, 5, 15, 15]


def test_a_lock_is_not_prolonged_by_more_tries(signins: SignIns) -> None:
    fail(signins, 5, NOON)

    waits = [lock(signins, NOON + SECOND * passed) for passed in (10, 20, 59)]

    assert waits == [50, 40, 1]


def test_failures_far_apart_lock_nothing(signins: SignIns) -> None:
    for n in range(20):
        fail(signins, 1, NOON + 15 * MINUTE * n)


def test_failures_within_fifteen_minutes_of_each_other_add_up(signins: SignIns) -> None:
    for n in range(5):
        fail(signins, 1, NOON + 14 * MINUTE * n)

    assert lock(signins, NOON + 14 * MINUTE * 4) == 60


def test_a_lock_is_forgotten_fifteen_minutes_after_its_end(signins: SignIns) -> None:
    fail(signins, 5, NOON)

    fail(signins, 4, NOON + 16 * MINUTE)

    assert lock(signins, NOON + 16 * MINUTE) == 0


def test_who_guesses_elsewhere_keeps_nobody_out(signins: SignIns) -> None:
    fail(signins, 5, NOON)
    for quarter in range(1, 41):  # Ten hours, as often as the lock lets them.
        lock(signins, NOON + 15 * MINUTE * quarter)

    later = NOON + 15 * MINUTE * 40
    assert lock(signins, later) == 900
    assert lock(signins, later, address="192.0.2.8") == 0


def test_a_name_is_locked_from_everywhere_after_fifty_failures(
    signins: SignIns,
) -> None:
    fail_everywhere(signins, 49, NOON)
    fail_everywhere(signins, 1, NOON + 5 * MINUTE)

    with pytest.raises(TooManyAttempts, match=r"Try again in 10 minutes\."):
        fail(signins, 1, NOON + 5 * MINUTE)
    fail(signins, 1, NOON + 5 * MINUTE, name="bea")


def test_a_name_locked_from_everywhere_opens_with_all_its_tries(
    signins: SignIns,
) -> None:
    fail_everywhere(signins, 50, NOON)
    assert lock(signins, NOON) == 900

    fail_everywhere(signins, 49, NOON + 15 * MINUTE)

    assert lock(signins, NOON + 15 * MINUTE) == 0


def test_slow_failures_from_many_networks_never_lock_a_name(signins: SignIns) -> None:
    for n in range(120):
        fail(signins, 1, NOON + MINUTE * n, address=f"198.51.100.{n}")

    assert lock(signins, NOON + MINUTE * 120) == 0


def test_success_does_not_open_what_another_network_has_locked(
    signins: SignIns,
) -> None:
    fail(signins, 5, NOON, address="192.0.2.8")
    fail(signins, 1, NOON)
    signins.clear("ann", HOME)

    assert lock(signins, NOON, address="192.0.2.8") == 60
    assert lock(signins, NOON) == 0


def test_failed_sign_ins_keep_nobody_from_changing_their_password(
    signins: SignIns, store: Store
) -> None:
    fail_everywhere(signins, 49, NOON)
    fail(signins, 1, NOON)
    for n in range(29):
        fail(signins, 1, NOON, name=f"name {n}")
    assert lock(signins, NOON) > 0

    assert lock(OwnPasswords(store), NOON) == 0


def test_ones_own_password_locks_after_five_failures_and_for_longer_each_time(
    signins: SignIns, store: Store
) -> None:
    own, now, locked = OwnPasswords(store), NOON, []
    fail(own, OWN.failures - 1, NOON)
    for n in range(4):
        fail(own, 1, now, address=f"192.0.2.{n}")
        locked.append(lock(own, now) // 60)
        now += MINUTE * locked[-1]

    assert locked == [1, 5, 15, 15]
    assert lock(signins, now - MINUTE) == 0
    own.clear("ann", HOME)
    fail(own, OWN.failures, now)


def test_a_name_with_a_blank_is_no_other_name_elsewhere(signins: SignIns) -> None:
    fail(signins, 5, NOON, name=f"{HOME} ann", address="")

    assert lock(signins, NOON) == 0


def test_an_address_is_locked_after_thirty_failures_for_all_names(
    signins: SignIns,
) -> None:
    for n in range(30):
        fail(signins, 1, NOON, name=f"name {n}")

    with pytest.raises(TooManyAttempts):
        fail(signins, 1, NOON, name="another name")
    fail(signins, 1, NOON, name="another name", address="192.0.2.8")


def test_what_an_address_is_refused_counts_for_no_name(signins: SignIns) -> None:
    for n in range(30):
        fail(signins, 1, NOON, name=f"name {n}")
    for _ in range(10):
        with pytest.raises(TooManyAttempts):
            fail(signins, 1, NOON)

    assert lock(signins, NOON + MINUTE) == 0


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        pytest.param("2001:db8::1", "2001:db8::ffff:1", True, id="one IPv6 network"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="two IPv6 networks"),
        pytest.param("192.0.2.1", "::ffff:192.0.2.1", True, id="IPv4 written as IPv6"),
        pytest.param("192.0.2.1", "192.0.2.2", False, id="two IPv4 addresses"),
        pytest.param("", "unix:", True, id="no address at all"),
    ],
)
def test_an_address_is_a_household(
    signins: SignIns, one: str, other: str, is_same: bool
) -> None:
    for n in range(30):
        fail(signins, 1, NOON, name=f"name {n}", address=one)

    try:
        fail(signins, 1, NOON, address=other)
    except TooManyAttempts:
        assert is_same
    else:
        assert not is_same


def test_success_clears_the_name_and_its_own_count_of_the_address(
    signins: SignIns, database: Database
) -> None:
    fail(signins, 4, NOON)
    fail(signins, 1, NOON)
    signins.clear("ann", HOME)

    fail(signins, 4, NOON)
    with database.reading() as connection:
        counts = sorted(connection.scalars(select(attempts.c.failures)))

    assert lock(signins, NOON) == 0
    assert counts == [4, 4, 8]


def test_signing_in_does_not_forgive_others_of_the_same_address(
    signins: SignIns,
) -> None:
    for n in range(30):
        fail(signins, 1, NOON, name=f"name {n}")
        fail(signins, 1, NOON, name="mine", address="192.0.2.8")
        signins.clear("mine", "192.0.2.8")

    assert lock(signins, NOON) == 60


def test_neither_names_nor_addresses_can_be_read_back(
    signins: SignIns, database: Database
) -> None:
    fail(signins, 1, NOON)
    with database.reading() as connection:
        before = set(connection.scalars(select(attempts.c.subject)))
    with database.writing() as connection:
        connection.execute(delete(attempts))
        connection.execute(installation.update().values(secret=b"t" * 32))
    fail(SignIns(Store(database)), 1, NOON)
    with database.reading() as connection:
        after = set(connection.scalars(select(attempts.c.subject)))

    assert {len(subject) for subject in before | after} == {32}
    assert not before & after


def test_a_name_that_looks_like_an_address_is_counted_apart(
    signins: SignIns, database: Database
) -> None:
    fail(signins, 1, NOON, name=HOME)

    assert rows(database) == 3


def test_what_no_longer_counts_is_deleted(signins: SignIns, database: Database) -> None:
    fail(signins, 1, NOON)
    fail(signins, 1, NOON + KEEP, name="bea", address="192.0.2.8")

    signins.tidy(NOON + KEEP + SECOND)

    assert rows(database) == 3


def test_the_right_password_opens_the_door(door: Door) -> None:
    moderator = door.enter("editor", PASSWORD, HOME, NOON)

    assert moderator is not None
    assert moderator.name == "editor"


def test_a_locked_name_stays_outside_with_the_right_password(door: Door) -> None:
    for _ in range(VISITOR.failures):
        assert door.enter("editor", "wrong", HOME, NOON) is None

    with pytest.raises(TooManyAttempts):
        door.enter("editor", PASSWORD, HOME, NOON)
    assert door.enter("editor", PASSWORD, HOME, NOON + MINUTE)


def test_an_unknown_name_and_a_disabled_account_lock_like_a_wrong_password(
    door: Door, database: Database
) -> None:
    Accounts(database).disable("editor", NOON)

    for name, password in (("nobody", "x"), ("editor", PASSWORD)):
        for _ in range(VISITOR.failures):
            assert door.enter(name, password, HOME, NOON) is None
        with pytest.raises(TooManyAttempts) as refused:
            door.enter(name, password, HOME, NOON)
        assert refused.value.retry_after_s == 60


@pytest.mark.parametrize(
    "name",
    ["", "\x00", "ed\x00itor", "editor\n", "x" * 65, "x" * 100_000, "\u202eeditor"],
)
def test_what_cannot_be_a_name_is_a_wrong_one(door: Door, name: str) -> None:
    assert door.enter(name, PASSWORD, HOME, NOON) is None


@pytest.mark.parametrize("password", ["", "\x00", "x" * 400_000, "🔑" * 1000])
def test_any_password_can_be_tried(door: Door, password: str) -> None:
    assert door.enter("editor", password, HOME, NOON) is None


def test_a_password_is_the_same_however_a_keyboard_composes_it(
    store: Store, signins: SignIns
) -> None:
    accounts = Accounts(store.database)
    accounts.set_password("editor", hash_password("Gr\u00f6\u00dfe und Ma\u00df"))
    door = Door(accounts, signins, at_once=1)

    assert door.enter("editor", "Gro\u0308\u00dfe und Ma\u00df", HOME, NOON)


def test_of_many_guesses_at_once_no_more_get_through_than_one_by_one(
    door: Door, crowd: ThreadPoolExecutor
) -> None:
    def guess(n: int) -> Moderator | str | None:
        try:
            return door.enter("editor", f"guess {n}", HOME, NOON)
        except TooManyAttempts:
            return "locked"

    answers = list(crowd.map(guess, range(12)))

    assert answers.count(None) == VISITOR.failures
    assert answers.count("locked") == 12 - VISITOR.failures


def test_a_flood_waits_outside_and_is_not_counted(
    store: Store, signins: SignIns, crowd: ThreadPoolExecutor
) -> None:
    door = Door(Accounts(store.database), signins, at_once=1)

    def come(n: int) -> str | None:
        try:
            door.enter(f"name {n}", "x", HOME, NOON)
        except TooManyAttempts as error:
            return str(error)
        return None

    answers = list(crowd.map(come, range(12)))

    checked = answers.count(None)
    assert 0 < checked < 12
    assert {a for a in answers if a} == {
        "Many are signing in just now. Try again in a moment."
    }
    assert rows(store.database) == 2 * checked + 1


def test_a_door_opens_again_after_any_failure(store: Store, signins: SignIns) -> None:
    door = Door(Accounts(store.database), signins, at_once=1)
    for _ in range(VISITOR.failures):
        door.enter("ann", "x", HOME, NOON)
    with pytest.raises(TooManyAttempts):
        door.enter("ann", "x", HOME, NOON)

    assert door.enter("editor", PASSWORD, HOME, NOON)


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("x7-Kq" + "a" * (SHORTEST_PASSWORD - 6), id="a character short"),
        pytest.param("x7-Kq" * 41, id="longer than 200"),
        pytest.param("my name is Editor", id="the name within"),
        pytest.param("abababababab", id="hardly any characters"),
    ],
)
def test_a_password_that_can_be_guessed_is_refused(password: str) -> None:
    with pytest.raises(InvalidInput):
        check_new_password("editor", password)


@pytest.mark.parametrize("password", [PASSWORD, "അക്ഷരമാല പഠിക്കുക", "x7-Kq9!mZ2pt"])
def test_a_long_password_of_any_characters_is_taken(password: str) -> None:
    check_new_password("editor", password)


def test_the_limits_are_those_of_the_documentation() -> None:
    limits = VISITOR, NAME, ADDRESS, OWN
    assert [limit.failures for limit in limits] == [5, 50, 30, 5]
