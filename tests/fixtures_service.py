"""Fixtures: a wired app, its client, and a real gunicorn.

The app and the server live as long as the session, for loading a model takes time;
tests keep out of each other's way by ids of their own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from service.app import create_app
from service.services import NAME, Services
from service.settings import Settings, load_settings
from service.store.records import CommentRecord
from service.store.sites import Sites
from tests.fixtures_store import KEY, Install, Installation

T = TypeVar("T")
OnKind = Callable[[str], T]
"""What there is one of on each kind of database: `sqlite`, `postgresql`."""

ROOT = Path(__file__).parent.parent
WORKERS = 2
NO_SAMPLES = {"REFRAIN_SAMPLE_SHARE": "0"}
"""Ids are new at every run: none is to be drawn by chance."""
START_S = 90.0
"""How long a server may take to start; a loaded machine is slow."""


@dataclass(frozen=True)
class Server:
    """A running gunicorn: where it listens, its master, and its log so far."""

    url: str
    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, for sockets."""
        url = httpx.URL(self.url)
        assert url.port
        return url.host, url.port

    @property
    def log(self) -> str:
        """What master and workers have written."""
        return self.log_file.read_text()


@contextmanager
def serving(
    folder: Path, workers: int = WORKERS, within: Sequence[str] = (), **env: str
) -> Iterator[Server]:
    """Run gunicorn on the database in a folder until the block ends."""
    log_file = folder / f"server-{uuid4().hex}.log"
    with (
        log_file.open("wb") as log,
        start(folder, log.fileno(), within, **env) as process,
    ):
        try:
            url = wait_for_url(process, log_file, workers)
            yield Server(url, process, log_file)
        finally:
            process.terminate()
            process.wait(timeout=START_S)


def serving_on(
    installation: Installation, **env: str
) -> AbstractContextManager[Server]:
    """Run gunicorn on an installation until the block ends."""
    workers = int(env.get("WEB_CONCURRENCY", WORKERS))
    return serving(installation.folder, workers, (), **(installation.env | env))


def start(
    folder: Path, stderr: int, within: Sequence[str] = (), **env: str
) -> subprocess.Popen[bytes]:
    """Start gunicorn as `make run` does, with two workers, on a free port.

    In a session of its own, so that all can be signalled together as Ctrl-C does.
    `within` is a command that turns into the one that follows it.
    """
    gunicorn = [sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py"]
    return subprocess.Popen(
        [*within, *gunicorn],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "REFRAIN_DATA_DIR": str(folder),
            "PORT": "0",
            "WEB_CONCURRENCY": str(WORKERS),
            **NO_SAMPLES,
            **env,
        },
        stderr=stderr,
        start_new_session=True,
    )


def wait_for_url(process: subprocess.Popen[bytes], log_file: Path, workers: int) -> str:
    """Wait until all workers serve; fail with its log if it ends or hangs."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        log = log_file.read_text()
        found = re.search(r"Listening at: (http://\S+)", log)
        if found and log.count("Worker ready") == workers:
            return found[1]
        time.sleep(0.02)
    raise RuntimeError(f"gunicorn did not start:\n{log_file.read_text()}")


@pytest.fixture
def settings(dialect: str, install: Install) -> Settings:
    """Settings for a database of the test's own, as the first start leaves it."""
    return load_settings(install(dialect).env | NO_SAMPLES)


def with_more(settings: Settings, **env: str) -> Settings:
    """The same installation, told more."""
    installation = Installation(settings.data_dir, settings.database_url)
    return load_settings(installation.env | NO_SAMPLES | env)


@contextmanager
def built(installation: Installation, **env: str) -> Iterator[Flask]:
    """The app on an installation, until the block ends."""
    app = create_app(load_settings(installation.env | NO_SAMPLES | env))
    yield app
    app.extensions[NAME].store.database.close()


@contextmanager
def one_of_each(
    make: Callable[[str], AbstractContextManager[T]],
) -> Iterator[OnKind[T]]:
    """Make one thing on each kind of database when it is first asked for.

    Both are kept: tests of one file take turns with the kinds, and a start takes long.
    """
    with ExitStack() as stack:
        yield cache(lambda kind: stack.enter_context(make(kind)))


@pytest.fixture(scope="session")
def apps(install: Install) -> Iterator[OnKind[Flask]]:
    """An app on each kind of database."""
    with one_of_each(lambda kind: built(install(kind))) as apps:
        yield apps


@pytest.fixture(scope="session")
def app(dialect: str, apps: OnKind[Flask]) -> Flask:
    """The app; KEY opens its site `default`."""
    return apps(dialect)


@pytest.fixture
def parts(app: Flask) -> Services:
    """What the app works with."""
    parts: Services = app.extensions[NAME]
    return parts


def stored(parts: Services, comment_id: str) -> CommentRecord:
    """A comment of site `default` as it is stored."""
    site = Sites(parts.store.database).find("default")
    return parts.moderation.find(site, comment_id)


@pytest.fixture
def anyone(app: Flask) -> FlaskClient:
    """A client that sends no header with a key."""
    return app.test_client()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A client that sends KEY."""
    return with_key(app)


def with_key(app: Flask) -> FlaskClient:
    """A client that sends KEY."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {KEY}"
    return client


@pytest.fixture
def fresh_id() -> str:
    """An id that no comment has."""
    return uuid4().hex


@pytest.fixture
def prepared_folder(tmp_path: Path, prepared_sqlite: Path) -> Path:
    """A data folder after the first start, with an SQLite file of the test's own."""
    shutil.copy(prepared_sqlite, tmp_path / "refrain.db")
    return tmp_path


@pytest.fixture(scope="session")
def servers(install: Install) -> Iterator[OnKind[Server]]:
    """gunicorn with two workers on each kind of database."""
    with one_of_each(lambda kind: serving_on(install(kind))) as servers:
        yield servers


@pytest.fixture(scope="session")
def server(dialect: str, servers: OnKind[Server]) -> Server:
    """gunicorn with two workers; KEY opens its site `default`."""
    return servers(dialect)


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    """A client of that server that sends KEY."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=server.url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture(scope="module")
def little_room() -> dict[str, str]:
    """What else `hasty` is told; a file of tests may want one that is soon full."""
    return {}


@pytest.fixture(scope="module")
def hasty(
    tmp_path_factory: pytest.TempPathFactory,
    prepared_sqlite: Path,
    little_room: dict[str, str],
) -> Iterator[Server]:
    """A server whose deadlines come after some three seconds."""
    folder = tmp_path_factory.mktemp("hasty")
    shutil.copy(prepared_sqlite, folder / "refrain.db")
    more = little_room.get("GUNICORN_CMD_ARGS", "")
    arguments = f"--worker-class tests.hasty.Worker {more}"
    workers = int(little_room.get("WEB_CONCURRENCY", WORKERS))
    env = little_room | {"GUNICORN_CMD_ARGS": arguments}
    with serving(folder, workers, **env) as server:
        yield server
