"""Two replicas on one database are one service: limits, lock-outs and sessions."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from service.limiting.limiter import MINUTE_S
from service.store.signins import VISITOR
from tests.fixtures_service import Server, serving
from tests.fixtures_store import KEY, PASSWORD, created
from tests.redis_server import RedisServer, redis_server
from tests.visitor import Visitor

LIMIT = 80
THREADS = 4
NEEDED_S = 10
"""So much of a minute a test needs at most; it waits for the next one otherwise."""
FAIR = "The council should publish the report."
MODERATOR = "editor"

Replicas = tuple[Server, Server]


@contextmanager
def replicas(folder: Path, url: str, **env: str) -> Iterator[Replicas]:
    """Two servers, as if on machines of their own."""
    limited = {"DATABASE_URL": url, "REFRAIN_RATE_LIMIT": str(LIMIT)}
    alone = {"WEB_CONCURRENCY": "1"} | limited | env

    def start(name: str) -> Server:
        own = folder / name
        own.mkdir()
        return stack.enter_context(serving(own, 1, **alone))

    with ExitStack() as stack, ThreadPoolExecutor(2) as threads:
        one, two = threads.map(start, ("one", "two"))
        yield one, two


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Replicas]:
    """Replicas on each of the two kinds of database."""
    folder = tmp_path_factory.mktemp("replicas")
    with ExitStack() as stack:
        if request.param == "sqlite":
            shutil.copy(request.getfixturevalue("prepared_sqlite"), folder / "it.db")
            url = f"sqlite:///{folder / 'it.db'}"
        else:
            template = request.getfixturevalue("prepared_postgresql")
            server = request.getfixturevalue("postgresql")
            url = stack.enter_context(created(server, template))
        yield stack.enter_context(replicas(folder, url))


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
def by_redis(
    tmp_path: Path, database_url: str, redis: RedisServer
) -> Iterator[Replicas]:
    """Replicas that count in Redis."""
    with replicas(tmp_path, database_url, REDIS_URL=redis.url) as started:
        yield started


def wait_for_room() -> None:
    """Wait until enough of a minute is left."""
    left = MINUTE_S - time.time() % MINUTE_S
    if left < NEEDED_S:
        time.sleep(left)


def statuses(servers: Replicas, requests: int) -> Counter[int]:
    """Send comments with KEY to one replica and the other, several at once."""

    def send(number: int) -> Counter[int]:
        headers = {"Authorization": f"Bearer {KEY}", "Connection": "close"}
        found = Counter[int]()
        with httpx.Client(headers=headers, timeout=30) as client:
            for turn in range(requests // THREADS):
                url = servers[(number + turn) % 2].url
                comment = {"id": uuid4().hex, "text": FAIR}
                found[client.post(f"{url}/v1/moderate", json=comment).status_code] += 1
        return found

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(send, range(THREADS)), Counter[int]())


def test_two_replicas_admit_the_limit_together_and_not_one_more(both: Replicas) -> None:
    wait_for_room()

    found = statuses(both, 3 * LIMIT)

    # A worker that meets no further request keeps what little it has leased.
    assert 0.9 * LIMIT <= found[200] <= LIMIT
    assert found[200] + found[429] == 3 * LIMIT


@pytest.mark.parametrize("backend", ["postgresql"])
def test_so_do_they_by_redis_and_when_it_is_gone_they_go_on_in_the_database(
    by_redis: Replicas, redis: RedisServer
) -> None:
    wait_for_room()
    before = statuses(by_redis, LIMIT // 2)
    in_redis = redis.stored()

    redis.kill()
    after = statuses(by_redis, 3 * LIMIT)
    redis.start()

    assert before == {200: LIMIT // 2}
    assert in_redis.count(b"refrain:limit:") == 1
    # The database begins with nothing, and what was leased before is good.
    assert after[200] >= 0.9 * LIMIT
    assert before[200] + after[200] <= 2 * LIMIT
    assert after[200] + after[429] == 3 * LIMIT
    logs = [server.log for server in by_redis]
    assert all('"by": "Redis"' in log for log in logs)
    assert [log for log in logs if "Traceback" in log or KEY in log] == []


def test_who_signs_in_at_one_replica_is_signed_in_at_both_and_out_of_both(
    both: Replicas,
) -> None:
    here, there = (Visitor.at(server.url) for server in both)
    assert here.sign_in(MODERATOR).status_code == 303
    there.client.cookies = here.client.cookies

    was_signed_in = there.is_signed_in()
    here.post("/desk/sign-out")

    assert was_signed_in
    assert not there.is_signed_in()


def test_who_is_locked_out_of_one_replica_is_locked_out_of_both(both: Replicas) -> None:
    here, there = (Visitor.at(server.url) for server in both)
    for _ in range(VISITOR.failures):
        assert here.sign_in(MODERATOR, "a wrong password").status_code == 403

    answer = there.sign_in(MODERATOR, PASSWORD)

    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) <= 60
    assert not there.is_signed_in()
