"""A migration lets others go on while it waits for whoever uses the tables."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text

from service.store.database import BUSY_TIMEOUT_S, Database
from service.store.migrate import LOCK_S
from tests.fixtures_service import ROOT, START_S
from tests.senders import wait_until
from tests.test_faults_migration import snapshot
from tests.test_migrate import comment_before_the_desk, of_release, upgrade

MARGIN_S = 1.5
"""What a loaded machine may take besides."""
PACE_S = 0.02

pytestmark = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def old(empty_url: str) -> Iterator[Database]:
    """A database of the release before the log was chained, with one comment."""
    database = of_release(empty_url, "0001")
    with database.writing() as connection:
        comment_before_the_desk(connection, 1, "A comment.")
        upgrade(connection, "0004")
    yield database
    database.close()


class Writers:
    """A worker of the old release, which enters decisions all the time."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.written = 0
        self.slowest_s = 0.0
        self.error: Exception | None = None

    def _run(self) -> None:
        try:
            while not self._ending.wait(PACE_S):
                began = time.monotonic()
                with self._database.writing() as connection:
                    connection.execute(ENTER)
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.written += 1
        except Exception as error:
            self.error = error

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Let them write until the block ends."""
        self._thread.start()
        try:
            yield
        finally:
            self._ending.set()
            self._thread.join(START_S)


ENTER = text("UPDATE comments SET received_at = received_at + 1 WHERE key = 1")


@pytest.fixture
def reader(old: Database) -> Iterator[Connection]:
    """Somebody who has read, and whose transaction goes on."""
    with old.engine.connect() as connection:
        connection.execute(text("SELECT count(*) FROM comments"))
        yield connection


@contextmanager
def migrating(url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command as an operator does."""
    command = [sys.executable, "-m", "flask", "--app", "service.cli", "migrate"]
    env = os.environ | {"DATABASE_URL": url}
    with subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def is_waiting(process: subprocess.Popen[str]) -> bool:
    """Read on until it says that others use the tables."""
    assert process.stderr
    return any("trying again" in line for line in process.stderr)


def test_others_write_on_while_a_migration_waits_for_a_long_reader(
    old: Database, reader: Connection, empty_url: str
) -> None:
    writers = Writers(old)
    with writers.at_work(), migrating(empty_url) as process:
        assert is_waiting(process)
        before = writers.written
        time.sleep(0.5)
        assert writers.written > before
        reader.rollback()
        said, _ = process.communicate(timeout=START_S)

    assert process.returncode == 0
    assert said == "The tables were updated.\n"
    assert writers.error is None
    assert writers.slowest_s < LOCK_S + MARGIN_S < BUSY_TIMEOUT_S
    with old.reading() as connection:
        assert connection.scalar(text("SELECT count(erased_at) FROM comments")) == 0


@pytest.mark.usefixtures("reader")
def test_a_reader_who_never_ends_makes_it_give_up_with_nothing_changed(
    old: Database, empty_url: str
) -> None:
    before = snapshot(old)
    with migrating(empty_url, "--wait", "1") as process:
        _, said = process.communicate(timeout=START_S)

    assert process.returncode == 1
    assert "The tables are in use: others kept them for 1 s" in said
    assert "Traceback" not in said
    assert snapshot(old) == before


def test_two_that_wait_do_not_take_turns_at_keeping_others_out(
    old: Database, reader: Connection, empty_url: str
) -> None:
    writers = Writers(old)
    with (
        writers.at_work(),
        migrating(empty_url) as first,
        migrating(empty_url) as second,
    ):
        both = [first, second]
        waiting = [
            threading.Thread(target=is_waiting, args=(one,), daemon=True)
            for one in both
        ]
        for thread in waiting:
            thread.start()
        wait_until(lambda: not all(thread.is_alive() for thread in waiting))
        # One of them pauses, and who waited for it is let through.
        time.sleep(0.5)
        writers.slowest_s = 0.0
        time.sleep(2.5)
        alone = writers.slowest_s
        reader.rollback()
        said = sorted(one.stdout.read() for one in both if one.stdout)

    # The other did not try in the meantime.
    assert alone < LOCK_S
    assert said == ["The tables are current.\n", "The tables were updated.\n"]
    assert writers.error is None
