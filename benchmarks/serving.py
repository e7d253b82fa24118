"""Running gunicorn, the service's or another app's, and loading it over HTTP.

All servers run under the same gunicorn settings on this machine; the load comes from
processes of its own, which take their share of the same cores on either side.
"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.load import MANY, NO_ID, PERSPECTIVE

SECONDS = 1.0
GENERATORS = 2
PATIENCE_S = 30.0

FIXED = (NO_ID, PERSPECTIVE, MANY)
"""What a load generator is told that makes no ids."""

SERVICE: tuple[str, ...] = ()
"""gunicorn's settings name the service themselves."""
NOOP = ("--worker-class", "gthread", "benchmarks.noop_app:create_app()")
"""The service's worker, a gthread too, looks for its database at the start.  All else,
such as that each worker keeps to a processor, is the same."""
KEEPING = (*NOOP[:2], "benchmarks.noop_app:create_keeping_app()")
"""The same, and a row is committed."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running gunicorn: where it listens, its first process, seconds until ready."""

    port: int
    process: subprocess.Popen[bytes]
    ready_s: float

    def cpu_s(self) -> float:
        """Processor time that its workers have taken, in seconds."""
        workers = psutil.Process(self.process.pid).children(recursive=True)
        times = [worker.cpu_times() for worker in workers]
        return sum(time.user + time.system for time in times)

    def worker_mb(self) -> float:
        """Resident memory of its largest worker, in units of 10^6 bytes."""
        workers = psutil.Process(self.process.pid).children(recursive=True)
        return max(worker.memory_info().rss for worker in workers) / 1e6


@dataclass(frozen=True, slots=True)
class Rate:
    """What a load came to: requests per second, and the workers' time for one."""

    per_s: float
    cpu_us: float


def first_key(env: dict[str, str]) -> str:
    """Prepare an empty database; the API key that is printed then."""
    command = [sys.executable, "-m", "flask", "--app", "service.cli", "init"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    found = re.search(r"\brf_[0-9A-Za-z]+", done.stdout)
    if found is None:
        raise RuntimeError("`flask init` printed no API key")
    return found[0]


def start_once(env: dict[str, str], folder: str) -> float:
    """Start the service and stop it; seconds until it was ready."""
    with serving(SERVICE, env, folder) as server:
        return server.ready_s


def loaded(server: Server, key: str, prefix: str) -> Rate:
    """Load a server from several processes for SECONDS."""
    before = server.cpu_s()
    per_s = requests_per_second(server, key, prefix)
    return Rate(per_s, (server.cpu_s() - before) / (per_s * SECONDS) * 1e6)


def requests_per_second(server: Server, key: str, prefix: str) -> float:
    """What all generators together were answered."""
    command = [sys.executable, "-m", "benchmarks.load", str(server.port), str(SECONDS)]
    generators = [
        subprocess.Popen(
            [*command, key, f"{prefix}{number}-" if prefix not in FIXED else prefix],
            stdout=subprocess.PIPE,
        )
        for number in range(GENERATORS)
    ]
    rates = [float(generator.communicate()[0]) for generator in generators]
    return sum(rates)


@contextmanager
def serving(app: Sequence[str], env: dict[str, str], folder: str) -> Iterator[Server]:
    """Run the service, or another app under its gunicorn settings, for a block."""
    port = free_port()
    log = Path(folder, f"{port}.log")
    command = [sys.executable, "-m", "gunicorn", "-c", "service/gunicorn_conf.py", *app]
    start = time.perf_counter()
    with log.open("wb") as stream:
        process = subprocess.Popen(
            command, env=env | {"PORT": str(port)}, stdout=stream, stderr=stream
        )
    try:
        wait_until_ready(port, process, log)
        yield Server(port, process, time.perf_counter() - start)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


def wait_until_ready(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Ask until the server says that it is ready.

    Raises:
        RuntimeError: it ended, or took longer than PATIENCE_S; shows its log.
    """
    deadline = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.02)
    raise RuntimeError(f"the server did not start:\n{log.read_text()}")


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
