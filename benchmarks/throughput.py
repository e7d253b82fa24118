"""Throughput over HTTP against Flask apps that do next to nothing; memory, and start.

Everybody is loaded in turns, so under the same neighbours.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.load import BATCH, MANY, NO_ID, PERSPECTIVE
from benchmarks.postgresql import empty_database
from benchmarks.serving import (
    KEEPING,
    NOOP,
    SERVICE,
    Rate,
    Server,
    first_key,
    loaded,
    serving,
    start_once,
)

ROUNDS = 15

STORED_SHARE = 0.60
POSTGRESQL_SHARE = 0.50
NOT_STORED_SHARE = 0.80
BATCH_PER_S = 8_000.0
ANALYZE_RATIO = 1.3
WORKER_MB = 150.0
READY_S = 2.0

Rates = Mapping[str, Sequence[Rate]]
"""Of each who was loaded, one rate for each round."""


def measure() -> Iterator[Figure]:
    """Measure everything here, one figure after the other."""
    with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
        env = os.environ | {"REFRAIN_DATA_DIR": folder}
        env.pop("DATABASE_URL", None)
        yield from on_sqlite(env, folder)
    yield from on_postgresql()


def on_sqlite(env: dict[str, str], folder: str) -> Iterator[Figure]:
    """All that is asked of the service as it comes."""
    key = first_key(env)
    starts = [start_once(env, folder) for _ in range(3)]
    with beside_floors(env, folder) as (ours, noop, keeping):
        rates = in_turns(
            {
                "no-op": partial(stored, noop, key),
                "keeping": partial(stored, keeping, key),
                "stored": partial(stored, ours, key),
                "not stored": lambda number: loaded(ours, key, NO_ID),
                "analyze": lambda number: loaded(ours, key, PERSPECTIVE),
                "batch": lambda number: loaded(ours, key, MANY),
            }
        )
        memory = ours.worker_mb()
    yield from _shares("stored", rates, STORED_SHARE)
    yield from _shares("not stored", rates, NOT_STORED_SHARE)
    yield _batch(rates["batch"])
    yield _analyze(rates)
    yield _limited(
        "memory of the largest worker, after the load", memory, "MB", WORKER_MB, 0
    )
    ready = median(starts)
    yield _limited("gunicorn's start until /readyz answers 200", ready, "s", READY_S, 2)


def on_postgresql() -> Iterator[Figure]:
    """Stored on PostgreSQL, whose own processes take their time on the same cores."""
    with (
        TemporaryDirectory(prefix="refrain-benchmark-") as folder,
        empty_database() as url,
    ):
        env = os.environ | {"REFRAIN_DATA_DIR": folder, "DATABASE_URL": url}
        key = first_key(env)
        with beside_floors(env, folder) as (ours, noop, keeping):
            rates = in_turns(
                {
                    "no-op": partial(stored, noop, key),
                    "keeping": partial(stored, keeping, key),
                    "stored, PostgreSQL": partial(stored, ours, key),
                }
            )
    yield from _shares("stored, PostgreSQL", rates, POSTGRESQL_SHARE)


@contextmanager
def beside_floors(
    env: dict[str, str], folder: str
) -> Iterator[tuple[Server, Server, Server]]:
    """The service, an app that does nothing, and one that commits a row."""
    with (
        serving(SERVICE, env, folder) as ours,
        serving(NOOP, env, folder) as noop,
        serving(KEEPING, env, folder) as keeping,
    ):
        yield ours, noop, keeping


def stored(server: Server, key: str, number: int) -> Rate:
    """Load a server with comments that have ids, in some round."""
    return loaded(server, key, f"r{number}-")


def in_turns(loads: Mapping[str, Callable[[int], Rate]]) -> Rates:
    """Give each load its turn, round after round."""
    rates: dict[str, list[Rate]] = {name: [] for name in loads}
    for number in range(ROUNDS):
        for name, load in loads.items():
            rates[name].append(load(number))
    return rates


def _shares(name: str, rates: Rates, share: float) -> Iterator[Figure]:
    """The rate against the floor's, by the clock and by the workers' time.

    And, of what is stored, against the floor's that commits a row, too.
    """
    ours, noop, keeping = rates[name], rates["no-op"], rates["keeping"]
    request = f"POST /v1/moderate, {name}"
    yield _against(f"{request}, against a no-op Flask endpoint", ours, noop, share)
    if name.startswith("stored"):
        yield _against(f"{request}, against one that commits a row", ours, keeping)
    ratio = median(b.cpu_us / a.cpu_us for a, b in zip(ours, noop, strict=True))
    yield Figure(
        f"the same, {name}: the workers' time for a request",
        f"{median(rate.cpu_us for rate in ours):.0f} µs",
        f"{median(rate.cpu_us for rate in noop):.0f} µs",
        f"{ratio:.0%}",
        "",
        True,
    )


def _against(
    name: str, ours: Sequence[Rate], peer: Sequence[Rate], share: float | None = None
) -> Figure:
    ratio = median(a.per_s / b.per_s for a, b in zip(ours, peer, strict=True))
    return Figure(
        name,
        f"{median(rate.per_s for rate in ours):.0f}/s",
        f"{median(rate.per_s for rate in peer):.0f}/s",
        f"{ratio:.0%}",
        "" if share is None else f">= {share:.0%}",
        share is None or ratio >= share,
    )


def _analyze(rates: Rates) -> Figure:
    """What Perspective's way of asking costs more, by the workers' time."""
    own, analyze = rates["not stored"], rates["analyze"]
    ratio = median(a.cpu_us / b.cpu_us for a, b in zip(analyze, own, strict=True))
    return Figure(
        "comments:analyze, six attributes, against POST /v1/moderate, not stored",
        f"{median(rate.cpu_us for rate in analyze):.0f} µs",
        f"{median(rate.cpu_us for rate in own):.0f} µs",
        f"{ratio:.2f} x",
        f"<= {ANALYZE_RATIO:g} x",
        ratio <= ANALYZE_RATIO,
    )


def _batch(rates: Sequence[Rate]) -> Figure:
    """How many comments in batches one core judges, all of HTTP and JSON included."""
    per_s = BATCH / (median(rate.cpu_us for rate in rates) / 1e6)
    return Figure(
        f"comments in batches of {BATCH}, not stored, by the time of one core",
        f"{per_s:.0f}/s",
        "",
        "",
        f">= {BATCH_PER_S:.0f}/s",
        per_s >= BATCH_PER_S,
    )


def _limited(name: str, value: float, unit: str, limit: float, digits: int) -> Figure:
    said = f"{value:.{digits}f} {unit}"
    return Figure(name, said, "", "", f"<= {limit:g} {unit}", value <= limit)
