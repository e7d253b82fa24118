"""Serving over HTTP: throughput against a no-op Flask service, memory, start.

All servers run under the same gunicorn settings on this machine; the load comes from
processes of its own, which take their share of the same cores on either side.
"""

from __future__ import annotations

import os
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
from statistics import median
from tempfile import TemporaryDirectory

import psutil

from benchmarks.figures import Figure
from benchmarks.load import BATCH, MANY, NO_ID, PERSPECTIVE
from benchmarks.postgresql import empty_database

ROUNDS = 15
SECONDS = 1.0
GENERATORS = 2
PATIENCE_S = 30.0

STORED_SHARE = 0.60
POSTGRESQL_SHARE = 0.50
NOT_STORED_SHARE = 0.80
BATCH_PER_S = 8_000.0
ANALYZE_RATIO = 1.3
WORKER_MB = 150.0
READY_S = 2.0

FIXED = (NO_ID, PERSPECTIVE, MANY)
"""What a load generator is told that makes no ids."""

SERVICE: tuple[str, ...] = ()
"""gunicorn's settings name the service themselves."""
NOOP = ("--worker-class", "gthread", "benchmarks.noop_app:create_app()")
"""The service's worker, a gthread too, looks for its database at the start.  All else,
such as that each worker keeps to a processor, is the same."""


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


Pair = tuple[Rate, Rate]
"""No-op, and stored on PostgreSQL."""
Round = tuple[Rate, Rate, Rate, Rate, Rate]
"""No-op, stored, not stored, `comments:analyze` and batches, one after the other."""


def measure() -> Iterator[Figure]:
    """Measure everything here, one figure after the other."""
    with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
        env = os.environ | {"REFRAIN_DATA_DIR": folder}
        env.pop("DATABASE_URL", None)
        key = first_key(env)
        starts = [start_once(env, folder) for _ in range(3)]
        with serving(SERVICE, env, folder) as ours, serving(NOOP, env, folder) as noop:
            rounds = [one_round(ours, noop, key, number) for number in range(ROUNDS)]
            memory = ours.worker_mb()
        for name, place, share in (
            ("stored", 1, STORED_SHARE),
            ("not stored", 2, NOT_STORED_SHARE),
        ):
            yield _throughput(name, place, rounds, share)
            yield _processor_time(name, place, rounds)
        yield from on_postgresql()
        yield _analyze(rounds)
        yield _batch(rounds)
        yield Figure(
            "memory of the largest worker, after the load",
            f"{memory:.0f} MB",
            "",
            "",
            f"<= {WORKER_MB:.0f} MB",
            memory <= WORKER_MB,
        )
        ready = median(starts)
        yield Figure(
            "gunicorn's start until /readyz answers 200",
            f"{ready:.2f} s",
            "",
            "",
            f"<= {READY_S:g} s",
            ready <= READY_S,
        )


def on_postgresql() -> Iterator[Figure]:
    """Stored on PostgreSQL, whose own processes take their time on the same cores."""
    with (
        TemporaryDirectory(prefix="refrain-benchmark-") as folder,
        empty_database() as url,
    ):
        env = os.environ | {"REFRAIN_DATA_DIR": folder, "DATABASE_URL": url}
        key = first_key(env)
        with serving(SERVICE, env, folder) as ours, serving(NOOP, env, folder) as noop:
            pairs = [
                (loaded(noop, key, f"r{number}-"), loaded(ours, key, f"r{number}-"))
                for number in range(ROUNDS)
            ]
    yield _throughput("stored, PostgreSQL", 1, pairs, POSTGRESQL_SHARE)
    yield _processor_time("stored, PostgreSQL", 1, pairs)


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


def one_round(ours: Server, noop: Server, key: str, number: int) -> Round:
    """Load in turns, so under the same neighbours."""
    return (
        loaded(noop, key, f"r{number}-"),
        loaded(ours, key, f"r{number}-"),
        loaded(ours, key, NO_ID),
        loaded(ours, key, PERSPECTIVE),
        loaded(ours, key, MANY),
    )


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


def _throughput(
    name: str, place: int, rounds: Sequence[Round | Pair], share: float
) -> Figure:
    ratio = median(rates[place].per_s / rates[0].per_s for rates in rounds)
    return Figure(
        f"POST /v1/moderate, {name}, against a no-op Flask endpoint",
        f"{median(rates[place].per_s for rates in rounds):.0f}/s",
        f"{median(rates[0].per_s for rates in rounds):.0f}/s",
        f"{ratio:.0%}",
        f">= {share:.0%}",
        ratio >= share,
    )


def _processor_time(name: str, place: int, rounds: Sequence[Round | Pair]) -> Figure:
    """The same by what it costs, whatever else the processors were busy with."""
    ratio = median(rates[0].cpu_us / rates[place].cpu_us for rates in rounds)
    return Figure(
        f"the same, {name}: the workers' time for a request",
        f"{median(rates[place].cpu_us for rates in rounds):.0f} µs",
        f"{median(rates[0].cpu_us for rates in rounds):.0f} µs",
        f"{ratio:.0%}",
        "",
        True,
    )


def _analyze(rounds: list[Round]) -> Figure:
    """What Perspective's way of asking costs more, by the workers' time."""
    _, _, own, analyze, _ = zip(*rounds, strict=True)
    ratio = median(a.cpu_us / b.cpu_us for a, b in zip(analyze, own, strict=True))
    return Figure(
        "comments:analyze, six attributes, against POST /v1/moderate, not stored",
        f"{median(rate.cpu_us for rate in analyze):.0f} µs",
        f"{median(rate.cpu_us for rate in own):.0f} µs",
        f"{ratio:.2f} x",
        f"<= {ANALYZE_RATIO:g} x",
        ratio <= ANALYZE_RATIO,
    )


def _batch(rounds: list[Round]) -> Figure:
    """How many comments in batches one core judges, all of HTTP and JSON included."""
    per_s = BATCH / (median(rates[-1].cpu_us for rates in rounds) / 1e6)
    return Figure(
        f"comments in batches of {BATCH}, not stored, by the time of one core",
        f"{per_s:.0f}/s",
        "",
        "",
        f">= {BATCH_PER_S:.0f}/s",
        per_s >= BATCH_PER_S,
    )
