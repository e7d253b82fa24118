"""Several processes on one database lose nothing, double nothing, and wait in turn."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from service.store.accounts import Accounts
from service.store.database import Database, open_database
from service.store.schema import comments, decisions
from service.store.sites import Sites
from service.store.store import Store

ROOT = Path(__file__).parent.parent
PROCESSES = 4
SITE = 1


def start(*arguments: str) -> subprocess.Popen[str]:
    """A worker that has imported everything and waits for a line."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store_worker", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def at_once(commands: Sequence[tuple[str, ...]]) -> list[list[str]]:
    """Let workers begin together; the lines that each printed."""
    workers = [start(*command) for command in commands]
    for worker in workers:
        assert worker.stdin
        worker.stdin.write("go\n")
        worker.stdin.flush()
    results = [worker.communicate(timeout=60) for worker in workers]
    assert [error for _, error in results] == [""] * len(workers)
    assert [worker.returncode for worker in workers] == [0] * len(workers)
    return [output.splitlines() for output, _ in results]


def count(database: Database) -> tuple[int, int]:
    """How many comments and how many decisions are stored."""
    with database.reading() as connection:
        return (
            connection.scalar(select(func.count()).select_from(comments)) or 0,
            connection.scalar(select(func.count()).select_from(decisions)) or 0,
        )


def test_concurrent_writers_lose_nothing(database_url: str, database: Database) -> None:
    at_once([("many", database_url, f"p{i}", "100") for i in range(PROCESSES)])

    assert count(database) == (PROCESSES * 100, PROCESSES * 100)


def test_of_equal_comments_sent_at_once_one_is_stored_and_all_get_its_decision(
    database_url: str, database: Database
) -> None:
    answers = at_once([("same", database_url, "100")] * PROCESSES)

    assert count(database) == (100, 100)
    assert answers == [answers[0]] * PROCESSES


def test_of_different_texts_sent_at_once_each_is_a_revision(
    database_url: str, store: Store
) -> None:
    commands = [("changing", database_url, f"p{i}", "25") for i in range(PROCESSES)]

    answers = at_once(commands)

    record = store.history(SITE, "contended")
    assert record is not None
    revisions = [decision.revision for decision in record.decisions]
    assert revisions == list(range(1, PROCESSES * 25 + 1))
    assert len(set(record.texts.values())) == PROCESSES * 25
    answered = [int(line.split()[1]) for lines in answers for line in lines]
    assert sorted(answered) == revisions


def test_batches_in_opposite_order_do_not_wait_for_each_other_forever(
    database_url: str, database: Database
) -> None:
    answers = at_once(
        [
            ("batches", database_url, name, "10")
            for name in ("forwards", "backwards", "forwards", "backwards")
        ]
    )

    assert answers == [["20"] * 10] * PROCESSES
    assert count(database)[0] == 20


def test_first_starts_made_at_once_make_one_site(empty_url: str) -> None:
    answers = at_once([("first_start", empty_url)] * PROCESSES)

    assert sorted(answers) == [["none"]] * (PROCESSES - 1) + [["secrets"]]
    database = open_database(empty_url)
    assert [site.name for site in Sites(database).all()] == ["default"]
    assert len(Accounts(database).all_keys()) == 1
    Store(database).ping()
    database.close()


@pytest.mark.parametrize("answered", [1, 50])
def test_an_answered_verdict_outlives_the_killed_process(
    database_url: str, store: Store, answered: int
) -> None:
    worker = start("many", database_url, "k", "1000000")
    assert worker.stdin
    assert worker.stdout
    worker.stdin.write("go\n")
    worker.stdin.flush()
    lines = [worker.stdout.readline() for _ in range(answered)]

    worker.kill()
    lines += worker.communicate()[0].splitlines(keepends=True)

    complete = [line.split() for line in lines if line.endswith("\n")]
    assert len(complete) >= answered
    for id, revision, moment in complete:
        stored = store.latest(SITE, id)
        assert stored is not None
        assert stored.decision.revision == int(revision)
        assert stored.decision.decided_at.isoformat() == moment
