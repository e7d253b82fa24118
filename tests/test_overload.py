"""More requests than can be served: a real gunicorn, one worker, and far too many.

Clients do not wait for each other here, and come again at once, as a crowd does.
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from statistics import median
from typing import NamedTuple

import httpx
import pytest

from service.compat.coral.phase import HELD
from tests.fixtures_service import Server, serving
from tests.fixtures_store import KEY
from tests.test_metrics import counted

THREADS = 2
BACKLOG = 6
CLIENTS = 48
SECONDS = 2.0
TURNED_AWAY = re.compile(r"Turned away, for too many requests were waiting: (\d+)")
LONG = ("The council should publish the report before the summer. " * 180)[:10_000]
"""What takes some milliseconds to judge, so that few clients are too many."""
HEADERS = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}


class Answer(NamedTuple):
    """One answer, and the seconds it took."""

    status: int
    headers: Message
    body: bytes
    took: float


@dataclass
class Crowd:
    """What clients were answered, or why they were not."""

    answers: list[Answer] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def of(self, status: int) -> list[Answer]:
        """Those answers, in the order of their time."""
        found = [answer for answer in self.answers if answer.status == status]
        return sorted(found, key=lambda answer: answer.took)

    def come(self, server: Server, until: float) -> None:
        """Ask again and again; who is turned away is impatient."""
        while time.monotonic() < until:
            try:
                answer = asked(server, LONG)
            except (OSError, HTTPException) as error:
                self.broken.append(repr(error))
                continue
            self.answers.append(answer)
            if answer.status != 200:
                time.sleep(0.05)


@pytest.fixture(scope="module")
def narrow(
    tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path
) -> Iterator[Server]:
    """A server with little room."""
    folder = tmp_path_factory.mktemp("overload")
    shutil.copy(prepared_sqlite, folder / "refrain.db")
    settings = {"REFRAIN_THREADS": str(THREADS), "REFRAIN_BACKLOG": str(BACKLOG)}
    with serving(folder, workers=1, WEB_CONCURRENCY="1", **settings) as server:
        yield server


@contextmanager
def crowded(server: Server, seconds: float = SECONDS) -> Iterator[Crowd]:
    """Have CLIENTS ask for some seconds, and at least as long as the block takes."""
    crowd = Crowd()
    until = time.monotonic() + seconds
    clients = [
        threading.Thread(target=crowd.come, args=(server, until))
        for _ in range(CLIENTS)
    ]
    for client in clients:
        client.start()
    try:
        yield crowd
    finally:
        for client in clients:
            client.join()


def asked(server: Server, text: str = "A fair point.") -> Answer:
    """Ask once, over a connection of its own."""
    body = json.dumps({"text": text})
    start = time.monotonic()
    with closing(HTTPConnection(*server.address, timeout=30)) as connection:
        connection.request("POST", "/v1/moderate", body, HEADERS)
        answer = connection.getresponse()
        said = answer.read()
    took = time.monotonic() - start
    return Answer(answer.status, answer.headers, said, took)


def middle(answers: Sequence[Answer]) -> float:
    """The median of the seconds they took."""
    return median(answer.took for answer in answers)


def test_what_is_too_much_gets_503_at_once_and_the_rest_is_answered_in_time(
    narrow: Server,
) -> None:
    alone = middle([asked(narrow, LONG) for _ in range(5)])
    before = counted(narrow.url, "refrain_shed_total")

    with crowded(narrow) as crowd:
        pass

    served, refused = crowd.of(200), crowd.of(503)
    assert not crowd.broken
    assert len(served) + len(refused) == len(crowd.answers)
    # As long as all who may wait take, and twice that for clients on the same cores.
    assert middle(served) < 3 * (BACKLOG + THREADS) * alone
    assert middle(refused) < middle(served)
    assert counted(narrow.url, "refrain_shed_total") - before == len(refused)


def test_who_is_turned_away_is_told_when_to_come_again(narrow: Server) -> None:
    with crowded(narrow) as crowd:
        pass

    one = crowd.of(503)[0]
    assert one.headers["Retry-After"] == "1"
    assert one.headers["Connection"] == "close"
    assert len(one.headers["X-Request-Id"]) == 16
    assert one.headers["Content-Type"] == "application/problem+json"
    assert json.loads(one.body) == {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": 503,
        "detail": "Too many requests are under way.",
    }


def test_what_coral_sends_is_held_and_never_refused(narrow: Server) -> None:
    before = counted(narrow.url, "refrain_coral_unjudged_total", why="busy")
    with crowded(narrow) as crowd:
        time.sleep(0.5)
        answers = [
            httpx.post(f"{narrow.url}/coral/moderate", content=b"{}", timeout=30)
            for _ in range(12)
        ]

    turned_away = [answer for answer in answers if answer.status_code == 200]
    assert crowd.of(503)
    assert turned_away
    assert all(answer.json() == HELD for answer in turned_away)
    # Those that there was room for are asked for their signature.
    assert {answer.status_code for answer in answers} <= {200, 401}
    after = counted(narrow.url, "refrain_coral_unjudged_total", why="busy")
    assert after - before == len(turned_away)


def test_two_seconds_after_the_crowd_has_gone_all_is_as_before(narrow: Server) -> None:
    usual = middle([asked(narrow) for _ in range(9)])

    with crowded(narrow):
        pass
    end = time.monotonic()
    answers = [asked(narrow) for _ in range(20)]

    assert {answer.status for answer in answers} == {200}
    assert time.monotonic() - end < 2.0
    assert middle(answers) < 3 * usual


def test_those_who_watch_are_answered_in_the_crowd(narrow: Server) -> None:
    with crowded(narrow) as crowd:
        time.sleep(0.5)
        answers = [
            httpx.get(f"{narrow.url}{path}", timeout=30)
            for path in ("/healthz", "/readyz", "/metrics") * 4
        ]

    assert crowd.of(503)
    assert [answer.status_code for answer in answers] == [200] * 12
    assert answers[0].json() == {"status": "ok"}


def test_the_log_counts_those_turned_away_and_has_no_line_for_each(
    narrow: Server,
) -> None:
    time.sleep(2.2)  # Of earlier crowds, all lines are written.
    began = len(narrow.log)
    with crowded(narrow) as crowd:
        pass
    lines: list[int] = []
    deadline = time.monotonic() + 5.0
    while sum(lines) < len(crowd.of(503)) and time.monotonic() < deadline:
        time.sleep(0.1)
        lines = [int(n) for n in TURNED_AWAY.findall(narrow.log[began:])]

    assert sum(lines) == len(crowd.of(503))
    assert len(lines) <= 6


def test_connections_that_say_nothing_take_no_room(narrow: Server) -> None:
    with ExitStack() as silent:
        for _ in range(4 * BACKLOG):
            silent.enter_context(socket.create_connection(narrow.address))

        assert [asked(narrow).status for _ in range(5)] == [200] * 5
