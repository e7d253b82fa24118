"""The server starts, reloads and ends as it should, whatever happens to it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from model.artifact import shipped
from service.worker import PAUSE_S
from tests.fixtures_service import ROOT, START_S, WORKERS, Server, serving, start
from tests.running import FAIR, FOUL, children, still_answers, wait_until_gone
from tests.senders import HEADERS, wait_until

QUIT_S = 10.0
"""How long a server may take to end; gunicorn kills after thirty."""


def refused(folder: Path, **env: str) -> str:
    """What a server says that does not start.

    Its first worker ends it.  Where that one is slow to find out, on a busy machine,
    another that gave up before is replaced, but no sooner than after a pause.
    """
    begun = time.monotonic()
    with start(folder, subprocess.PIPE, **env) as process:
        assert process.stderr
        try:
            said = process.stderr.read().decode()
            assert process.wait(timeout=START_S) not in (0, None)
        finally:
            process.kill()
    assert "Traceback" not in said
    replaced = (time.monotonic() - begun) // PAUSE_S
    assert said.count("Booting worker") <= WORKERS + replaced
    return said


def test_without_a_database_the_server_says_what_to_do(tmp_path: Path) -> None:
    assert "flask init" in refused(tmp_path)


def test_a_file_that_is_no_database_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "refrain.db").write_bytes(b"not a database" * 1000)

    assert "not an SQLite database" in refused(tmp_path)


def test_a_missing_model_stops_the_start_and_says_what_to_do(
    prepared_folder: Path,
) -> None:
    said = refused(prepared_folder, REFRAIN_ARTIFACT=str(prepared_folder / "nowhere"))

    assert "The model cannot be served" in said
    assert "restore" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("REFRAIN_MAX_TEXT", "-1"), ("REFRAIN_MAX_TXET", "5")],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    prepared_folder: Path, name: str, value: str
) -> None:
    assert name in refused(prepared_folder, **{name: value})


def test_every_answered_verdict_survives_kill_9(prepared_folder: Path) -> None:
    answered: list[str] = []
    with serving(prepared_folder) as server, ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(send_until_it_dies, server, answered)
        time.sleep(1.0)
        pids = [server.process.pid, *children(server)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    with (
        serving(prepared_folder) as server,
        httpx.Client(headers=HEADERS, timeout=30) as client,
    ):
        url = f"{server.url}/v1/comments"
        found = [client.get(f"{url}/{sent}").is_success for sent in answered]

    assert len(found) > 20
    assert all(found)


def send_until_it_dies(server: Server, answered: list[str]) -> None:
    with httpx.Client(headers=HEADERS) as client:
        while True:
            comment = {"id": uuid4().hex, "text": FOUL}
            try:
                client.post(f"{server.url}/v1/moderate", json=comment)
            except httpx.TransportError:
                return
            answered.append(comment["id"])


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.0])
def test_ctrl_c_ends_the_server_at_any_moment_of_its_start(
    prepared_folder: Path, seconds: float
) -> None:
    log = prepared_folder / "server.log"
    with (
        log.open("wb") as stream,
        start(prepared_folder, stream.fileno()) as process,
    ):
        wait_until(lambda: log.read_text().count("Booting worker") == 2)
        time.sleep(seconds)
        os.killpg(process.pid, signal.SIGINT)
        process.wait(timeout=QUIT_S)

    assert "Traceback" not in log.read_text()


def test_ctrl_c_is_heard_where_a_library_swallows_exceptions() -> None:
    loading = """
from service.worker import Worker

worker = Worker.__new__(Worker)
worker.booted = False
try:
    worker.handle_quit(2, None)
except BaseException:
    raise SystemExit(3)
"""
    done = subprocess.run([sys.executable, "-c", loading], cwd=ROOT, check=False)

    assert done.returncode == 0


def test_a_killed_worker_is_replaced(prepared_folder: Path) -> None:
    with serving(prepared_folder) as server:
        for pid in children(server):
            os.kill(pid, signal.SIGKILL)

        assert still_answers(server)


def test_a_reload_brings_the_new_model_and_loses_no_request(
    prepared_folder: Path, model: Path
) -> None:
    failures: list[object] = []
    done = threading.Event()
    serve = serving(prepared_folder, REFRAIN_ARTIFACT=str(model))
    with serve as server, ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(send_until, done, server, failures)
        old = children(server)
        rename(model, "another")
        server.process.send_signal(signal.SIGHUP)
        wait_until_gone(old)
        wait_until(lambda: version(server) == "another")
        done.set()
        pool.shutdown()

        assert failures == []
        assert not set(old) & set(children(server))


def send_until(done: threading.Event, server: Server, failures: list[object]) -> None:
    with httpx.Client(headers=HEADERS, timeout=30) as client:
        while not done.is_set():
            try:
                answer = client.post(f"{server.url}/v1/moderate", json={"text": FAIR})
            except httpx.TransportError as error:
                failures.append(error)
                continue
            if not answer.is_success:
                failures.append(answer.status_code)


def test_workers_keep_to_processors_of_their_own(prepared_folder: Path) -> None:
    processors = os.sched_getaffinity(0)
    each = str(len(processors))
    with serving(prepared_folder, len(processors), WEB_CONCURRENCY=each) as server:
        first, *others = children(server)
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: len(set(children(server)) - {first, *others}) == 1)
        wait_until(lambda: server.log.count("Worker ready") > len(processors))

        kept = [os.sched_getaffinity(pid) for pid in children(server)]

    assert sorted(kept, key=min) == [{processor} for processor in sorted(processors)]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A copy of the model that ships, to be broken and replaced."""
    return Path(shutil.copytree(shipped(), tmp_path / "model"))


def rename(model: Path, version: str) -> None:
    """Make another version of a model, which judges as the first one does."""
    card = json.loads((model / "card.json").read_text())
    (model / "card.json").write_text(json.dumps(card | {"version": version}))


def cut_short(weights: Path) -> None:
    weights.write_bytes(weights.read_bytes()[:-1000])


def flip_a_bit(weights: Path) -> None:
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)


BROKEN = pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        pytest.param(cut_short, "are not those of its card", id="cut short"),
        pytest.param(flip_a_bit, "are not those of its card", id="a flipped bit"),
        pytest.param(Path.unlink, "cannot read", id="missing"),
    ],
)


@BROKEN
def test_a_broken_model_stops_the_start_and_says_what_to_do(
    prepared_folder: Path, model: Path, harm: Callable[[Path], object], sentence: str
) -> None:
    harm(model / "weights.npz")

    said = refused(prepared_folder, REFRAIN_ARTIFACT=str(model))

    assert sentence in said
    assert "restore" in said


@BROKEN
def test_a_reload_with_a_broken_model_leaves_the_old_one_in_service(
    prepared_folder: Path, model: Path, harm: Callable[[Path], object], sentence: str
) -> None:
    with serving(prepared_folder, REFRAIN_ARTIFACT=str(model)) as server:
        old = children(server)
        harm(model / "weights.npz")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Not reloaded" in server.log)

        assert still_answers(server)
        assert set(old) == set(children(server))
        refusals = [line for line in server.log.splitlines() if "Not reloaded" in line]
        assert len(refusals) == 1
        assert sentence in refusals[0]
        assert "Traceback" not in server.log


def test_after_a_refused_reload_a_sound_model_is_loaded(
    prepared_folder: Path, model: Path
) -> None:
    weights = (model / "weights.npz").read_bytes()
    with serving(prepared_folder, REFRAIN_ARTIFACT=str(model)) as server:
        (model / "weights.npz").write_bytes(b"")
        server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Not reloaded" in server.log)
        (model / "weights.npz").write_bytes(weights)
        rename(model, "another")

        server.process.send_signal(signal.SIGHUP)

        wait_until(lambda: version(server) == "another")
        assert still_answers(server)


def version(server: Server) -> str:
    answer = httpx.get(f"{server.url}/v1/model", headers=HEADERS, timeout=30)
    return str(answer.json()["model"])


def test_the_master_never_loads_the_app(prepared_folder: Path) -> None:
    """What it had loaded, a reload could not replace."""
    with serving(prepared_folder) as server:
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()

    assert "numpy" not in maps


def test_the_server_leaves_no_folder_of_counts_behind(prepared_folder: Path) -> None:
    temporary = prepared_folder / "tmp"
    temporary.mkdir()

    with serving(prepared_folder, TMPDIR=str(temporary)):
        assert list(temporary.glob("refrain-metrics-*"))

    assert not list(temporary.glob("refrain-metrics-*"))


def test_gunicorn_needs_no_module_run(prepared_folder: Path) -> None:
    """Its own command finds the service too, though it is not installed."""
    command = [Path(sys.executable).with_name("gunicorn"), "--check-config"]

    run = subprocess.run(
        [*map(str, command), "-c", "service/gunicorn_conf.py"],
        cwd=Path(__file__).parent.parent,
        env={"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": str(prepared_folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 0, run.stderr
