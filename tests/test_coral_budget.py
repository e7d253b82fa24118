"""What is not done in time is not waited for, and secrets are at hand all the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from time import perf_counter

import pytest

from service.compat.coral.budget import Busy, Late, Pool
from service.compat.coral.keyring import AGAIN_S, REMEMBER_S, Keyring
from service.compat.coral.routes import waiting_s
from service.domain import Outcome
from service.errors import StoreUnavailable
from service.store.coral import Secret
from service.store.records import Site
from tests.fixtures_store import NOON

SITE = Site(1, "default", 1, {}, Outcome.ACCEPT)
LONG = 60.0


@pytest.fixture
def gate() -> Iterator[Event]:
    """What waits for it goes on at the end of the test at the latest."""
    gate = Event()
    yield gate
    gate.set()


def soon(seconds: float = 0.05) -> float:
    return perf_counter() + seconds


# Work


def test_work_that_is_done_in_time_answers() -> None:
    assert Pool(1).run(lambda: 7, soon(LONG)) == 7


def test_work_that_takes_longer_is_not_waited_for(gate: Event) -> None:
    began = perf_counter()

    with pytest.raises(Late):
        Pool(1).run(gate.wait, soon())

    assert perf_counter() - began < LONG / 2


def test_work_is_not_begun_when_it_is_too_late() -> None:
    done: list[int] = []

    with pytest.raises(Late):
        Pool(1).run(lambda: done.append(1), perf_counter())

    assert done == []


def test_the_works_own_error_is_told_also_if_it_looks_like_a_late_one() -> None:
    def fail() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine"):
        Pool(1).run(fail, soon(LONG))


def test_no_more_is_begun_than_there_is_room_for(gate: Event) -> None:
    pool = Pool(2)
    for _ in range(2):
        with pytest.raises(Late):
            pool.run(gate.wait, soon())

    with pytest.raises(Busy):
        pool.run(lambda: 7, soon(LONG))


def test_there_is_room_again_once_late_work_is_done(gate: Event) -> None:
    pool = Pool(1)
    with pytest.raises(Late):
        pool.run(gate.wait, soon())
    gate.set()

    assert eventually(lambda: pool.run(lambda: 7, soon(LONG)), Busy) == 7


def test_failed_work_leaves_its_room() -> None:
    pool = Pool(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            eventually(lambda: pool.run(lambda: 1 // 0, soon(LONG)), Busy)


@pytest.mark.parametrize(
    ("budget", "left"), [(0.01, 0.008), (0.1, 0.08), (0.15, 0.13), (10.0, 9.98)]
)
def test_of_a_budget_something_is_left_for_the_way_back(
    budget: float, left: float
) -> None:
    assert waiting_s(budget) == pytest.approx(left)


def eventually(
    work: Callable[[], int], but: type[Exception], within: float = LONG
) -> int:
    """Try until it does not fail so any more."""
    until = perf_counter() + within
    while True:
        try:
            return work()
        except but:
            assert perf_counter() < until
            time.sleep(0.01)


# Secrets


class World:
    """A database that answers, fails or hangs, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.secrets = [Secret(1, SITE, "empsec_one", NOON)]
        self.fails = False
        self.hangs: Event | None = None
        self.looks = 0
        self.told: list[Exception] = []
        self.keyring = Keyring(self.load, self.told.append, lambda: self.now)

    def load(self) -> Sequence[Secret]:
        self.looks += 1
        if self.hangs:
            self.hangs.wait()
        if self.fails:
            raise StoreUnavailable("The database is locked by another process.")
        return list(self.secrets)

    def known(self, wait: float = LONG) -> list[str] | None:
        found = self.keyring.secrets(soon(wait))
        return None if found is None else [one.secret for one in found]


@pytest.fixture
def world() -> World:
    return World()


def test_secrets_are_read_once_in_a_while(world: World) -> None:
    for now in (0.0, 1.0, REMEMBER_S - 0.01):
        world.now = now
        assert world.known() == ["empsec_one"]

    assert world.looks == 1


def test_what_was_added_and_removed_counts_after_a_while(world: World) -> None:
    world.known()
    world.secrets = [Secret(2, SITE, "empsec_two", NOON)]
    world.now = REMEMBER_S

    assert world.known() == ["empsec_two"]


def test_while_the_database_fails_the_last_known_count(world: World) -> None:
    world.known()
    world.fails = True
    world.now = 1000.0

    assert world.known() == ["empsec_one"]
    assert [type(error) for error in world.told] == [StoreUnavailable]


def test_a_database_that_fails_is_left_alone_for_a_while(world: World) -> None:
    world.known()
    world.fails = True
    for now in (1000.0, 1000.0 + AGAIN_S / 2, 1000.0 + AGAIN_S):
        world.now = now
        world.known()

    assert world.looks == 3


def test_a_database_that_hangs_is_waited_for_once_and_not_for_long(
    world: World, gate: Event
) -> None:
    world.known()
    world.hangs, world.now = gate, 1000.0
    began = perf_counter()

    assert world.known(wait=0.05) == ["empsec_one"]
    assert world.known(wait=LONG) == ["empsec_one"]

    assert perf_counter() - began < LONG / 2
    assert [type(error) for error in world.told] == [Late]


def test_of_a_database_that_hangs_no_more_is_asked_until_it_answers(
    world: World, gate: Event
) -> None:
    world.known()
    world.hangs = gate
    for now in range(10, 100, 10):
        world.now = now
        world.known(wait=0.01)
    assert world.looks == 2

    world.secrets = [Secret(2, SITE, "empsec_two", NOON)]
    world.now = 200.0
    gate.set()

    assert world.known() == ["empsec_two"]


def test_where_nothing_was_ever_read_nothing_is_known(
    world: World, gate: Event
) -> None:
    world.fails = True
    assert world.known() is None
    world.fails, world.hangs = False, gate
    assert world.known(wait=0.05) is None

    gate.set()
    assert world.known() == ["empsec_one"]


def test_all_who_come_first_wait_for_one_look(world: World, gate: Event) -> None:
    world.hangs = gate
    with ThreadPoolExecutor(4) as threads:
        answers = [threads.submit(world.known) for _ in range(4)]
        time.sleep(0.05)
        gate.set()

        assert [one.result() for one in answers] == [["empsec_one"]] * 4
    assert world.looks == 1
