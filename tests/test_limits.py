"""Processes share one limit; a broken count refuses nobody, and costs no more time."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from threading import Barrier

import pytest
from sqlalchemy import select

from service.auth import key_hash
from service.errors import Fault, StoreUnavailable
from service.limiting.in_redis import ANSWER_S, RedisLimits
from service.limiting.limiter import MINUTE_S, REST_S, Count, Limiter
from service.store.database import Database, open_database
from service.store.limits import WAIT_S, Limits
from service.store.schema import limits
from service.store.store import Store
from tests.fixtures_store import KEY
from tests.redis_server import RedisServer, redis_server

LIMIT = 100
BEGIN = 1_790_000_040.0
"""The beginning of a minute."""
BOTH = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
SITE, OTHER = key_hash(KEY), key_hash("rf_other")


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = BEGIN

    def __call__(self) -> float:
        return self.now


@dataclass
class Counting:
    """A count that notes how often it is asked; out of reach when told so."""

    count_of: Count
    asked: int = 0
    is_broken: bool = False

    def count(self, subject: bytes, minute: int, requests: int) -> int:
        self.asked += 1
        if self.is_broken:
            raise StoreUnavailable("Not there.", Fault.UNREACHABLE)
        return self.count_of.count(subject, minute, requests)


@dataclass
class Silent:
    """A count that gives no answer until so many wait for one, and then fails."""

    barrier: Barrier

    def count(self, subject: bytes, minute: int, requests: int) -> int:
        self.barrier.wait()
        raise StoreUnavailable("No answer.", Fault.UNREACHABLE)


@dataclass
class Memory:
    """A count in this process, for tests of what is built on one."""

    counted: dict[tuple[bytes, int], int] = field(default_factory=dict)

    def count(self, subject: bytes, minute: int, requests: int) -> int:
        key = subject, minute
        self.counted[key] = self.counted.get(key, 0) + requests
        return self.counted[key]


def secret(purpose: str) -> bytes:
    return purpose.encode().ljust(32, b"-")


def limiter(
    counts: Mapping[str, Count], clock: Clock, failed: list[str] | None = None
) -> Limiter:
    """As one process has it."""
    noted = [] if failed is None else failed
    return Limiter(
        LIMIT,
        counts,
        secret=secret,
        on_failure=lambda name, _: noted.append(name),
        clock=clock,
        steady=clock,
    )


def admitted(process: Limiter, requests: int, caller: bytes = SITE) -> int:
    return sum(process.admit(caller).is_admitted for _ in range(requests))


@pytest.fixture(scope="module")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql", "redis"])
def count(request: pytest.FixtureRequest) -> Iterator[Count]:
    """Each place where is counted, with nothing counted yet."""
    if request.param == "redis":
        server: RedisServer = request.getfixturevalue("redis")
        server.kill()
        server.start()
        counts = RedisLimits(server.url)
        yield counts
        counts.close()
        return
    fixture = "prepared_sqlite" if request.param == "sqlite" else "prepared_postgresql"
    request.getfixturevalue(fixture)
    yield Limits(request.getfixturevalue("database"))


@pytest.fixture
def backend(request: pytest.FixtureRequest) -> str:
    """The database that `count` is asked for; SQLite where no count is."""
    if "count" not in request.fixturenames:
        return "sqlite"
    return str(request.node.callspec.params["count"])


# The limit


def test_processes_together_admit_the_limit_and_not_one_more(count: Count) -> None:
    clock = Clock()
    processes = [limiter({"it": count}, clock) for _ in range(5)]

    total = 0
    for number in range(5 * LIMIT):
        clock.now += 0.02 if number % 10 else 0.5
        total += admitted(processes[number * 3 // 2 % 5], 1)

    assert total == LIMIT
    assert clock.now < BEGIN + MINUTE_S


def test_threads_of_a_process_admit_the_limit_and_not_one_more(count: Count) -> None:
    process = limiter({"it": count}, Clock())

    with ThreadPoolExecutor(8) as threads:
        counts = list(threads.map(lambda _: admitted(process, 40), range(8)))

    assert sum(counts) == LIMIT


def test_every_minute_the_whole_limit_is_there_again(count: Count) -> None:
    clock = Clock(BEGIN + MINUTE_S - 1)
    process = limiter({"it": count}, clock)
    used_up = admitted(process, 2 * LIMIT)
    clock.now += 1

    assert (used_up, admitted(process, 2 * LIMIT)) == (LIMIT, LIMIT)


def test_each_caller_has_a_limit_of_its_own(count: Count) -> None:
    process = limiter({"it": count}, Clock())

    used_up = admitted(process, 2 * LIMIT)

    assert (used_up, admitted(process, 5, OTHER)) == (LIMIT, 5)


def test_a_caller_is_told_what_is_left_and_for_how_long() -> None:
    clock = Clock(BEGIN + 12.3)
    process = limiter({"it": Memory()}, clock)

    first = process.admit(SITE)
    admitted(process, LIMIT)
    clock.now = BEGIN + 59.9
    last = process.admit(SITE)

    assert first == (True, LIMIT, LIMIT - 1, 48)
    assert last == (False, LIMIT, 0, 1)


# What it costs


def test_a_busy_caller_costs_a_question_a_second_and_not_one_a_request() -> None:
    clock, count = Clock(), Counting(Memory())
    process = Limiter(
        600_000,
        {"it": count},
        secret=secret,
        on_failure=lambda *_: None,
        clock=clock,
        steady=clock,
    )

    for _ in range(20_000):  # 1,000 a second
        clock.now += 0.001
        assert process.admit(SITE).is_admitted

    assert count.asked <= 25


def test_who_is_over_the_limit_costs_nothing_more() -> None:
    count = Counting(Memory())
    process = limiter({"it": count}, Clock())
    admitted(process, 2 * LIMIT)
    asked = count.asked

    admitted(process, 10 * LIMIT)

    assert count.asked == asked


def test_little_is_lost_where_a_process_leases_and_hears_no_more() -> None:
    clock, count = Clock(), Memory()
    gone, other = limiter({"it": count}, clock), limiter({"it": count}, clock)
    for _ in range(11):
        clock.now += 0.01
        assert gone.admit(SITE).is_admitted

    assert 0.85 * LIMIT <= 11 + admitted(other, 2 * LIMIT) <= LIMIT


# Clocks


@BOTH
def test_a_replica_whose_clock_is_behind_does_not_forget_what_was_counted(
    database: Database,
) -> None:
    counts = Limits(database)
    minute = int(BEGIN // MINUTE_S)

    found = [
        counts.count(SITE, at, 10) for at in (minute + 1, minute, minute + 1, minute)
    ]

    assert found == [10, 20, 30, 40]


@BOTH
def test_a_clock_that_was_far_ahead_refuses_nobody_once_it_is_right(
    database: Database,
) -> None:
    counts = Limits(database)
    minute = int(BEGIN // MINUTE_S)

    found = [counts.count(SITE, at, 10) for at in (minute + 900, minute, minute)]

    assert found == [10, 10, 20]


def test_a_clock_that_is_set_back_admits_no_more_than_each_minute_has(
    count: Count,
) -> None:
    clock = Clock(BEGIN + 2 * MINUTE_S)
    process = limiter({"it": count}, clock)
    used_up = admitted(process, 2 * LIMIT)
    clock.now = BEGIN

    set_back = admitted(process, 2 * LIMIT)

    assert (used_up, set_back) == (LIMIT, LIMIT)


def test_a_count_is_back_after_its_rest_though_the_clock_was_set_back() -> None:
    clock, steady = Clock(), Clock(5.0)
    count = Counting(Memory(), is_broken=True)
    process = Limiter(
        LIMIT,
        {"it": count},
        secret=secret,
        on_failure=lambda *_: None,
        clock=clock,
        steady=steady,
    )
    admitted(process, 1)
    count.is_broken = False
    clock.now -= 3600
    steady.now += REST_S

    admitted(process, 1)

    assert count.asked == 2


# Faults


def test_where_one_count_is_gone_the_next_one_goes_on() -> None:
    clock, failed = Clock(), list[str]()
    first = Counting(Memory(), is_broken=True)
    counts: dict[str, Count] = {"first": first, "second": Memory()}
    one, two = limiter(counts, clock, failed), limiter(counts, clock)

    total = sum(admitted(process, 70) for process in (one, two, one, two))

    assert total == LIMIT
    assert failed == ["first"]
    assert first.asked == 2


def test_a_count_that_is_back_is_asked_again_after_a_rest() -> None:
    clock = Clock()
    first, second = Counting(Memory(), is_broken=True), Counting(Memory())
    process = limiter({"first": first, "second": second}, clock)
    admitted(process, 1)
    first.is_broken = False
    clock.now += REST_S
    asked = second.asked

    admitted(process, 1)

    assert (first.asked, second.asked) == (2, asked)


def test_where_nothing_can_be_counted_a_process_counts_for_itself() -> None:
    clock, failed = Clock(), list[str]()
    process = limiter({"it": Counting(Memory(), is_broken=True)}, clock, failed)

    assert admitted(process, 3 * LIMIT) == LIMIT
    assert failed == ["it"]


def test_threads_that_nothing_can_count_for_admit_the_limit_and_not_one_more() -> None:
    # All of them ask before any of them hears that there is no answer.
    silent = Silent(Barrier(8, timeout=10))
    process = Limiter(
        5, {"it": silent}, secret=secret, on_failure=lambda *_: None, clock=Clock()
    )

    with ThreadPoolExecutor(8) as threads:
        standings = list(threads.map(lambda _: process.admit(SITE), range(8)))

    assert sum(standing.is_admitted for standing in standings) == 5
    remaining = sorted(standing.remaining for standing in standings)
    assert remaining == [0, 0, 0, 0, 1, 2, 3, 4]


def test_one_thread_alone_waits_for_a_count_that_failed_before() -> None:
    clock, silent = Clock(), Silent(Barrier(1))
    process = limiter({"it": silent}, clock)
    admitted(process, 1)
    silent.barrier = Barrier(2, timeout=10)
    clock.now += REST_S

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(process.admit, SITE)
        while not silent.barrier.n_waiting:
            time.sleep(0.001)
        meanwhile = admitted(process, 20)
        clock.now += 2 * REST_S
        silent.barrier.wait()
        assert waiting.result().is_admitted
    # It rests as long as asking took, too.
    clock.now += 2 * REST_S - 0.01

    assert meanwhile == admitted(process, 20) == 20


def test_what_was_admitted_before_a_count_was_gone_still_counts() -> None:
    clock, count = Clock(), Counting(Memory())
    process = limiter({"it": count}, clock)
    before = admitted(process, 40)
    count.is_broken = True

    assert (before, admitted(process, 3 * LIMIT)) == (40, LIMIT - 40)


def test_without_the_secret_for_its_hashes_a_process_counts_for_itself() -> None:
    def locked_away(purpose: str) -> bytes:
        raise StoreUnavailable(f"No secret for {purpose}.")

    process = Limiter(
        LIMIT, {"it": Memory()}, secret=locked_away, on_failure=lambda *_: None
    )

    assert process.admit(SITE).is_admitted


def test_a_redis_that_is_killed_and_comes_back_refuses_nobody() -> None:
    with redis_server() as server:
        clock, failed = Clock(), list[str]()
        counts = RedisLimits(server.url)
        process = limiter({"Redis": counts, "other": Memory()}, clock, failed)
        before = admitted(process, 10)

        server.kill()
        clock.now += MINUTE_S
        during = admitted(process, 50)
        server.start()
        clock.now += MINUTE_S
        after = admitted(process, 2 * LIMIT)
        counts.close()

    assert (before, during, after) == (10, 50, LIMIT)
    assert failed == ["Redis"]


def test_a_redis_that_hangs_is_waited_for_once_and_then_left_alone(
    redis: RedisServer,
) -> None:
    counts, failed = RedisLimits(redis.url), list[str]()
    process = limiter({"Redis": counts, "other": Memory()}, Clock(), failed)
    with redis.frozen():
        begun = time.monotonic()
        assert admitted(process, LIMIT) == LIMIT
        took = time.monotonic() - begun
    counts.close()

    assert ANSWER_S <= took < 4 * ANSWER_S
    assert failed == ["Redis"]


@BOTH
def test_a_database_that_is_locked_is_not_waited_for_as_long_as_by_those_who_store(
    database_url: str, database: Database
) -> None:
    other = open_database(database_url)
    failed = list[str]()
    process = limiter({"it": Limits(other)}, Clock(), failed)
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.exec_driver_sql("LOCK TABLE limits")
        begun = time.monotonic()
        assert admitted(process, LIMIT) == LIMIT
        took = time.monotonic() - begun
    other.close()

    assert WAIT_S / 2 <= took < 4 * WAIT_S
    assert failed == ["it"]


# Secrets


def test_neither_a_key_nor_its_hash_is_where_requests_are_counted(
    redis: RedisServer, database: Database
) -> None:
    counts = RedisLimits(redis.url)
    admitted(limiter({"it": counts}, Clock()), 3)
    admitted(limiter({"it": Limits(database)}, Clock()), 3)
    counts.close()

    with database.reading() as connection:
        rows = connection.execute(select(limits)).all()
    stored = [redis.stored(), *(row.subject for row in rows)]
    assert len(rows) == 1
    assert all(stored)
    told = [KEY.encode(), SITE, SITE.hex().encode()]
    assert [part for part in told for place in stored if part in place] == []


def test_installations_that_share_a_redis_do_not_share_a_count(
    redis: RedisServer,
) -> None:
    counts, clock = RedisLimits(redis.url), Clock()
    one = limiter({"it": counts}, clock)
    two = Limiter(
        LIMIT,
        {"it": counts},
        secret=lambda purpose: secret(purpose)[::-1],
        on_failure=lambda *_: None,
        clock=clock,
    )
    caller = key_hash("rf_same")

    assert admitted(one, 2 * LIMIT, caller) == admitted(two, 2 * LIMIT, caller) == LIMIT


def test_more_callers_than_are_remembered_are_counted_still(store: Store) -> None:
    process = Limiter(
        2,
        {"it": Limits(store.database)},
        secret=store.key_for,
        on_failure=lambda *_: None,
        clock=Clock(),
    )
    many = (key_hash(str(number)) for number in range(1_030))
    first = next(many)
    admitted(process, 1, first)
    for caller in islice(many, 1_029):
        process._lease_of(caller, int(BEGIN // MINUTE_S))

    assert admitted(process, 2, first) == 1
