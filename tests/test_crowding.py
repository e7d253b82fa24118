"""What waits for a thread, or is not whole yet, takes so much memory and no more.

One worker with two threads, which wait for the database while another process holds it.
"""

from __future__ import annotations

import json
import select
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from service.compat.coral.phase import HELD
from service.connections.threads import MOST_WAITING
from service.store.database import open_database
from tests.fixtures_service import Server, serving
from tests.sockets import HEAD, answered, connected, rest
from tests.test_metrics import counted

THREADS = 2
LONGEST = 4_194_304
"""The longest body that is waited for: a batch's."""
MANY = 24
SHED = "refrain_shed_total"
TEXT = json.dumps({"text": "The council should publish the report."}).encode()


def whole(body: bytes, *, path: bytes = b"/v1/moderate") -> bytes:
    """A request that has come as a whole."""
    head = HEAD.replace(b"/v1/moderate", path)
    return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


LARGE = whole(TEXT.ljust(LONGEST), path=b"/v1/moderate/batch")


@pytest.fixture(scope="module")
def single(
    tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path
) -> Iterator[Server]:
    """A server of one worker with two threads."""
    folder = tmp_path_factory.mktemp("crowding")
    (folder / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    few = {"WEB_CONCURRENCY": "1", "REFRAIN_THREADS": str(THREADS)}
    with serving(folder, workers=1, **few) as server:
        yield server


@contextmanager
def stuck(server: Server) -> Iterator[None]:
    """Have every thread of the server wait, for less than what waits for one may."""
    other = open_database(f"sqlite:///{server.log_file.parent}/refrain.db")
    stored = whole(json.dumps({"id": uuid4().hex, "text": "Fair."}).encode())
    with ExitStack() as stack:
        with other.writing():
            holders = sent(server, stack, stored, THREADS)
            time.sleep(0.3)  # Until each thread waits for it.
            yield
        for connection in holders:
            assert answered(connection).startswith(b"HTTP/1.1 20")
    other.close()


def sent(
    server: Server, stack: ExitStack, request: bytes, count: int
) -> list[socket.socket]:
    """So many connections on each of which that was sent."""
    connections = [stack.enter_context(connected(server)) for _ in range(count)]
    for connection in connections:
        connection.sendall(request)
    return connections


def refused(connections: list[socket.socket]) -> list[bytes]:
    """What those are told that are answered by now."""
    time.sleep(0.3)  # Until all of it has come.
    return [rest(one) for one in select.select(connections, [], [], 0.0)[0]]


def test_large_requests_that_wait_take_so_much_memory_and_no_more(
    single: Server,
) -> None:
    (worker,) = psutil.Process(single.process.pid).children()
    before, shed = worker.memory_info().rss, counted(single.url, SHED)
    with ExitStack() as stack, stuck(single):
        large = sent(single, stack, LARGE, MANY)
        answers = refused(large)
        grown = worker.memory_info().rss - before

    # Together they have six times as much.
    assert grown < MOST_WAITING + 4 * LONGEST
    assert len(answers) == MANY - MOST_WAITING // len(LARGE)
    for answer in answers:
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 1\r\n" in head
        assert json.loads(body)["detail"] == "Too many requests are under way."
    assert counted(single.url, SHED) - shed == len(answers)


def test_comments_of_the_usual_size_wait_beside_large_requests(single: Server) -> None:
    with ExitStack() as stack:
        with stuck(single):
            large = sent(single, stack, LARGE, 3)
            small = sent(single, stack, whole(TEXT), 100)
            assert not refused(large + small)

        assert all(answered(one).startswith(b"HTTP/1.1 200") for one in small)


def test_what_there_is_no_room_for_is_refused_as_its_clients_understand_it(
    single: Server,
) -> None:
    coral = whole(TEXT.ljust(200_000), path=b"/coral/moderate")
    with ExitStack() as stack, stuck(single):
        large = whole(b" " * (LONGEST - 300))
        assert not refused(sent(single, stack, large, 4))
        (answer,) = refused(sent(single, stack, coral, 1))
        probe = b"GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n"
        watcher = sent(single, stack, probe, 1)
        assert not refused(watcher)

    assert json.loads(answer.partition(b"\r\n\r\n")[2]) == HELD


def test_what_is_closed_to_make_room_is_not_said_to_have_waited(
    tmp_path: Path, prepared_sqlite: Path
) -> None:
    (tmp_path / "refrain.db").write_bytes(prepared_sqlite.read_bytes())
    few = {"WEB_CONCURRENCY": "1", "GUNICORN_CMD_ARGS": "--worker-connections 20"}
    with serving(tmp_path, workers=1, **few) as server, ExitStack() as stack:
        begun = sent(server, stack, HEAD, 20)
        time.sleep(1.2)  # Who has just come is left alone.
        assert answered(sent(server, stack, whole(TEXT), 1)[0])
        time.sleep(1.2)  # Until the log tells of it.
        told = refused(begun)
        shed, log = counted(server.url, SHED), server.log

    assert all(answer.startswith(b"HTTP/1.1 503 ") for answer in told)
    assert len(told) == shed > 0
    assert "Closed connections to make room: " in log
    assert "Turned away" not in log
