"""Coral is answered in time, whatever is slow: a text, the database, other comments.

It publishes a comment that it gets no answer about; so the answer is then to hold it.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

import httpx
import psycopg
import pytest
from sqlalchemy.engine import make_url

from service.compat.coral.keyring import REMEMBER_S
from service.store.database import open_database
from tests.fixtures_coral import (
    FAIR,
    FOUL,
    HELD,
    PHASE,
    WEBHOOKS,
    WRONG_SECRET,
    Sender,
    add_secrets,
    headers_for,
    moderation,
    written,
)
from tests.fixtures_service import Server, serving
from tests.fixtures_store import create, execute, prepare

SLOW = "@#0 f.u.c 1$! " * 7000
"""Takes 70 ms or more, seven times the budget of the server that is pressed."""
TIMES = 5
"""How often what is timed is done; the quickest counts, as other programs only add."""
IN_TIME_S = 4.0
"""Twice the budget of a server whose database hangs, and less than that would take."""


@pytest.fixture(scope="module")
def pressed(
    tmp_path_factory: pytest.TempPathFactory, coral_sqlite: Path
) -> Iterator[Server]:
    """One worker with one thread and room for two texts, of any length."""
    folder = tmp_path_factory.mktemp("pressed")
    shutil.copy(coral_sqlite, folder)
    with serving(
        folder,
        workers=1,
        WEB_CONCURRENCY="1",
        REFRAIN_THREADS="1",
        REFRAIN_MAX_TEXT="100000",
        REFRAIN_MAX_BODY="1000000",
        REFRAIN_CORAL_BUDGET_MS="10",
    ) as server:
        yield server


def unjudged(server: Server) -> dict[str, int]:
    """How many comments were held unseen, by why."""
    exposed = httpx.get(f"{server.url}/metrics").text
    found = re.findall(
        r'^refrain_coral_unjudged_total\{why="(\w+)"\} (\d+)\.0$',
        exposed,
        re.MULTILINE,
    )
    return {why: int(count) for why, count in found}


def quickest(action: Callable[[], object]) -> float:
    """How long something takes at best, in seconds."""
    took = []
    for _ in range(TIMES):
        began = perf_counter()
        action()
        took.append(perf_counter() - began)
    return min(took)


def judge_slow(server: Server) -> None:
    """Have the slow text judged for our own protocol, which waits for it."""
    answer = httpx.post(
        f"{server.url}/v1/moderate", json={"text": SLOW}, timeout=60, headers=KEYED
    )
    assert answer.status_code == 200


def judged_again(coral: Sender) -> None:
    """Wait until nothing slow is under way any more."""
    until = perf_counter() + 60
    while coral.moderate(FAIR).status != 204:
        assert perf_counter() < until
        time.sleep(0.1)


def test_a_text_that_takes_too_long_is_held_in_time(pressed: Server) -> None:
    coral = Sender(pressed.address)
    own = quickest(lambda: judge_slow(pressed))
    before = unjudged(pressed).get("late", 0)

    took = []
    for _ in range(TIMES):
        # What was held is still being judged, and would take the next one's place.
        judged_again(coral)
        began = perf_counter()
        assert coral.moderate(SLOW).json == HELD
        took.append(perf_counter() - began)

    assert min(took) < own / 2
    assert unjudged(pressed)["late"] >= before + TIMES


def test_where_too_much_is_under_way_the_rest_is_held_at_once(pressed: Server) -> None:
    coral = Sender(pressed.address)
    judged_again(coral)
    before = unjudged(pressed)

    # On a busy machine what was begun may be done before the next one comes.
    until = perf_counter() + 60
    while unjudged(pressed).get("busy", 0) == before.get("busy", 0):
        assert perf_counter() < until
        with ThreadPoolExecutor(4) as threads:
            answers = [
                answer.json for answer in threads.map(coral.moderate, [SLOW] * 8)
            ]
        assert answers == [HELD] * 8

    judged_again(coral)


KEYED = {"Authorization": "Bearer rf_" + "k" * 43}


@pytest.fixture
def on_postgresql(postgresql: str, tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server whose database is one of PostgreSQL's, and that database's URL."""
    name = f"coral_{time.monotonic_ns()}"
    url = create(postgresql, name)
    prepare(url)
    database = open_database(url)
    add_secrets(database)
    database.close()
    try:
        with serving(
            tmp_path,
            workers=1,
            WEB_CONCURRENCY="1",
            DATABASE_URL=url,
            REFRAIN_CORAL_BUDGET_MS="2000",
        ) as server:
            yield server, url
    finally:
        execute(postgresql, f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def hanging(url: str) -> Iterator[None]:
    """The secrets cannot be read, and nobody says so."""
    plain = (
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    )
    with psycopg.connect(plain) as connection:
        connection.execute("LOCK TABLE coral_secrets IN ACCESS EXCLUSIVE MODE")
        yield


def test_while_the_database_hangs_comments_are_judged_in_time(
    on_postgresql: tuple[Server, str],
) -> None:
    server, url = on_postgresql
    coral = Sender(server.address)
    body = written(moderation(FAIR))
    judged_again(coral)
    time.sleep(REMEMBER_S)

    with hanging(url):
        began = perf_counter()
        # The first one waits for the database, half its budget; the others do not.
        answers = [coral.moderate(text) for text in (FAIR, FAIR, FOUL)]
        wrong = coral.post(PHASE, body, headers_for(body, WRONG_SECRET))
        took = perf_counter() - began

    assert [answer.status for answer in answers] == [204, 204, 200]
    assert answers[2].json != HELD
    assert wrong.status == 401
    assert took < IN_TIME_S


def test_where_the_secrets_were_never_read_all_is_held(
    on_postgresql: tuple[Server, str],
) -> None:
    server, url = on_postgresql
    coral = Sender(server.address)
    body = written(moderation(FAIR))

    with hanging(url):
        began = perf_counter()
        answer = coral.moderate(FAIR)
        took = perf_counter() - began
        unsigned = coral.post(PHASE, body, headers_for(body))
        # Whether it is signed rightly, nobody can tell: nothing is judged for it.
        wrong = coral.post(PHASE, body, headers_for(body, WRONG_SECRET))
        hook = coral.send(WEBHOOKS, {"type": "STORY_CREATED"})

    assert answer.json == HELD
    assert took < IN_TIME_S
    assert unjudged(server) == {"database": 2}
    assert unsigned.status == 401
    assert wrong.json == HELD
    assert hook.status == 503
    judged_again(coral)


def test_with_a_broken_database_comments_are_judged_on(
    tmp_path: Path, coral_sqlite: Path
) -> None:
    shutil.copy(coral_sqlite, tmp_path)
    with serving(
        tmp_path, workers=1, WEB_CONCURRENCY="1", REFRAIN_CORAL_BUDGET_MS="2000"
    ) as server:
        coral = Sender(server.address)
        judged_again(coral)
        # A table that is gone fails at once, unlike one that is locked.
        database = open_database(f"sqlite:///{tmp_path / 'refrain.db'}")
        with database.writing() as connection:
            connection.exec_driver_sql("ALTER TABLE coral_secrets RENAME TO gone")
        database.close()
        time.sleep(REMEMBER_S)

        assert coral.moderate(FAIR).status == 204
        assert "store unavailable" in server.log


def test_many_at_once_are_all_answered_in_time(pressed: Server) -> None:
    """A budget that ends for one comment does not end for those that come after it."""
    coral = Sender(pressed.address)
    own = quickest(lambda: judge_slow(pressed))
    texts = [*[SLOW] * 4, *[FAIR] * 4]
    took = []
    for _ in range(TIMES):
        judged_again(coral)
        before = sum(unjudged(pressed).values())
        began = perf_counter()

        with ThreadPoolExecutor(len(texts)) as threads:
            answers = [answer.json for answer in threads.map(coral.moderate, texts)]

        took.append(perf_counter() - began)
        assert answers[:4] == [HELD] * 4
        assert sum(unjudged(pressed).values()) - before == answers.count(HELD)

    # One after the other, the slow ones alone would take four times as long.
    assert min(took) < 3 * own
    judged_again(coral)
