"""A migration that is killed in the midst leaves what was, and is simply run again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from sqlalchemy import event, inspect, select, text

from service.store.database import Database, open_database
from service.store.migrate import VERSION, migrate
from service.store.schema import HEAD, metadata
from tests.fixtures_service import ROOT
from tests.test_migrate import comment_before_the_desk, of_release

KILLED = """
import os, signal, sys
from sqlalchemy import Engine, event
from service.store.database import open_database
from service.store.migrate import migrate

left = int(sys.argv[2])

@event.listens_for(Engine, "before_cursor_execute")
def count(*_):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)

@event.listens_for(Engine, "commit")
def commit(*_):
    os.kill(os.getpid(), signal.SIGKILL)

migrate(open_database(sys.argv[1]))
"""
"""Migrates, and is killed before one of its statements, at the latest as it commits."""


def old(url: str) -> Database:
    """A database of the first version, with a site and three comments."""
    database = of_release(url, "0001")
    with database.writing() as connection:
        for key in (1, 2, 3):
            comment_before_the_desk(connection, key, f"Comment {key}.")
    return database


def snapshot(database: Database) -> dict[str, tuple[list[str], list[str]]]:
    """All tables, all their columns, and all rows in them."""
    found = {}
    with database.reading() as connection:
        for name in inspect(connection).get_table_names():
            rows = connection.execute(select(text("*")).select_from(text(name)))
            found[name] = list(rows.keys()), sorted(map(repr, rows))
    return found


def statements(url: str) -> int:
    """How many statements a whole migration takes."""
    database, seen = open_database(url), []
    event.listen(database.engine, "before_cursor_execute", lambda *_: seen.append(0))
    migrate(database)
    database.close()
    return len(seen)


def migrate_in_vain(url: str, after: int) -> None:
    command = [sys.executable, "-c", KILLED, url, str(after)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def test_a_migration_that_is_killed_in_the_midst_is_run_again_and_nothing_is_lost(
    empty_url: str, tmp_path: Path
) -> None:
    database = old(empty_url)
    before = snapshot(database)
    trial = f"sqlite:///{tmp_path / 'trial.db'}"
    old(trial).close()
    count = statements(trial)

    for after in (count // 2, 10 * count):
        migrate_in_vain(empty_url, after)
        assert snapshot(database) == before

    assert migrate(database) is True
    assert migrate(database) is False
    assert set(snapshot(database)) == {VERSION.name, *metadata.tables}
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM decisions")) == 3
        assert (
            connection.scalar(text("SELECT version_num FROM alembic_version")) == HEAD
        )
    database.close()
