"""`make run` on a copy of the repository: one command from nothing to an answer."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SECRETS = re.compile(r"rf_\w{32,}|Password")
PATIENCE_S = 60.0
QUICK_S = 10.0
"""It takes a second or two where nobody else is at work, and a minute to install."""

Environment = dict[str, str]


@dataclass(frozen=True, slots=True)
class Start:
    """One `make run`, from its start to Ctrl-C."""

    printed: str
    ready_s: float
    answer: bytes
    database_mode: int


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's files, without `var/`, in a folder with a space in its name."""
    folder = tmp_path_factory.mktemp("a clone")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, done.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def environment() -> Environment:
    """A plain shell's, with the virtual environment that runs the tests."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    kept = {"PATH", "HOME", "LANG", "TMPDIR"}
    plain = {name: value for name, value in os.environ.items() if name in kept}
    pip = {name: value for name, value in os.environ.items() if name[:4] == "PIP_"}
    return plain | pip | {"PORT": port, "VENV": sys.prefix}


def make_run(folder: Path, environment: Environment, pasted: str | None) -> Start:
    """Type `make run`, paste a line once it answers, and press Ctrl-C.

    Without a line to paste it is the one that was printed.
    """
    log = folder / "printed.log"
    start = time.monotonic()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            ["make", "run"],
            cwd=folder,
            env=environment,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    try:
        wait_until_ready(process, environment["PORT"], log)
        ready_s = time.monotonic() - start
        line = pasted or curl_line(log.read_text())
        done = subprocess.run(["sh", "-c", line], capture_output=True, check=True)
        mode = (folder / "var" / "refrain.db").stat().st_mode
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        process.wait(PATIENCE_S)
    return Start(log.read_text(), ready_s, done.stdout, mode)


def curl_line(printed: str) -> str:
    return next(line for line in printed.splitlines() if line.startswith("curl "))


def wait_until_ready(process: subprocess.Popen[bytes], port: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:  # URLError, too.
            time.sleep(0.05)
    raise AssertionError(f"make run does not answer:\n{log.read_text()}")


@pytest.fixture(scope="module")
def first(clone: Path, environment: Environment) -> Start:
    return make_run(clone, environment, pasted=None)


@pytest.fixture(scope="module")
def second(clone: Path, environment: Environment, first: Start) -> Start:
    return make_run(clone, environment, pasted=curl_line(first.printed))


def test_the_first_start_prints_secrets_and_a_line_that_can_be_pasted(
    first: Start,
) -> None:
    answer = json.loads(first.answer)

    assert SECRETS.search(first.printed)
    assert (answer["decision"], answer["reasons"][0]["rule"]) == ("reject", "obscene")
    assert answer["reasons"][0]["spans"] == [{"start": 9, "end": 13, "text": "fuck"}]


def test_the_second_start_prints_no_secrets_and_knows_the_key(
    first: Start, second: Start
) -> None:
    assert not SECRETS.search(second.printed)
    assert second.answer == first.answer


def test_the_second_start_is_quick(
    clone: Path, environment: Environment, first: Start, second: Start
) -> None:
    line = curl_line(first.printed)

    # The quickest of three: the promise is about this program, not its neighbours.
    more = (make_run(clone, environment, line).ready_s for _ in range(2))
    assert second.ready_s < QUICK_S or min(more) < QUICK_S


def test_ctrl_c_ends_the_service_without_a_complaint(second: Start) -> None:
    assert "Traceback" not in second.printed
    assert "Shutting down" in second.printed


def test_the_database_is_for_its_owner_only(first: Start) -> None:
    assert first.database_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        pytest.param("REFRAIN_ARTIFACT", "/none", "model.retrain", id="no model"),
        pytest.param("REFRAIN_THREDS", "4", "REFRAIN_THREADS", id="misspelt"),
        pytest.param("PORT", "http", "PORT must be a whole number", id="no port"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_a_sentence(
    clone: Path, environment: Environment, name: str, value: str, sentence: str
) -> None:
    done = subprocess.run(
        ["make", "run"],
        cwd=clone,
        env=environment | {name: value},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )

    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_make_without_a_target_lists_the_targets(clone: Path) -> None:
    done = subprocess.run(
        ["make"], cwd=clone, capture_output=True, text=True, check=True
    )

    assert "make run " in done.stdout
    assert "make test " in done.stdout


def test_a_python_that_is_too_old_or_missing_is_named(clone: Path) -> None:
    command = ["make", "install", "VENV=none", "PYTHON=no-such-python"]

    done = subprocess.run(
        command, cwd=clone, capture_output=True, text=True, check=False
    )

    assert done.returncode != 0
    assert "Python 3.11 to 3.14, and none was found as no-such-python" in done.stderr
