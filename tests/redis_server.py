"""A Redis of a test's own, or a Valkey, to be frozen, killed and started again.

Without one on the path, tests that need it are skipped; where REQUIRE_REDIS is set, as
in `.ci/run`, they fail.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

NAMES = ("redis-server", "valkey-server")
HOW_TO_GET_ONE = "Needs redis-server, or valkey-server, as of Debian's packages."
START_S = 20.0


class RedisServer:
    """A server on a socket in a folder; it keeps nothing on the disk."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program = program
        self._socket = folder / "redis.sock"
        self.url = f"unix://{self._socket}"
        self.start()

    def start(self) -> None:
        """Start it, empty, and wait until it answers."""
        options = {"--port": "0", "--unixsocket": str(self._socket), "--save": ""}
        command = [self._program, *(part for pair in options.items() for part in pair)]
        self._process = subprocess.Popen(
            command, cwd=self._socket.parent, stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + START_S
        while not self._answers():
            assert time.monotonic() < deadline, "Redis did not start"
            time.sleep(0.02)

    def kill(self) -> None:
        """Kill -9 it, with all that it has counted."""
        self._process.kill()
        self._process.wait()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """A server that takes connections and requests, and answers none."""
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def stored(self) -> bytes:
        """All that it holds, keys and values."""
        with Redis.from_url(self.url) as redis:
            return b"\n".join(
                key + b"=" + (redis.get(key) or b"") for key in redis.scan_iter()
            )

    def _answers(self) -> bool:
        try:
            with Redis.from_url(self.url) as redis:
                return bool(redis.ping())
        except RedisError:
            return False


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A server until the block ends; skips the test where there is none to start."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        if os.environ.get("CI") or os.environ.get("REQUIRE_REDIS"):
            pytest.fail(HOW_TO_GET_ONE, pytrace=False)
        pytest.skip(HOW_TO_GET_ONE)
    # Not in pytest's own: a socket's path has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="refrain-redis-") as folder:
        server = RedisServer(program, Path(folder))
        try:
            yield server
        finally:
            server.kill()
