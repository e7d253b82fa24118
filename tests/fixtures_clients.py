"""Fixtures: published clients of the services that Refrain stands in for, unpatched.

Those from npm are installed once a session, into a temporary folder, by the lock file
in tests/clients.  On a developer's machine without Node.js their tests are skipped;
where CI or REQUIRE_NODE is set, that is a failure.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask

from service.services import NAME
from tests.fixtures_service import Server, serving

CLIENTS = Path(__file__).parent / "clients"
HOW_TO_GET_NODE = (
    "Needs Node.js from 20 on with npm, for clients that newsrooms use; "
    "see https://nodejs.org/en/download."
)
INSTALL_S = 300.0
RUN_S = 60.0
DISCARD = 0.9


@dataclass(frozen=True)
class Scripts:
    """Scripts of tests/clients, beside what they import."""

    folder: Path
    ran: list[str] = field(default_factory=list)
    """The names of those that were run, in order."""

    def run(self, name: str, **job: object) -> dict[str, Any]:
        """Run a script: a job as JSON in, what came of it as JSON out."""
        return self.run_with({}, name, **job)

    def run_with(self, env: dict[str, str], name: str, **job: object) -> dict[str, Any]:
        """The same with variables besides those that there are."""
        self.ran.append(name)
        done = subprocess.run(
            ["node", name],
            cwd=self.folder,
            env=os.environ | env,
            input=json.dumps(job),
            capture_output=True,
            text=True,
            timeout=RUN_S,
        )
        assert done.returncode == 0, done.stderr
        outcome: dict[str, Any] = json.loads(done.stdout)
        return outcome


@pytest.fixture(scope="session")
def node() -> str:
    """The path of Node.js, beside which there is npm."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        return found
    if os.environ.get("CI") or os.environ.get("REQUIRE_NODE"):
        pytest.fail(HOW_TO_GET_NODE, pytrace=False)
    pytest.skip(HOW_TO_GET_NODE)


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory, node: str) -> Scripts:
    """Clients from npm, installed as the lock file says."""
    folder = tmp_path_factory.mktemp("clients")
    leave_out = shutil.ignore_patterns("node_modules")
    shutil.copytree(CLIENTS, folder, ignore=leave_out, dirs_exist_ok=True)
    done = subprocess.run(
        ["npm", "ci"], cwd=folder, capture_output=True, text=True, timeout=INSTALL_S
    )
    assert done.returncode == 0, done.stderr
    return Scripts(folder)


@pytest.fixture(scope="session")
def open_server(
    tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path
) -> Iterator[Server]:
    """gunicorn that takes Akismet clients without a key, and has them discard."""
    folder = tmp_path_factory.mktemp("open")
    shutil.copy(prepared_sqlite, folder / "refrain.db")
    with serving(
        folder, REFRAIN_AKISMET_SITE="default", REFRAIN_AKISMET_DISCARD=str(DISCARD)
    ) as server:
        yield server


OTHER_METHODS = ("get", "put", "patch", "delete", "options", "trace", "propfind")
"""What a path that takes POST only refuses."""


@pytest.fixture(scope="session")
def public_server(
    tmp_path_factory: pytest.TempPathFactory, prepared_sqlite: Path
) -> Iterator[Server]:
    """gunicorn that knows its own address, by which it can be discovered."""
    folder = tmp_path_factory.mktemp("public")
    shutil.copy(prepared_sqlite, folder / "refrain.db")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with serving(folder, PORT=str(port), REFRAIN_LOG_LEVEL="DEBUG") as server:
        yield server


def verdicts(app: Flask) -> Counter[str]:
    """How many verdicts of each outcome an app has counted."""
    counts: Counter[str] = Counter()
    exposed = app.extensions[NAME].metrics.exposition().decode()
    line = r'^refrain_verdicts_total\{.*outcome="(\w+)".*\} (\d+)\.0$'
    for outcome, count in re.findall(line, exposed, re.MULTILINE):
        counts[outcome] += int(count)
    return counts


class Redirected(httpx.HTTPTransport):
    """Sends to a server of ours what a client means for an address built into it.

    Its `http_client` argument is made for such things; the package stays as it is.
    """

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._host, self._port = server.address

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request there."""
        request.url = request.url.copy_with(
            scheme="http", host=self._host, port=self._port
        )
        return super().handle_request(request)
