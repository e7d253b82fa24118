"""What breaks on one machine under load: nothing answered is lost, nothing double."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import psutil
import pytest
from sqlalchemy import text

from model.artifact import shipped
from service.counts import MEMORY, PREFIX, tidy
from service.store.database import BUSY_TIMEOUT_S, open_database
from tests.cluster import on_a_small_disk
from tests.fixtures_service import Server, serving, serving_on, start
from tests.fixtures_store import Install, Installation
from tests.namespaces import need_mounts
from tests.senders import (
    FOUL,
    HEADERS,
    assert_each_is_stored_once,
    sending,
    wait_until,
)
from tests.test_metrics import count, counted

FULL = "The disk that holds the database is full."
SERVER_FULL = "The disk of the database server is full."
NO_MODEL_YET = "which model judges is not known yet"
"""Of a worker that has begun while the database failed."""
LOCKED = "The database is locked by another process."


ON_SQLITE = pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
"""Of tests of a file, or of what no database has a part in."""


@pytest.fixture(scope="module")
def installation(dialect: str, install: Install) -> Installation:
    """What a service after its first start stores in."""
    return install(dialect)


@pytest.fixture(scope="module")
def one(installation: Installation) -> Iterator[Server]:
    """A server that is as before at the end of each test."""
    with serving_on(installation) as server:
        yield server


def children(server: Server) -> list[psutil.Process]:
    return psutil.Process(server.process.pid).children()


def test_workers_that_are_killed_under_load_lose_nothing_and_double_nothing(
    installation: Installation, one: Server
) -> None:
    with sending(one.url) as senders:
        senders.wait_for(30)
        killed = children(one)
        for worker in killed:
            worker.kill()
        wait_until(lambda: one.log.count("Worker ready") == 2 * len(killed))
        senders.wait_for(30)

    assert senders.broken > 0
    assert set(senders.statuses) <= {503}
    assert_each_is_stored_once(senders.decided, installation.url)
    assert one.log.count("was sent SIGKILL!") == len(killed)


@ON_SQLITE
def test_a_worker_that_is_killed_while_the_model_is_broken_is_replaced_once_it_is_whole(
    installation: Installation, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(shipped(), tmp_path / "model"))
    weights = (model / "weights.npz").read_bytes()
    with serving_on(installation, REFRAIN_ARTIFACT=str(model)) as server:
        (model / "weights.npz").write_bytes(weights[:-1000])
        with sending(server.url) as senders:
            children(server)[0].kill()
            wait_until(lambda: "The model cannot be served" in server.log)
            senders.wait_for(20)
            (model / "weights.npz").write_bytes(weights)
            wait_until(lambda: server.log.count("Worker ready") == 3)

    assert senders.problems == []
    assert_each_is_stored_once(senders.decided, installation.url)


def test_a_master_that_is_killed_under_load_leaves_its_port_to_the_next_one(
    installation: Installation,
) -> None:
    with serving_on(installation) as first, sending(first.url) as senders:
        senders.wait_for(30)
        orphans = children(first)
        first.process.kill()
        port = str(first.address[1])
        with serving_on(installation, PORT=port, WEB_CONCURRENCY="1") as second:
            senders.wait_for(30)
            wait_until(lambda: all(has_ended(orphan) for orphan in orphans))
            senders.wait_for(30)
            senders.done.set()
            wait_until(lambda: senders.under_way == 0)

    assert second.url == first.url
    assert_each_is_stored_once(senders.decided, installation.url)
    assert first.log.count("Parent changed, shutting down") == len(orphans)


def has_ended(process: psutil.Process) -> bool:
    """Whether it has; nobody may be there to take notice of it."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


@ON_SQLITE
def test_two_masters_on_one_file_decide_each_comment_once(
    installation: Installation, one: Server
) -> None:
    ids = [uuid4().hex for _ in range(60)]
    client = httpx.Client(headers=HEADERS, timeout=30)

    def ask(server: Server, id: str) -> dict[str, object]:
        sent = {"id": id, "text": FOUL}
        answer = client.post(f"{server.url}/v1/moderate", json=sent)
        assert answer.status_code == 200
        return dict(answer.json())

    with (
        serving_on(installation, WEB_CONCURRENCY="1") as other,
        client,
        ThreadPoolExecutor(8) as pool,
    ):
        both = [(pool.submit(ask, one, id), pool.submit(ask, other, id)) for id in ids]
        answers = [(here.result(), there.result()) for here, there in both]

    assert [here for here, _ in answers] == [there for _, there in answers]
    assert_each_is_stored_once(
        {str(answer["id"]): answer for answer, _ in answers}, installation.url
    )


def test_a_lock_of_another_process_is_waited_for_then_said_and_then_over(
    installation: Installation, one: Server
) -> None:
    other = open_database(installation.url)
    before = counted(one.url, "refrain_store_errors_total")
    with sending(one.url) as senders:
        senders.wait_for(20)
        with other.writing() as connection:
            if not other.is_sqlite:
                connection.execute(text("LOCK TABLE comments"))
            ready = httpx.get(f"{one.url}/readyz", timeout=30)
            wait_until(lambda: senders.statuses[503] >= 4)
        senders.wait_for(20)
    other.close()

    assert set(senders.statuses) == {503}
    assert {answer.json()["detail"] for answer in senders.problems} == {LOCKED}
    assert {answer.headers["Retry-After"] for answer in senders.problems} == {"5"}
    assert senders.slowest_s > BUSY_TIMEOUT_S - 0.5
    # A table of PostgreSQL is not all of it.
    assert ready.status_code == (503 if other.is_sqlite else 200)
    assert (LOCKED in ready.text) is other.is_sqlite
    assert f'"reason": "{LOCKED}"' in one.log
    assert counted(one.url, "refrain_store_errors_total") - before == len(
        senders.problems
    )
    assert counted(one.url, "refrain_database_errors_total", fault="locked") > 0
    assert httpx.get(f"{one.url}/readyz").status_code == 200
    assert_each_is_stored_once(senders.decided, installation.url)


ON_A_SMALL_DISK = """
mount -t tmpfs -o size=4m tmpfs "$1" && cp "$0" "$1/refrain.db" && shift && exec "$@"
"""
"""Gives a command a data folder on a disk of its own, which nobody else sees."""

ALONE = ("unshare", "--user", "--map-root-user", "--mount")


@pytest.fixture
def small_disk(tmp_path: Path, prepared_sqlite: Path) -> tuple[Path, tuple[str, ...]]:
    """A data folder, and the command within which it is a disk of 4 MiB."""
    need_mounts(ALONE)
    disk = tmp_path / "disk"
    disk.mkdir()
    script = ("sh", "-c", ON_A_SMALL_DISK, str(prepared_sqlite), str(disk))
    return disk, (*ALONE, *script)


def test_a_full_disk_is_said_and_nothing_is_half_stored(
    tmp_path: Path, small_disk: tuple[Path, tuple[str, ...]]
) -> None:
    disk, within = small_disk
    data = {"REFRAIN_DATA_DIR": str(disk), "WEB_CONCURRENCY": "1"}
    with serving(tmp_path, 1, within, **data) as server:
        # The disk, as the server sees it.
        seen = Path(f"/proc/{server.process.pid}/root{disk}")
        with sending(server.url) as senders:
            senders.wait_for(20)
            fill(seen / "filler")
            wait_until(lambda: senders.statuses[503] >= 20)
            (killed,) = children(server)
            killed.kill()
            wait_until(lambda: server.log.count("Worker ready") == 2)
            ready = httpx.get(f"{server.url}/readyz", timeout=30)
            read = httpx.get(
                f"{server.url}/v1/comments/{next(iter(senders.decided))}",
                headers=HEADERS,
                timeout=30,
            )
            (seen / "filler").unlink()
            senders.wait_for(20)
        exposition = httpx.get(f"{server.url}/metrics").text
        # With its log, for nobody else can open it there.
        for file in seen.glob("refrain.db*"):
            shutil.copy(file, tmp_path)
        assert_each_is_stored_once(
            senders.decided, f"sqlite:///{tmp_path / 'refrain.db'}"
        )

    said = {answer.json()["detail"] for answer in senders.problems}
    assert {FULL} <= said <= {FULL, NO_MODEL_YET}
    assert ready.status_code == 503
    assert FULL in ready.json()["detail"]
    assert read.status_code == 200
    assert f'"reason": "{FULL}"' in server.log
    assert count(exposition, "refrain_database_errors_total", fault="full") > 0
    assert "Traceback" not in server.log
    assert "SIGBUS" not in server.log


@pytest.fixture
def small_server() -> Iterator[tuple[str, Path]]:
    """The database of a PostgreSQL of its own, and the disk of 96 MiB that it is on."""
    need_mounts(ALONE)
    with on_a_small_disk(ALONE) as small_server:
        yield small_server


def test_a_full_disk_of_postgresql_is_said_and_nothing_is_half_stored(
    tmp_path: Path, small_server: tuple[str, Path]
) -> None:
    url, disk = small_server
    with serving_on(Installation(tmp_path, url)) as server:
        with sending(server.url) as senders:
            senders.wait_for(20)
            fill(disk / "filler")
            wait_until(lambda: senders.statuses[503] >= 20)
            ready = httpx.get(f"{server.url}/readyz", timeout=30)
            read = httpx.get(
                f"{server.url}/v1/comments/{next(iter(senders.decided))}",
                headers=HEADERS,
                timeout=30,
            )
            (disk / "filler").unlink()
            senders.wait_for(20)
        faults = counted(server.url, "refrain_database_errors_total", fault="full")

    assert senders.broken == 0
    assert set(senders.statuses) == {503}
    assert {answer.json()["detail"] for answer in senders.problems} == {SERVER_FULL}
    assert ready.status_code == 200
    assert read.status_code == 200
    assert f'"reason": "{SERVER_FULL}"' in server.log
    assert faults > 0
    assert "Traceback" not in server.log
    assert_each_is_stored_once(senders.decided, url)


def fill(file: Path) -> None:
    """Leave no byte on a file's disk."""
    with file.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            return


@ON_SQLITE
def test_what_workers_count_is_in_memory_for_a_full_disk_would_end_them(
    one: Server,
) -> None:
    files = [line.path for worker in children(one) for line in worker.memory_maps()]
    counts = {Path(file).parent for file in files if PREFIX in file}

    assert {folder.parent for folder in counts} == {MEMORY}


def test_a_start_removes_what_killed_servers_have_left_of_their_counts(
    tmp_path: Path,
) -> None:
    left, used, young = (tmp_path / f"{PREFIX}{name}" for name in ("1", "2", "3"))
    for folder in (left, used, young):
        folder.mkdir()
        (folder / "counter_1.db").touch()
    for folder in (left, used):
        os.utime(folder, (0, 0))
    held = os.open(used, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_SH)

    tidy(tmp_path)
    os.close(held)

    assert sorted(tmp_path.iterdir()) == [used, young]


@ON_SQLITE
def test_a_server_that_runs_keeps_its_counts_from_the_next_one(
    installation: Installation, tmp_path: Path
) -> None:
    env = {"TMPDIR": str(tmp_path), "WEB_CONCURRENCY": "1"}
    with serving_on(installation, **env):
        (counts,) = tmp_path.glob(f"{PREFIX}*")
        os.utime(counts, (0, 0))

        tidy(tmp_path)

        assert list(counts.glob("*.db"))


@ON_SQLITE
def test_a_log_that_cannot_be_written_keeps_no_comment_from_being_decided(
    installation: Installation,
) -> None:
    env = {"WEB_CONCURRENCY": "1", "REFRAIN_LOG_LEVEL": "DEBUG"}
    with (
        Path("/dev/full").open("wb") as full,
        start(installation.folder, full.fileno(), (), **env) as process,
    ):
        try:
            url = f"http://127.0.0.1:{port_of(process.pid)}"
            with sending(url) as senders:
                senders.wait_for(20)
            lost = counted(url, "refrain_log_errors_total")
        finally:
            process.terminate()
            process.wait(timeout=60)

    assert senders.problems == []
    assert lost > 0
    assert_each_is_stored_once(senders.decided, installation.url)


def port_of(pid: int) -> int:
    """On which a process listens, once it does."""
    listening: list[int] = []

    def listens() -> bool:
        found = psutil.Process(pid).net_connections("tcp")
        listening[:] = [one.laddr.port for one in found if one.status == "LISTEN"]
        return bool(listening)

    wait_until(listens)
    return listening[0]
