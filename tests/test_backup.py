"""What was backed up comes back whole, and a backup harms nothing."""

from __future__ import annotations

import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from service.errors import NotPossible, StoreUnavailable
from service.store.backup import back_up, restore
from service.store.database import Database, open_database
from service.store.store import Store
from tests.fixtures_service import ROOT
from tests.fixtures_store import NOON
from tests.samples import REJECTED, comment

TEXT = "A text that fills some pages. " * 50
SIDES = ("", "-wal", "-shm")


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def file(database_url: str) -> Path:
    """The database."""
    return Path(database_url.removeprefix("sqlite:///"))


@pytest.fixture
def backup(database: Database, tmp_path: Path) -> Path:
    """A backup that holds c-1, of a database that holds c-2 as well by now."""
    record(database, "c-1")
    backup = tmp_path / "backups" / "refrain.backup"
    backup.parent.mkdir()
    back_up(database, backup)
    record(database, "c-2")
    database.close()
    return backup


def record(database: Database, id: str) -> None:
    sent = comment(id, TEXT)
    Store(database).record(1, sent, bytes(32), REJECTED, NOON, alike=bytes(16))


def held(file: Path) -> set[str]:
    """The comments that a file holds."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return {row[0] for row in connection.execute("SELECT id FROM comments")}


def files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if file.is_file()}


def test_a_backup_holds_all_that_was_answered_before_it_though_others_go_on_writing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    answered: list[str] = []
    done = threading.Event()

    def write() -> None:
        other = open_database(database_url)
        while not done.is_set():
            record(other, f"c-{len(answered)}")
            answered.append(f"c-{len(answered)}")
        other.close()

    writer = threading.Thread(target=write)
    writer.start()
    backups = []
    for number in range(5):
        before = list(answered)
        backups.append((before, tmp_path / f"{number}.backup"))
        back_up(database, backups[-1][1])
    done.set()
    writer.join()

    for before, backup in backups:
        assert set(before) <= held(backup) <= set(answered)
        with closing(sqlite3.connect(backup)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_backup_is_one_file_for_its_owner_only(backup: Path) -> None:
    assert files(backup.parent) == {backup.name}
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


def test_a_backup_overwrites_nothing(database: Database, backup: Path) -> None:
    before = backup.read_bytes()

    with pytest.raises(NotPossible, match="exists already"):
        back_up(database, backup)

    assert backup.read_bytes() == before
    assert files(backup.parent) == {backup.name}


def test_a_folder_that_is_not_there_is_said(database: Database, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="No such file or directory"):
        back_up(database, tmp_path / "nowhere" / "refrain.backup")


BACKING_UP = """
import resource, sys
from pathlib import Path
from service.errors import StoreUnavailable
from service.store.backup import back_up
from service.store.database import open_database

database = open_database(sys.argv[1])
with database.reading():
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    back_up(database, Path(sys.argv[2]))
except StoreUnavailable as error:
    sys.exit(str(error))
"""
"""Makes a backup where files may have so many bytes."""


def test_without_room_there_is_no_backup_and_no_half_one(
    database_url: str, database: Database, tmp_path: Path
) -> None:
    for number in range(40):
        record(database, f"c-{number}")
    folder = tmp_path / "backups"
    folder.mkdir()

    done = subprocess.run(
        [sys.executable, "-c", BACKING_UP, database_url, str(folder / "b")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.stderr == "The disk that holds the database reports an error.\n"
    assert files(folder) == set()


def test_what_is_restored_is_what_was_backed_up_and_what_was_there_is_kept(
    database: Database, file: Path, backup: Path
) -> None:
    kept = restore(database, backup, NOON)

    Store(database).ping()
    assert Store(database).latest(1, "c-1")
    assert Store(database).latest(1, "c-2") is None
    assert kept == file.with_name("refrain.db.20260301T120000")
    assert held(kept) == {"c-1", "c-2"}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert held(backup) == {"c-1"}


def test_a_database_that_something_uses_is_not_replaced(
    database: Database, file: Path, backup: Path
) -> None:
    service = Store(open_database(f"sqlite:///{file}"))
    service.ping()

    with pytest.raises(NotPossible, match="end the service first"):
        restore(database, backup, NOON)

    assert service.latest(1, "c-2")
    assert files(file.parent) <= {file.name + side for side in SIDES}
    service.database.close()


def missing(file: Path) -> None:
    file.unlink()


def damaged(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[:200] = b"x" * 200
    file.write_bytes(content)


def with_a_log_of_a_crash(file: Path) -> None:
    """As `kill -9` leaves it; what is in that log must not get into the backup."""
    database = open_database(f"sqlite:///{file}")
    record(database, "c-3")
    for side in SIDES:
        shutil.copy(f"{file}{side}", f"{file}.copy{side}")
    database.close()
    for side in SIDES:
        Path(f"{file}.copy{side}").rename(f"{file}{side}")


@pytest.mark.parametrize("harm", [missing, damaged, with_a_log_of_a_crash])
def test_whatever_became_of_the_database_its_backup_is_restored(
    database: Database, file: Path, backup: Path, harm: Callable[[Path], None]
) -> None:
    harm(file)

    restore(database, backup, NOON)

    Store(database).ping()
    assert held(file) == {"c-1"}
    record(database, "c-4")
    with database.reading() as connection:
        found = connection.exec_driver_sql("PRAGMA integrity_check").scalar()
    assert found == "ok"


def newer(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


def in_use(file: Path) -> None:
    Path(f"{file}-wal").touch()


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-8192])


def flipped(file: Path) -> None:
    """In the root of an index, where nothing but a look at all of it tells."""
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND name LIKE ?",
            ("sqlite_autoindex_comments%",),
        ).fetchone()
    content = bytearray(file.read_bytes())
    content[(found[0] - 1) * 4096 + 4090] ^= 0xFF
    file.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (missing, "missing or no backup"),
        (damaged, "damaged or no backup"),
        (cut_short, "damaged"),
        (flipped, "damaged"),
        (newer, "newer version of Refrain"),
        (in_use, "has a log beside it"),
    ],
)
def test_what_is_no_sound_backup_replaces_nothing(
    database: Database,
    file: Path,
    backup: Path,
    harm: Callable[[Path], None],
    sentence: str,
) -> None:
    harm(backup)

    with pytest.raises((NotPossible, StoreUnavailable), match=sentence):
        restore(database, backup, NOON)

    assert held(file) == {"c-1", "c-2"}
    assert files(file.parent) <= {file.name + side for side in SIDES}
