"""gunicorn and the deliverer begin together, end together, and mind each other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from service.store.database import open_database
from service.store.endpoints import Endpoints
from service.store.outbox import utc_now
from tests.fixtures_service import ROOT, wait_for_url
from tests.misbehaving import SECRET, receiving
from tests.senders import wait_until
from tests.telling import tell

PATIENCE_S = 30.0
DELIVERER = "deliver-webhooks"
SERVER = "gunicorn"


@dataclass(frozen=True)
class Run:
    """A running pair, and what it has printed."""

    process: subprocess.Popen[bytes]
    log_file: Path
    url: str

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def child(self, word: str) -> psutil.Process:
        """The one child that has this word in its command line."""
        (found,) = (
            child
            for child in psutil.Process(self.process.pid).children()
            if word in child.cmdline()
        )
        return found

    def family(self) -> list[psutil.Process]:
        """All that it has started, and what those have."""
        return psutil.Process(self.process.pid).children(recursive=True)


@contextmanager
def running(folder: Path) -> Iterator[Run]:
    """Run the pair in a session of its own, so that nothing outlives the block."""
    log_file = folder / "run.log"
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "service.run"],
            cwd=ROOT,
            env={
                "PATH": os.environ["PATH"],
                "REFRAIN_DATA_DIR": str(folder),
                "REFRAIN_PRIVATE_WEBHOOKS": "yes",
                "PORT": "0",
                "WEB_CONCURRENCY": "1",
            },
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        run = Run(process, log_file, wait_for_url(process, log_file, 1))
        wait_until(lambda: "delivering webhooks" in run.log)
        yield run
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(PATIENCE_S)


@pytest.fixture
def run(prepared_folder: Path) -> Iterator[Run]:
    with running(prepared_folder) as run:
        yield run


def test_decisions_are_delivered_beside_the_service(
    run: Run, prepared_folder: Path
) -> None:
    database = open_database(f"sqlite:///{prepared_folder / 'refrain.db'}")
    with receiving() as receiver:
        Endpoints(database).add("default", receiver.url, SECRET, utc_now())
        tell(database, "c-1", utc_now())

        receiver.wait_for(1)

    assert receiver.comments == ["c-1"]
    assert httpx.get(f"{run.url}/readyz").status_code == 200
    database.close()


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_both_without_a_complaint(run: Run, ending: signal.Signals) -> None:
    family = run.family()
    assert len(family) == 3

    # As a terminal does: to all of them at once.
    os.killpg(run.process.pid, ending)

    assert run.process.wait(PATIENCE_S) == 0
    assert not any(child.is_running() for child in family)
    assert "Traceback" not in run.log
    assert "ended" not in run.log


def test_told_alone_it_ends_both(run: Run) -> None:
    family = run.family()

    run.process.terminate()

    assert run.process.wait(PATIENCE_S) == 0
    assert not any(child.is_running() for child in family)


def test_a_deliverer_that_crashes_is_said_and_started_again(run: Run) -> None:
    crashed = run.child(DELIVERER)

    crashed.kill()

    wait_until(lambda: run.log.count("delivering webhooks") == 2)
    assert "The deliverer of webhooks ended by signal 9." in run.log
    assert run.child(DELIVERER).pid != crashed.pid
    assert httpx.get(f"{run.url}/healthz").status_code == 200
    statuses = [child.status() for child in run.family()]
    assert psutil.STATUS_ZOMBIE not in statuses


def test_a_reload_renews_the_deliverer_too(run: Run) -> None:
    run.process.send_signal(signal.SIGHUP)

    wait_until(lambda: run.log.count("delivering webhooks") == 2)
    wait_until(lambda: run.log.count("Worker ready") == 2)
    assert "ended" not in run.log
    assert httpx.get(f"{run.url}/healthz").status_code == 200


def test_when_the_service_crashes_all_ends_with_its_status(run: Run) -> None:
    family = run.family()

    run.child(SERVER).kill()

    assert run.process.wait(PATIENCE_S) == 128 + signal.SIGKILL
    wait_until(lambda: not any(child.is_running() for child in family))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children")
def test_killed_itself_it_leaves_nobody_behind(run: Run) -> None:
    family = run.family()

    run.process.kill()

    wait_until(lambda: not any(child.is_running() for child in family))
