"""Clients that are slow on purpose or never stop: they are cut off; nobody waits."""

from __future__ import annotations

import re
import resource
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from itertools import cycle, repeat
from pathlib import Path

import httpx
import pytest
from flask import Flask

from tests.fixtures_service import Server, serving
from tests.fuzzing.generated import asked
from tests.fuzzing.requests import Sent, bodies, media_type_of, query_of
from tests.fuzzing.texts import chance
from tests.sockets import CUT_S, HEAD, connected, never_read, rest

THREADS = 8
"""Two workers with four threads each."""
PATIENT = 2.0
"""Seconds in which who behaves is answered, whatever others do; gunicorn itself would
wait for five, or for ever."""


def answered_in(server: Server) -> float:
    """Seconds until somebody who behaves is answered."""
    start = time.monotonic()
    assert httpx.get(f"{server.url}/healthz", timeout=60).is_success
    return time.monotonic() - start


def until_cut(
    connection: socket.socket, pieces: Iterable[bytes], pause_s: float = 0.0
) -> None:
    """Send pieces until the other side has had enough; fail if it never has."""
    start = time.monotonic()
    with suppress(ConnectionError):
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause_s)
            assert time.monotonic() - start < CUT_S, "it was never cut off"


@pytest.mark.parametrize(
    ("begun", "drop"),
    [
        pytest.param(b"", b"POST /v1/moderate HTTP/1.1\r\n", id="its first line"),
        pytest.param(HEAD, b"X-A: aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n", id="its headers"),
        pytest.param(
            HEAD + b"Content-Length: 9999\r\n\r\n", b'{"text": "', id="a body"
        ),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", id="chunks"
        ),
    ],
)
def test_who_sends_drop_by_drop_is_cut_off(
    hasty: Server, begun: bytes, drop: bytes
) -> None:
    with connected(hasty) as connection:
        connection.sendall(begun)

        until_cut(connection, (bytes([byte]) for byte in cycle(drop)), 0.1)

    assert answered_in(hasty) < PATIENT


def test_who_never_takes_an_answer_keeps_no_thread(hasty: Server) -> None:
    with ExitStack() as stack:
        never_read(hasty, stack, THREADS)
        time.sleep(2.0)  # Until all of them wait for their client.

        longest = max(answered_in(hasty) for _ in range(3))

    assert longest < CUT_S
    assert answered_in(hasty) < PATIENT


def test_who_says_nothing_keeps_no_thread(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(5 * THREADS):
            stack.enter_context(connected(server))

        assert answered_in(server) < PATIENT + 5 * 0.2


def test_who_says_nothing_is_hung_up_on(hasty: Server) -> None:
    with connected(hasty) as connection:
        assert rest(connection) == b""


def test_who_says_something_at_last_is_answered(server: Server) -> None:
    with connected(server) as connection:
        time.sleep(1.0)
        connection.sendall(
            b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        )

        assert rest(connection).startswith(b"HTTP/1.1 200")


def test_who_never_hangs_up_keeps_nobody_waiting(server: Server) -> None:
    with ExitStack() as stack:
        for _ in range(60):
            connection = stack.enter_context(connected(server))
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")

        longest = max(answered_in(server) for _ in range(5))

    assert longest < PATIENT


def test_who_never_hangs_up_is_hung_up_on(hasty: Server) -> None:
    with connected(hasty) as connection:
        connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert rest(connection).startswith(b"HTTP/1.0 200")

        until_cut(connection, repeat(b"x"), 0.05)


def test_what_is_too_large_is_refused_before_it_is_sent_and_the_refusal_is_read(
    server: Server,
) -> None:
    size = 8_000_000
    with connected(server) as connection:
        connection.sendall(
            HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size
        )
        with suppress(ConnectionError):
            connection.sendall(b" " * size)
        answer = rest(connection)

    assert answer.startswith(b"HTTP/1.1 413")


def test_what_never_ends_is_cut_off(server: Server) -> None:
    with connected(server) as connection:
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")

        until_cut(connection, repeat(b"10000\r\n" + b" " * 65_536 + b"\r\n"))

    assert answered_in(server) < PATIENT


@pytest.mark.parametrize("path", sorted(bodies(chance(1))))
def test_every_route_refuses_more_than_it_takes(app: Flask, path: str) -> None:
    sent = Sent(path, query_of(path), b"a" * 5_000_000, media_type_of(path))

    status, answer, _ = asked(app, sent)

    is_akismet = path.startswith("/1.")
    assert status == (200 if is_akismet else 413)
    assert len(answer) < 1000
    assert (answer == b"invalid") == is_akismet


HEADERS: list[tuple[str, Callable[[], bytes]]] = [
    ("a hundred headers", lambda: b"X-A: a\r\n" * 100),
    ("a header of 20 kB", lambda: b"X-A: " + b"a" * 20_000 + b"\r\n"),
    ("a key of 8 kB", lambda: b"Authorization: Bearer " + b"k" * 8_100 + b"\r\n"),
    ("a cookie of 8 kB", lambda: b"Cookie: desk=" + b"a" * 8_100 + b"\r\n"),
    ("4,000 cookies", lambda: b"Cookie: " + b"a;" * 4_000 + b"\r\n"),
    ("forwarded by 2,000", lambda: b"X-Forwarded-For: " + b"1,1," * 2_000 + b"\r\n"),
    ("many languages", lambda: b"Accept-Language: " + b"a-b;q=0," * 1_000 + b"\r\n"),
    ("many ranges", lambda: b"Range: bytes=" + b"0-1," * 2_000 + b"\r\n"),
    ("many etags", lambda: b"If-None-Match: " + b'"a",' * 2_000 + b"\r\n"),
    ("a date of letters", lambda: b"If-Modified-Since: " + b"a" * 8_000 + b"\r\n"),
    ("a host of dots", lambda: b"X-Forwarded-Host: " + b"." * 8_000 + b"\r\n"),
    ("odd bytes", lambda: b"Authorization: Bearer \xff\xfe\x80\r\n"),
]


@pytest.mark.parametrize(
    "path",
    ["/v1/model", "/desk/sign-in", "/static/desk.css", "/appeal/x", "/1.2/usage-limit"],
)
@pytest.mark.parametrize(
    "header", [make for _, make in HEADERS], ids=[name for name, _ in HEADERS]
)
def test_a_header_made_to_hurt_does_not(
    server: Server, path: str, header: Callable[[], bytes]
) -> None:
    start = time.monotonic()
    with connected(server) as connection:
        connection.sendall(
            b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" % path.encode()
            + header()
            + b"\r\n"
        )
        answer = rest(connection)

    status = int(answer.split(b" ", 2)[1])
    assert 200 <= status < 500
    assert time.monotonic() - start < PATIENT
    assert b"aaaaaaaaaa" not in answer.partition(b"\r\n\r\n")[2]


def kept(server: Server, stack: ExitStack, count: int) -> None:
    """So many connections that were answered and then are idle."""
    for _ in range(count):
        connection = stack.enter_context(connected(server))
        connection.sendall(b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(65_536)


def worker_of(server: Server) -> int:
    """The process that serves, of a server with one."""
    (pid,) = re.findall(r"Worker ready \(pid: (\d+)\)", server.log)
    return int(pid)


@pytest.fixture
def single(tmp_path: Path, prepared_sqlite: Path) -> Iterator[Server]:
    """A server of one worker with four threads and 40 connections."""
    (tmp_path / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    few = "--worker-connections 40"
    alone = {"WEB_CONCURRENCY": "1", "GUNICORN_CMD_ARGS": few}
    with serving(tmp_path, workers=1, **alone) as server:
        yield server


def test_slow_readers_in_every_thread_do_not_make_the_service_look_dead(
    single: Server,
) -> None:
    with ExitStack() as stack:
        never_read(single, stack, 12)
        time.sleep(1.0)  # Until each thread waits for one.

        longest = max(answered_in(single) for _ in range(3))

    assert longest < PATIENT


def test_a_worker_without_a_file_left_goes_on(single: Server) -> None:
    pid = worker_of(single)
    opened = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (opened + 10, opened + 10))
    with ExitStack() as stack:
        for _ in range(30):
            stack.enter_context(connected(single))
        time.sleep(PATIENT)
        assert "No connection can be accepted" in single.log

    assert answered_in(single) < 2 * PATIENT
    assert worker_of(single) == pid
    assert single.log.count("No connection can be accepted") < 2 * PATIENT + 3


def test_idle_connections_shut_nobody_out(single: Server) -> None:
    with ExitStack() as stack:
        kept(single, stack, 36)  # gunicorn leaves the threads one each.
        for _ in range(4):
            stack.enter_context(connected(single))
        time.sleep(1.0)

        assert answered_in(single) < PATIENT + 1.0


def test_nothing_of_all_this_was_a_fault_of_the_service(
    server: Server, hasty: Server
) -> None:
    for one in (server, hasty):
        assert "Traceback" not in one.log
        assert "WORKER TIMEOUT" not in one.log
        assert "failed below the app" not in one.log
    assert "kkkkkkkkkk" not in server.log
