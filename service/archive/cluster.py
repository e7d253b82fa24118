"""Judging partitions on Dask: processes of this machine, or a cluster that is there.

Dask's messages are pickled code, so whoever reaches a scheduler or worker can run what
they like as its user.  The cluster that is begun here listens on the loopback interface
only and talks TLS with keys of its own, which are gone with it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from itertools import islice
from queue import Empty, Queue
from threading import Thread
from typing import Any

import dask
from distributed import Client, KilledWorker, LocalCluster, Security, as_completed
from distributed.comm.core import CommClosedError

from service.archive.manifest import Record
from service.archive.running import Judges, Outcomes
from service.archive.work import Task, Unreadable, fitness, judge_partition
from service.errors import ConfigurationError

LOCAL = "local"
PATIENCE_S = 5.0
"""How long a scheduler has to answer, and its workers to be there."""

AHEAD = 3
"""Tasks that are handed over for each thread, so that none has to wait for work."""


@contextmanager
def judges_of(scheduler: str, workers: int | None) -> Iterator[Judges]:
    """Have partitions judged by the workers of a scheduler.

    Args:
        scheduler: its address, `tcp://HOST:PORT` or `tls://…`, or `local`.
        workers: of `local`, how many processes, by default one a core; else how many
            have to be there before it begins, by default one.

    Raises:
        ConfigurationError: no scheduler answers there, or it has no workers.
    """
    # What goes wrong is said in a sentence by whoever catches it.
    for name in ("distributed", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    is_local = scheduler == LOCAL
    cluster = _local(workers) if is_local else _remote(scheduler, workers)
    with cluster as client:
        yield lambda tasks: _heard(_outcomes(client, tasks), scheduler)


@contextmanager
def _local(workers: int | None) -> Iterator[Client]:
    security = Security.temporary()
    quiet: dict[str, list[str]] = {
        # The HTTP servers cannot be switched off; they have nothing to tell.
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    with (
        dask.config.set(quiet),
        LocalCluster(
            n_workers=workers or dask.system.CPU_COUNT,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            security=security,
            silence_logs=logging.ERROR,
        ) as cluster,
        Client(cluster, security=security) as client,
    ):
        yield client


@contextmanager
def _remote(address: str, workers: int | None) -> Iterator[Client]:
    with _connected(address) as client:
        try:
            client.wait_for_workers(workers or 1, timeout=PATIENCE_S)
        except TimeoutError as error:
            found = len(client.nthreads())
            raise ConfigurationError(
                f"The scheduler at {address} has {found} workers, "
                f"and {workers or 1} should be there."
            ) from error
        yield client


def _connected(address: str) -> Client:
    """Connect, in a thread of its own.

    Dask bounds the time to connect, but not that until something else than a scheduler
    says something that makes sense.
    """
    answers: Queue[Client | Exception] = Queue()

    def connect() -> None:
        try:
            answers.put(Client(address, timeout=PATIENCE_S))
        except Exception as error:  # whatever it is, it is said below
            answers.put(error)

    Thread(target=connect, daemon=True).start()
    try:
        answer = answers.get(timeout=2 * PATIENCE_S)
    except Empty:
        answer = TimeoutError("what listens there does not speak Dask's protocol")
    if isinstance(answer, Exception):
        said = str(answer).rstrip(".")
        raise ConfigurationError(f"No scheduler at {address}: {said}.") from answer
    return answer


def _outcomes(client: Client, tasks: Iterator[Task]) -> Outcomes:
    first = next(tasks, None)
    if first is None:
        return
    _check_workers(client, first)
    under_way = as_completed([_submit(client, first)])
    for task in islice(tasks, _wanted(client) - 1):
        under_way.add(_submit(client, task))
    for future in under_way:
        yield _outcome(future)
        for task in islice(tasks, max(_wanted(client) - under_way.count(), 0)):
            under_way.add(_submit(client, task))


def _outcome(future: Any) -> Record | Unreadable:  # noqa: ANN401 - it has no type
    try:
        outcome: Record | Unreadable = future.result()
    except KilledWorker as error:
        raise ConfigurationError(
            f"Workers keep dying on {future.key}: have they enough memory?"
        ) from error
    return outcome


def _heard(outcomes: Outcomes, scheduler: str) -> Outcomes:
    """Outcomes as they come, as long as there is a scheduler."""
    try:
        yield from outcomes
    except (CommClosedError, CancelledError) as error:
        raise ConfigurationError(
            f"The scheduler at {scheduler} is gone. "
            "Run the same command again to go on."
        ) from error


def _submit(client: Client, task: Task) -> Any:  # noqa: ANN401 - Dask's futures have no type
    partition = task.partition
    key = f"judge {task.archive.target_of(partition.name)} {partition.number}"
    return client.submit(judge_partition, task, key=key, pure=False)


def _wanted(client: Client) -> int:
    """Tasks to be under way: workers may come and go."""
    threads: int = sum(client.nthreads().values())
    return AHEAD * max(threads, 1)


def _check_workers(client: Client, task: Task) -> None:
    """Ask every worker now, rather than hear of it partition by partition.

    Raises:
        ConfigurationError: one cannot judge as this machine would.
    """
    for address, problem in client.run(fitness, task, on_error="return").items():
        if isinstance(problem, ImportError):
            problem = f"Refrain, or what it needs, is not installed there: {problem}."
        if problem is not None:
            raise ConfigurationError(f"The worker {address} cannot judge: {problem}")
