"""The service as deployed: gunicorn, two workers, real sockets, rude clients."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from model.artifact import shipped
from service.worker import PAUSE_S
from tests.fixtures_service import ROOT, START_S, WORKERS, Server, serving, start
from tests.fixtures_store import KEY

FOUL = "What the fuck is wrong with this world."
FAIR = "The council should publish the report."
HEADERS = {"Authorization": f"Bearer {KEY}"}
QUIT_S = 10.0
"""How long a server may take to end; gunicorn kills after thirty."""

THREADS = 8
"""Two workers with four threads each."""


def request(
    body: bytes, *extra: str, method: str = "POST", path: str = "/v1/moderate"
) -> bytes:
    """A whole HTTP request, as bytes."""
    lines = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {KEY}",
        "Content-Type: application/json",
        *(extra or [f"Content-Length: {len(body)}"]),
    ]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


BODY = json.dumps({"text": FAIR}).encode()
GOOD = request(BODY)


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    with socket.create_connection(server.address, timeout=30) as connection:
        yield connection


def exchange(server: Server, data: bytes) -> bytes:
    """Send bytes, close the sending side, and read all that is answered."""
    with connected(server) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return drain(connection)


def drain(connection: socket.socket) -> bytes:
    answer = b""
    while part := connection.recv(65_536):
        answer += part
    return answer


def still_answers(server: Server) -> bool:
    """Whether as many requests at once as there are threads are all answered."""

    def ask(number: int) -> bool:
        answer = httpx.post(
            f"{server.url}/v1/moderate",
            json={"id": uuid4().hex, "text": FOUL},
            headers=HEADERS,
            timeout=30,
        )
        return bool(answer.json()["decision"] == "reject")

    with ThreadPoolExecutor(THREADS) as pool:
        return all(pool.map(ask, range(2 * THREADS)))


# Serving


def test_two_workers_answer_and_see_each_others_decisions(
    server: Server, http: httpx.Client
) -> None:
    comment_id = uuid4().hex
    first = http.post("/v1/moderate", json={"id": comment_id, "text": FOUL}).json()

    with ThreadPoolExecutor(THREADS) as pool:
        url = f"{server.url}/v1/comments/{comment_id}"
        answers = list(
            pool.map(lambda _: httpx.get(url, headers=HEADERS).json(), range(16))
        )

    assert {answer["decision"] for answer in answers} == {first["decision"]}


def test_the_same_comment_sent_many_times_at_once_is_decided_once(
    server: Server, http: httpx.Client
) -> None:
    comment = {"id": uuid4().hex, "text": FOUL}

    with ThreadPoolExecutor(THREADS) as pool:
        answers = list(
            pool.map(
                lambda _: httpx.post(
                    f"{server.url}/v1/moderate",
                    json=comment,
                    headers=HEADERS,
                    timeout=30,
                ).json(),
                range(24),
            )
        )

    stored = http.get(f"/v1/comments/{comment['id']}").json()
    assert all(answer == answers[0] for answer in answers)
    assert len(stored["history"]) == 1


def test_requests_sent_ahead_on_one_connection_are_answered_in_order(
    server: Server,
) -> None:
    ids = [uuid4().hex for _ in range(5)]
    bodies = [json.dumps({"id": i, "text": FAIR}).encode() for i in ids]

    answer = exchange(server, b"".join(map(request, bodies)))

    assert answer.count(b"HTTP/1.1 200") == 5
    places = [answer.index(i.encode()) for i in ids]
    assert places == sorted(places)


def test_a_chunked_body_is_read(server: Server) -> None:
    half = len(BODY) // 2
    chunks = [BODY[:half], BODY[half:], b""]
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)

    answer = exchange(server, request(body, "Transfer-Encoding: chunked"))

    assert answer.startswith(b"HTTP/1.1 200")


# Rude clients: every answer is a problem document, and the next client is served

RUDE = [
    pytest.param(b"HELLO\r\n\r\n", 400, id="no HTTP"),
    pytest.param(b"GET / HTTP/9.9\r\n\r\n", 400, id="HTTP of the future"),
    pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, id="a broken header"),
    pytest.param(b"GET / HTTP/1.1\r\nA b: c\r\n\r\n", 400, id="a blank in a name"),
    pytest.param(
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n", 414, id="a long line"
    ),
    pytest.param(
        b"GET / HTTP/1.1\r\nA: " + b"a" * 20_000 + b"\r\n\r\n", 431, id="a long header"
    ),
    pytest.param(
        b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 500 + b"\r\n", 431, id="500 headers"
    ),
    pytest.param(request(BODY, "Content-Length: x"), 400, id="length is a word"),
    pytest.param(request(BODY, "Content-Length: -5"), 400, id="length is negative"),
    pytest.param(
        request(BODY, f"Content-Length: {'9' * 5000}"), 400, id="5,000 digits of length"
    ),
    pytest.param(
        request(BODY, "Content-Length: 5", "Content-Length: 6"), 400, id="two lengths"
    ),
    pytest.param(
        request(BODY, "Content-Length: 5", "Transfer-Encoding: chunked"),
        400,
        id="a length and chunks",
    ),
    pytest.param(
        request(BODY, "Transfer-Encoding: gzip, chunked"), 400, id="compressed chunks"
    ),
    pytest.param(
        request(b"zz\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        400,
        id="chunk size is no number",
    ),
    pytest.param(
        request(b"-5\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked"),
        400,
        id="negative chunk",
    ),
    pytest.param(
        request(b"ffffffffffffffff\r\nabc", "Transfer-Encoding: chunked"),
        400,
        id="endless chunk",
    ),
    pytest.param(
        request(b"5\r\nab", "Transfer-Encoding: chunked"), 400, id="half a chunk"
    ),
    pytest.param(request(BODY[:9], "Content-Length: 99"), 400, id="half a body"),
    pytest.param(
        request(b"", "Content-Length: 99999999999"),
        413,
        id="a length beyond all limits",
    ),
    pytest.param(request(BODY, "Expect: a miracle"), 417, id="an odd expectation"),
]


@pytest.mark.parametrize(("data", "status"), RUDE)
def test_what_is_no_proper_request_gets_a_problem_document(
    server: Server, data: bytes, status: int
) -> None:
    answer = exchange(server, data)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d" % status), answer
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status
    assert answer.count(b"HTTP/1.1 ") == 1
    assert exchange(server, GOOD).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\r\n", id="an empty line"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", id="TLS to a plain port"),
        pytest.param(b"POST /v1/mod", id="half a line"),
        pytest.param(b"POST /v1/moderate HTTP/1.1\r\nHost: loc", id="half a header"),
    ],
)
def test_who_leaves_early_harms_nobody(server: Server, data: bytes) -> None:
    for _ in range(THREADS):
        exchange(server, data)

    assert still_answers(server)


def test_clients_that_never_finish_do_not_keep_the_threads(server: Server) -> None:
    halves = [
        b"POST /v1/moderate HTTP/1.1\r\nHost: loc",
        request(b'{"text', "Content-Length: 400"),
        request(b"5\r\nab", "Transfer-Encoding: chunked"),
    ]
    with ExitStack() as stack:
        # As many as there are threads: each of them waits for more.
        for number in range(THREADS):
            connection = stack.enter_context(connected(server))
            connection.sendall(halves[number % len(halves)])

        assert httpx.get(f"{server.url}/healthz", timeout=60).is_success


def test_who_resets_the_connection_harms_nobody(server: Server) -> None:
    for _ in range(THREADS):
        with connected(server) as connection:
            connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
            )
            connection.sendall(GOOD)

    assert still_answers(server)


def test_the_log_of_all_this_holds_no_text_and_no_key(
    server: Server, http: httpx.Client
) -> None:
    http.post("/v1/moderate", json={"text": FOUL, "id": "logged-id"})
    http.post("/v1/moderate?offsets=wrong", content=b"{" + FOUL.encode())

    assert "fuck" not in server.log
    assert KEY not in server.log
    assert "logged-id" not in server.log
    assert "Traceback" not in server.log


# Starting, stopping, dying


@pytest.fixture
def folder(tmp_path: Path, prepared_sqlite: Path) -> Path:
    """A data folder after the first start."""
    (tmp_path / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    return tmp_path


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


def test_a_missing_model_stops_the_start_and_says_what_to_do(folder: Path) -> None:
    said = refused(folder, REFRAIN_ARTIFACT=str(folder / "nowhere"))

    assert "The model cannot be served" in said
    assert "restore" in said


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "http"), ("REFRAIN_MAX_TEXT", "-1"), ("REFRAIN_MAX_TXET", "5")],
)
def test_a_wrong_setting_stops_the_start_and_is_named(
    folder: Path, name: str, value: str
) -> None:
    assert name in refused(folder, **{name: value})


def test_every_answered_verdict_survives_kill_9(folder: Path) -> None:
    answered: list[str] = []
    with serving(folder) as server, ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(send_until_it_dies, server, answered)
        time.sleep(1.0)
        pids = [server.process.pid, *children(server)]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    with serving(folder) as server, httpx.Client(headers=HEADERS, timeout=30) as client:
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


def children(server: Server) -> list[int]:
    pid = server.process.pid
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


@pytest.mark.parametrize("seconds", [0.1, 0.5, 1.0])
def test_ctrl_c_ends_the_server_at_any_moment_of_its_start(
    folder: Path, seconds: float
) -> None:
    log = folder / "server.log"
    with (
        log.open("wb") as stream,
        start(folder, stream.fileno()) as process,
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


def test_a_killed_worker_is_replaced(folder: Path) -> None:
    with serving(folder) as server:
        for pid in children(server):
            os.kill(pid, signal.SIGKILL)

        assert still_answers(server)


def test_a_reload_brings_the_new_model_and_loses_no_request(
    folder: Path, model: Path
) -> None:
    failures: list[object] = []
    done = threading.Event()
    serve = serving(folder, REFRAIN_ARTIFACT=str(model))
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


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in pids):
        assert time.monotonic() < deadline, "the old workers did not end"
        time.sleep(0.05)


def test_workers_keep_to_processors_of_their_own(folder: Path) -> None:
    processors = os.sched_getaffinity(0)
    each = str(len(processors))
    with serving(folder, len(processors), WEB_CONCURRENCY=each) as server:
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
    folder: Path, model: Path, harm: Callable[[Path], object], sentence: str
) -> None:
    harm(model / "weights.npz")

    said = refused(folder, REFRAIN_ARTIFACT=str(model))

    assert sentence in said
    assert "restore" in said


@BROKEN
def test_a_reload_with_a_broken_model_leaves_the_old_one_in_service(
    folder: Path, model: Path, harm: Callable[[Path], object], sentence: str
) -> None:
    with serving(folder, REFRAIN_ARTIFACT=str(model)) as server:
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
    folder: Path, model: Path
) -> None:
    weights = (model / "weights.npz").read_bytes()
    with serving(folder, REFRAIN_ARTIFACT=str(model)) as server:
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


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_the_master_never_loads_the_app(folder: Path) -> None:
    """What it had loaded, a reload could not replace."""
    with serving(folder) as server:
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()

    assert "numpy" not in maps


def test_the_server_leaves_no_folder_of_counts_behind(folder: Path) -> None:
    temporary = folder / "tmp"
    temporary.mkdir()

    with serving(folder, TMPDIR=str(temporary)):
        assert list(temporary.glob("refrain-metrics-*"))

    assert not list(temporary.glob("refrain-metrics-*"))


def test_gunicorn_needs_no_module_run(folder: Path) -> None:
    """Its own command finds the service too, though it is not installed."""
    command = [Path(sys.executable).with_name("gunicorn"), "--check-config"]

    run = subprocess.run(
        [*map(str, command), "-c", "service/gunicorn_conf.py"],
        cwd=Path(__file__).parent.parent,
        env={"PATH": os.environ["PATH"], "REFRAIN_DATA_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert run.returncode == 0, run.stderr
