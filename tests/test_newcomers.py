"""New comments on PostgreSQL share a statement; what spoils it, ends it or hides it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import psycopg
import pytest
from sqlalchemy import Connection, func, select, text, update

from service.errors import Fault, StoreUnavailable
from service.store.database import Database, open_database
from service.store.newcomers import LEADERS, Sent, together
from service.store.postgresql import Patient
from service.store.records import Recorded, Submission
from service.store.schema import comments, decisions
from service.store.store import Store
from tests.cluster import Cluster, cluster
from tests.fixtures_store import NOON
from tests.lost_answers import between
from tests.samples import ACCEPTED, REJECTED, comment
from tests.senders import wait_until
from tests.test_store_processes import at_once, count

SITE = 1
NOBODYS = 99
HASH = bytes(32)
ALIKE = bytes(16)


@pytest.fixture
def backend() -> str:
    """There is no such thing on SQLite."""
    return "postgresql"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """Whose writers are as patient as they are in the service."""
    database = open_database(database_url)
    yield database
    database.close()


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A server of this module's own, to be killed and frozen."""
    with cluster() as own:
        yield own


def record(
    store: Store, id: str, *, site: int = SITE, text_hash: bytes = HASH
) -> Recorded:
    return store.record(site, comment(id), text_hash, REJECTED, NOON, alike=ALIKE)


def url_of(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@contextmanager
def others(database: Database) -> Iterator[Connection]:
    """A transaction of somebody else."""
    other = open_database(url_of(database))
    try:
        with other.writing() as connection:
            yield connection
    finally:
        other.close()


def all_at_once(
    store: Store, works: Sequence[Callable[[], Recorded]]
) -> list[Future[Recorded]]:
    """Have the first ones wait for a lock, until all others wait for them."""
    queue = store._newcomers._together  # type: ignore[union-attr]
    with ThreadPoolExecutor(LEADERS + len(works)) as pool:
        with others(store.database) as connection:
            connection.execute(text("LOCK TABLE comments"))
            first = [
                pool.submit(record, store, f"first-{number}")
                for number in range(LEADERS)
            ]
            wait_until(lambda: waiting(store.database) == LEADERS)
            futures = [pool.submit(work) for work in works]
            wait_until(lambda: len(queue._waiting) == len(works))
        for one in first:
            assert one.exception() is None
    return futures


def transactions(database: Database) -> int:
    """How many transactions have written decisions."""
    with database.reading() as connection:
        return int(
            connection.scalar(text("SELECT count(DISTINCT xmin::text) FROM decisions"))
        )


WAITING = (
    "FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def waiting(database: Database) -> int:
    """How many connections wait for a lock."""
    with database.reading() as connection:
        return connection.scalar(text(f"SELECT count(*) {WAITING}")) or 0


def end_waiting(database: Database) -> None:
    """Have the server end those connections."""
    with database.reading() as connection:
        connection.execute(text(f"SELECT pg_terminate_backend(pid, 5000) {WAITING}"))


def end_connections(database: Database) -> None:
    """Have the server end all connections to a database but this call's."""
    name = database.engine.url.database
    server = url_of(database).replace("+psycopg", "")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )


def test_a_new_comment_takes_one_exchange_with_the_server(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(database_url, answer_s=10)
    store = Store(database)
    record(store, "c-1")
    waits: list[object] = []
    wait = Patient.wait

    def counted(self: Patient, *args: object, **named: object) -> object:
        waits.append(args)
        return wait(self, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Patient, "wait", counted)
    for number in range(10):
        record(store, f"c-2-{number}")

    assert len(waits) == 10
    database.close()


def test_those_who_waited_share_a_transaction(store: Store, database: Database) -> None:
    works = [partial(record, store, f"c-{n}") for n in range(8)]

    futures = all_at_once(store, works)

    assert [future.result().decision.revision for future in futures] == [1] * 8
    assert count(database) == (8 + LEADERS, 8 + LEADERS)
    assert transactions(database) <= 2 * LEADERS


def test_what_is_entered_by_many_is_entered_whole(store: Store) -> None:
    sent = comment("c-1", "a\0b 'c' \"d\" \\u0000 ☎ 😀")
    works = [
        lambda: store.record(SITE, sent, HASH, REJECTED, NOON, alike=ALIKE),
        lambda: store.record(SITE, comment("c-2"), HASH, ACCEPTED, NOON, alike=None),
    ]

    entered = [future.result() for future in all_at_once(store, works)]

    for id, recorded in zip(("c-1", "c-2"), entered, strict=True):
        assert store.latest(SITE, id) == recorded
    known = store.history(SITE, "c-1")
    assert known is not None
    assert known.text == "a\ufffdb 'c' \"d\" \\u0000 ☎ 😀"
    assert (known.author, known.article) == (sent.author, sent.article)
    clean = store.history(SITE, "c-2")
    assert clean is not None
    assert clean.texts == {}


def test_of_equal_ones_in_a_group_one_is_entered_and_all_get_its_decision(
    store: Store, database: Database
) -> None:
    works = [lambda: record(store, "same")] * 4

    answers = [future.result() for future in all_at_once(store, works)]

    assert answers == [answers[0]] * 4
    assert count(database) == (1 + LEADERS, 1 + LEADERS)


def test_of_different_texts_in_a_group_each_is_a_revision(store: Store) -> None:
    works = [
        partial(record, store, "changed", text_hash=bytes([n]) * 32) for n in range(4)
    ]

    answers = [future.result() for future in all_at_once(store, works)]

    revisions = [answer.decision.revision for answer in answers]
    assert sorted(revisions) == [1, 2, 3, 4]


def test_one_that_cannot_be_entered_fails_alone(
    store: Store, database: Database
) -> None:
    works = [
        lambda: record(store, "c-1"),
        lambda: record(store, "c-2", site=NOBODYS),
        lambda: record(store, "c-3"),
        lambda: record(store, "c\0-4"),
    ]

    results = [future.exception() for future in all_at_once(store, works)]

    assert [type(result).__name__ for result in results] == [
        "NoneType",
        "ForeignKeyViolation",
        "NoneType",
        "DataError",
    ]
    assert count(database) == (2 + LEADERS, 2 + LEADERS)


def test_a_comment_on_which_somebody_decides_holds_up_no_other(
    database_url: str,
) -> None:
    database = open_database(database_url, wait_s=2)
    told: list[Fault] = []
    database.on_fault = told.append
    store = Store(database)
    record(store, "held")
    with others(database) as connection, ThreadPoolExecutor(20) as pool:
        held = update(comments).where(comments.c.id == "held")
        connection.execute(held.values(rule=comments.c.rule))
        again = [
            pool.submit(record, store, "held", text_hash=bytes([1]) * 32)
            for _ in range(LEADERS + 1)
        ]
        begun = time.monotonic()
        names = [f"new-{number}" for number in range(8)]
        list(pool.map(partial(record, store), names))
        took_s = time.monotonic() - begun
        waited = [one.exception() for one in again]

    assert took_s < 1.5
    assert all(isinstance(one, StoreUnavailable) for one in waited)
    assert told == [Fault.LOCKED] * len(again)
    assert count(database)[0] == 1 + len(names)
    database.close()


def test_a_kept_connection_that_the_server_has_ended_is_replaced_unnoticed(
    store: Store, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Fault] = []
    database.on_fault = told.append
    for number in range(3):
        record(store, f"c-{number}")
        end_connections(database)

    record(store, "c-3")

    assert told == []
    assert count(database) == (4, 4)
    assert caplog.records == []


def test_a_server_that_restarted_in_between_is_used_again_unnoticed(
    own: Cluster,
) -> None:
    database = open_database(own.url, answer_s=1.0)
    store = Store(database)
    record(store, "restarted-1")
    own.kill()
    own.start()

    record(store, "restarted-2")

    assert store.latest(SITE, "restarted-2")
    database.close()


def test_what_was_committed_though_the_answer_was_lost_is_not_entered_twice(
    database_url: str, database: Database
) -> None:
    with between(database_url) as middle:
        through = open_database(middle.url)
        store = Store(through)
        record(store, "c-1")
        middle.lose_next()
        recorded = record(store, "c-2")
        through.close()

    log = Store(database).history(SITE, "c-2")
    assert middle.lost == 1
    assert log is not None
    assert log.decisions == (recorded.decision,)
    assert count(database) == (2, 2)


def test_one_that_ends_twice_is_an_error(database_url: str, database: Database) -> None:
    with between(database_url) as middle:
        through = open_database(middle.url)
        store = Store(through)
        record(store, "c-1")
        middle.lose_next()
        lock = text("LOCK TABLE comments")
        with others(database) as connection, ThreadPoolExecutor() as pool:
            connection.execute(lock)
            writing = pool.submit(record, store, "c-2")
            for _ in range(2):
                wait_until(lambda: waiting(database))
                end_waiting(database)
            error = writing.exception()
        through.close()

    assert isinstance(error, StoreUnavailable)
    assert error.fault is Fault.UNREACHABLE
    assert count(database) == (1, 1)


def test_connections_to_what_a_failover_made_a_standby_are_not_kept(
    store: Store, database: Database
) -> None:
    works = [partial(record, store, f"c-{n}") for n in range(2)]
    for future in all_at_once(store, works):
        future.result()
    assert len(database._kept) == LEADERS
    for kept in database._kept:
        kept.exec_driver_sql("SET default_transaction_read_only = on")

    with pytest.raises(StoreUnavailable) as caught:
        record(store, "failed-over")
    record(store, "failed-over")

    assert caught.value.fault is Fault.READ_ONLY
    assert store.latest(SITE, "failed-over")


def test_a_silent_server_is_waited_for_once_by_those_who_wait_together(
    own: Cluster,
) -> None:
    database = open_database(own.url, answer_s=1.0)
    store = Store(database)
    works = [partial(record, store, f"kept-{n}") for n in range(2)]
    for future in all_at_once(store, works):
        future.result()
    took_s: list[float] = []

    def write(number: int) -> Fault:
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable) as caught:
            record(store, f"silent-{number}")
        took_s.append(time.monotonic() - begun)
        return caught.value.fault

    with ThreadPoolExecutor(12) as pool, own.frozen():
        faults = list(pool.map(write, range(12)))

    assert faults == [Fault.UNREACHABLE] * 12
    assert max(took_s) < 2.0
    database.close()


def test_a_group_takes_its_comments_in_one_order_whoever_came_first() -> None:
    keys = [(1, "b"), (2, "a"), (1, "ä"), (1, "B"), (1, "b")]
    ready = [Sent(key, f'"{number}"') for number, key in enumerate(keys)]

    assert together(ready) == {"sent": '["3","0","2","1"]'}


def test_processes_whose_groups_overlap_in_opposite_orders_all_succeed(
    database_url: str, database: Database
) -> None:
    answers = at_once(
        [
            ("groups", database_url, name, "60")
            for name in ("forwards", "backwards", "forwards", "backwards")
        ]
    )

    assert count(database) == (60, 60)
    assert [sorted(lines) for lines in answers] == [sorted(answers[0])] * 4


def test_a_batch_of_new_and_known_comments_is_answered_in_its_order(
    store: Store, database: Database
) -> None:
    known = record(store, "b")
    batch = [
        Submission(comment(id), HASH, ACCEPTED, None) for id in ("c", "b", "a", "c")
    ]

    answers = store.record_many(SITE, batch, NOON)

    assert answers[1] == known
    assert answers[0] == answers[3] == store.latest(SITE, "c")
    assert answers[2] == store.latest(SITE, "a")
    assert count(database) == (3, 3)


def test_a_batch_that_cannot_be_entered_leaves_no_trace(
    store: Store, database: Database
) -> None:
    batch = [Submission(comment(id), HASH, ACCEPTED, None) for id in ("a", "b\0")]

    with pytest.raises(psycopg.DataError):
        store.record_many(SITE, batch, NOON)

    assert count(database) == (0, 0)


def test_many_threads_lose_and_double_nothing_while_connections_are_ended(
    store: Store, database: Database
) -> None:
    failed: list[str] = []
    is_over = threading.Event()

    def write(thread: int) -> None:
        for number in range(100):
            id = f"{thread}-{number}"
            for _ in range(20):
                try:
                    record(store, id)
                    break
                except StoreUnavailable:
                    continue
            else:
                failed.append(id)

    def end() -> None:
        while not is_over.wait(0.02):
            end_connections(database)

    with ThreadPoolExecutor(5) as pool:
        ending = pool.submit(end)
        for writing in [pool.submit(write, thread) for thread in range(4)]:
            writing.result()
        is_over.set()
        ending.result()

    with database.reading() as connection:
        doubled = connection.scalar(
            select(func.count()).select_from(decisions).where(decisions.c.number > 1)
        )
    assert failed == []
    assert count(database) == (400, 400)
    assert doubled == 0
