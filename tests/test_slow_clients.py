"""Requests that come in pieces, by and by, or never: a thread waits for none of them.

One worker with four threads, no proxy before it, and many more such clients.
"""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import pytest

from service.compat.coral.phase import HELD
from service.store.database import open_database
from tests.fixtures_service import Server, serving
from tests.sockets import HEAD, answered, connected, rest

MANY = 30
"""Seven times as many as there are threads."""
MOMENT_S = 1.0
"""In which everybody else is answered; one slow client took ten seconds of a thread."""
BODY = json.dumps({"text": "The council should publish the report."}).encode()
SIZED = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"%x;of=two\r\n%b\r\n%x\r\n%b\r\n0\r\nX-Sum: 1\r\n\r\n" % (
    9,
    BODY[:9],
    len(BODY) - 9,
    BODY[9:],
)
LARGE = HEAD + b"Content-Length: 900000\r\n\r\n"
HALVES = pytest.mark.parametrize(
    "half",
    [
        pytest.param(HEAD[:30], id="a line"),
        pytest.param(HEAD, id="a head"),
        pytest.param(SIZED + BODY[:20], id="a body"),
        pytest.param(
            HEAD + b"Content-Length: 900000\r\n\r\n" + b" " * 200_000, id="MB"
        ),
        pytest.param(CHUNKED + CHUNKS[:20], id="chunks"),
    ],
)
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
UNSIGNED = (
    b"POST /coral/moderate HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"X-Coral-Signature: sha256="
    + b"0" * 64
    + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
)
ZEROS = b"0" * 13 + b"9\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def single(
    tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path
) -> Iterator[Server]:
    """A server of one worker with four threads."""
    folder = tmp_path_factory.mktemp("slow")
    (folder / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    with serving(folder, workers=1, WEB_CONCURRENCY="1") as server:
        yield server


@pytest.fixture(scope="module")
def little_room() -> dict[str, str]:
    """`hasty` is one worker with two threads and room for 40 connections."""
    few = {"WEB_CONCURRENCY": "1", "REFRAIN_THREADS": "2"}
    return few | {"GUNICORN_CMD_ARGS": "--worker-connections 40"}


def decided_in(server: Server) -> float:
    """Seconds until a comment of somebody who behaves is decided."""
    start = time.monotonic()
    with connected(server) as connection:
        connection.sendall(SIZED + BODY)
        assert answered(connection).startswith(b"HTTP/1.1 200")
    return time.monotonic() - start


def counted(server: Server, name: str) -> float:
    """A counter of /metrics, 0 before it has counted anything."""
    lines = httpx.get(f"{server.url}/metrics", timeout=30).text.splitlines()
    return sum(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))


# Half a request


@HALVES
def test_many_who_send_half_a_request_keep_nobody_waiting(
    single: Server, half: bytes
) -> None:
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connected(single)).sendall(half)
        time.sleep(0.3)  # Until all of it has come.

        assert max(decided_in(single) for _ in range(5)) < MOMENT_S


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n4c4b40\r\n", id="a chunk"),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\n" + ZEROS, id="its zeros"),
        pytest.param(b"Content-Length: 99999999\r\n\r\n", id="a length"),
        pytest.param(b"Content-Length: " + ZEROS + b"\r\n", id="a length's zeros"),
    ],
)
def test_many_who_announce_what_never_comes_keep_nobody_waiting(
    single: Server, rest: bytes
) -> None:
    """Where the key would be in the body, so that anybody may begin one."""
    begun = b"POST /1.1/comment-check HTTP/1.1\r\nHost: a\r\n" + FORM + rest
    with ExitStack() as stack:
        for _ in range(MANY):
            stack.enter_context(connected(single)).sendall(begun)
        time.sleep(0.3)  # Until all of it has come.

        assert max(decided_in(single) for _ in range(5)) < MOMENT_S


def test_a_body_in_tiny_chunks_takes_no_more_time_than_it_has_bytes(
    single: Server,
) -> None:
    (worker,) = psutil.Process(single.process.pid).children()
    taken = []
    for count in (30_000, 120_000):
        before = sum(worker.cpu_times()[:2])
        with connected(single) as connection:
            connection.sendall(UNSIGNED + b"1\r\na\r\n" * count + b"0\r\n\r\n")
            # Held, if other programs leave no time to see that it is not signed.
            assert answered(connection).startswith((b"HTTP/1.1 4", b"HTTP/1.1 200 "))
        taken.append(sum(worker.cpu_times()[:2]) - before)

    # Four times as much; it was seventeen times.
    assert taken[1] < 8 * max(taken[0], 0.1)


@HALVES
def test_who_sends_half_a_request_is_told_so_at_last(
    hasty: Server, half: bytes
) -> None:
    with connected(hasty) as connection:
        connection.sendall(half)
        head, _, body = rest(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert b"\r\nConnection: close\r\n" in head
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == 408
    assert decided_in(hasty) < MOMENT_S


def test_who_finishes_at_last_is_answered(single: Server) -> None:
    with connected(single) as connection:
        for piece in (SIZED[:50], SIZED[50:], BODY[:7], BODY[7:]):
            connection.sendall(piece)
            time.sleep(0.3)

        assert answered(connection).startswith(b"HTTP/1.1 200")


def test_where_there_is_no_room_the_slow_make_it(hasty: Server) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            stack.enter_context(connected(hasty)).sendall(HEAD)
        time.sleep(1.0)  # Who has just come is left alone.

        assert decided_in(hasty) < 2 * MOMENT_S


def test_half_a_body_and_then_nobody_is_refused_and_says_that_it_closes(
    single: Server,
) -> None:
    with connected(single) as connection:
        connection.sendall(SIZED + BODY[:9])
        connection.shutdown(socket.SHUT_WR)
        answer = rest(connection)

    assert answer.startswith(b"HTTP/1.1 400")
    assert b"\r\nConnection: close\r\n" in answer


# Whole requests, however they come


@pytest.mark.parametrize(
    "request_", [SIZED + BODY, CHUNKED + CHUNKS, b"\r\n" + HEALTH], ids=str
)
def test_a_request_byte_by_byte_is_as_good_as_any(
    single: Server, request_: bytes
) -> None:
    with connected(single) as connection:
        for _ in range(2):  # The connection is kept.
            for place in range(len(request_)):
                connection.sendall(request_[place : place + 1])

            assert answered(connection).startswith(b"HTTP/1.1 200")


def test_what_is_sent_ahead_is_served_even_if_the_last_is_not_whole_yet(
    single: Server,
) -> None:
    whole = SIZED + BODY + CHUNKED + CHUNKS + HEALTH + SIZED + BODY
    with connected(single) as connection:
        connection.sendall(whole[:-9])
        first = [answered(connection) for _ in range(3)]
        connection.sendall(whole[-9:] + HEALTH)
        last = [answered(connection) for _ in range(2)]

    assert all(answer.startswith(b"HTTP/1.1 200") for answer in first + last)
    assert b'"ok"' in first[2]
    assert b'"decision"' in last[0]


def test_who_waits_to_be_told_to_send_a_body_is_told_once(single: Server) -> None:
    head = HEAD + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % len(BODY)
    with connected(single) as connection:
        connection.sendall(head)
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)

        assert answered(connection).startswith(b"HTTP/1.1 200")


def test_many_who_were_told_and_send_nothing_keep_nobody_waiting(
    single: Server,
) -> None:
    with ExitStack() as stack:
        for _ in range(MANY):
            connection = stack.enter_context(connected(single))
            connection.sendall(
                HEAD + b"Content-Length: 99\r\nExpect: 100-continue\r\n\r\n"
            )
            assert connection.recv(65_536).startswith(b"HTTP/1.1 100")

        assert decided_in(single) < MOMENT_S


def test_an_old_client_is_answered_and_its_connection_ends(single: Server) -> None:
    with connected(single) as connection:
        connection.sendall(SIZED.replace(b"HTTP/1.1", b"HTTP/1.0") + BODY)
        answer = rest(connection)

    assert answer.startswith(b"HTTP/1.0 200")
    assert b"\r\nConnection: close\r\n" in answer


def test_a_head_alone_is_answered_without_a_body(single: Server) -> None:
    with connected(single) as connection:
        connection.sendall(HEALTH.replace(b"GET", b"HEAD") + HEALTH)
        both = b""
        while b'"ok"' not in both:
            both += connection.recv(65_536)

    assert both.partition(b"\r\n\r\n")[2].startswith(b"HTTP/1.1 200")


# What is refused before it is whole, by clients that wait for the answer


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        pytest.param(b"GET /" + b"a" * 9_000, 414, id="a line without end"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"A: a\r\n" * 20_000, 431, id="a head"),
        pytest.param(b"GET / HTTP/1.1\nHost: a\n", 400, id="bare ends of lines"),
        pytest.param(
            HEAD + b"Content-Length: 9\r\nContent-Length: 8\r\n\r\n", 400, id="lengths"
        ),
        pytest.param(
            HEAD + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
            id="a length and chunks",
        ),
        pytest.param(CHUNKED + b"zz\r\n", 400, id="a chunk of no size"),
        pytest.param(
            HEAD + b"Content-Length: 99999999\r\n\r\n", 413, id="a large body"
        ),
    ],
)
def test_what_can_only_be_refused_is_refused_at_once(
    single: Server, begun: bytes, status: int
) -> None:
    start = time.monotonic()
    with connected(single) as connection:
        connection.sendall(begun)
        answer = rest(connection)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert b"application/problem+json" in answer
    assert time.monotonic() - start < MOMENT_S


WITHOUT_KEY = (
    HEAD[: HEAD.index(b"Authorization")] + b"Content-Type: application/json\r\n"
)


@pytest.mark.parametrize(
    ("begun", "status"),
    [
        pytest.param(HEAD + b"Content-Length: 9000000\r\n\r\n", 413, id="too large"),
        pytest.param(
            WITHOUT_KEY + b"Content-Length: 9000000\r\n\r\n", 401, id="without a key"
        ),
        pytest.param(
            WITHOUT_KEY + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % 5_000_000,
            401,
            id="without a key, in chunks",
        ),
    ],
)
def test_what_is_not_read_is_never_taken_for_the_next_request(
    single: Server, begun: bytes, status: int
) -> None:
    with connected(single) as connection:
        connection.sendall(begun + HEALTH * 500)
        answer = rest(connection)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_small_body_that_nobody_reads_costs_no_connection(single: Server) -> None:
    refused = WITHOUT_KEY + b"Content-Length: %d\r\n\r\n" % len(HEALTH) + HEALTH
    with connected(single) as connection:
        connection.sendall(refused + SIZED + BODY)
        answers = [answered(connection), answered(connection)]

    assert answers[0].startswith(b"HTTP/1.1 401")
    assert b"\r\nConnection: keep-alive\r\n" in answers[0]
    assert b'"decision"' in answers[1]


@pytest.mark.parametrize("path", ["/healthz", "/v1/moderate", "/desk"])
@pytest.mark.parametrize(
    ("method", "status"),
    [
        *((method, 405) for method in ("TRACE", "PROPFIND", "CONNECT", "M-SEARCH")),
        pytest.param("brew", 400, id="no method at all"),
    ],
)
def test_a_method_that_is_not_known_gets_a_problem_document(
    single: Server, method: str, status: int, path: str
) -> None:
    with connected(single) as connection:
        line = f"{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
        connection.sendall(line.encode())
        head, _, body = rest(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status


# What has waited for too long


def test_what_has_waited_for_too_long_is_turned_away_when_its_turn_comes(
    hasty: Server,
) -> None:
    """Both threads wait for the database, which another process holds."""
    before = counted(hasty, "refrain_shed_total")
    stored = json.dumps({"id": "a", "text": "Fair."}).encode()
    holder = HEAD + b"Content-Length: %d\r\n\r\n" % len(stored) + stored
    coral = b"POST /coral/moderate HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
    other = open_database(f"sqlite:///{hasty.log_file.parent}/refrain.db")
    with ExitStack() as stack:
        with other.writing():
            holders = [stack.enter_context(connected(hasty)) for _ in range(2)]
            for connection in holders:
                connection.sendall(holder)
            time.sleep(0.5)
            late, held, watcher = (
                stack.enter_context(connected(hasty)) for _ in range(3)
            )
            late.sendall(SIZED + BODY)
            held.sendall(coral)
            watcher.sendall(HEALTH.replace(b"/healthz", b"/readyz"))
            time.sleep(1.0)  # Aged, in tests, after half of that.
        answers = [rest(late), rest(held)]
        watched = answered(watcher)
    other.close()

    assert answers[0].startswith(b"HTTP/1.1 503")
    assert b"\r\nRetry-After: " in answers[0]
    assert b"\r\nConnection: close\r\n" in answers[0]
    assert json.loads(answers[1].partition(b"\r\n\r\n")[2]) == HELD
    assert watched.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503"))
    assert b"checks" in watched
    assert counted(hasty, "refrain_shed_total") - before == 2
    assert decided_in(hasty) < MOMENT_S


def test_nothing_of_all_this_was_a_fault_of_the_service(
    single: Server, hasty: Server
) -> None:
    for one in (single, hasty):
        assert "Traceback" not in one.log
        assert "broke its thread" not in one.log
        assert "failed below the app" not in one.log
