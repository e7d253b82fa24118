"""An archive is judged by real workers of a real scheduler, and outlives their end."""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from distributed import Client

from service.archive import cluster as judges
from service.archive.__main__ import main
from tests.counted import Counting, times_judged

ROOT = Path(__file__).parent.parent
TEXTS = [
    json.loads(line)["text"]
    for line in (ROOT / "model/corpus/forum.jsonl").read_text().splitlines()
]
ODD = ['say "yes"\nor no', "", "caf\u0435 f\u00fccking", "x" * 10_001, "idiot,\r\nyou"]
PATIENCE_S = 120.0
LEAVE_S = 10.0
PIECES = ["--partition", "0.02"]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A scheduler and two workers, each a process, and where they note what they judge.

    A nanny starts a worker again that has died.
    """

    address: str
    notes: Path

    def judged(self) -> dict[int, int]:
        return dict(times_judged(self.notes))


@contextmanager
def scheduling(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run a scheduler: its address and its process."""
    file = folder / "scheduler.json"
    quiet = {"DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "error"}
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    command += ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)]
    command += ["--dashboard-address", "127.0.0.1:0", "--no-dashboard"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | quiet, stdout=log, stderr=log
        )
    wait_for(lambda: file.exists() and file.read_text().endswith("}"))
    yield json.loads(file.read_text())["address"], process
    process.terminate()
    process.wait(PATIENCE_S)


@contextmanager
def working(scheduler: str, folder: Path) -> Iterator[Cluster]:
    """Run two workers of a scheduler."""
    notes = folder / "notes"
    notes.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler]
    command += ["--nworkers", "2", "--nthreads", "1", "--host", "127.0.0.1"]
    command += ["--no-dashboard", "--local-directory", str(folder)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    try:
        with Client(scheduler) as client:
            client.wait_for_workers(2, timeout=PATIENCE_S)
            client.register_plugin(Counting(notes))
        yield Cluster(scheduler, notes)
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End workers; without a scheduler they may wait for ever to take leave of it."""
    children = psutil.Process(process.pid).children(recursive=True)
    process.terminate()
    try:
        process.wait(LEAVE_S)
    except subprocess.TimeoutExpired:
        for child in children:
            with suppress(psutil.NoSuchProcess):
                child.kill()
        process.kill()
        process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("dask")
    with scheduling(folder) as (address, _), working(address, folder) as cluster:
        yield cluster


@pytest.fixture
def cluster(workers: Cluster) -> Cluster:
    """The cluster with both workers, and nothing noted yet."""
    with Client(workers.address) as client:
        client.wait_for_workers(2, timeout=PATIENCE_S)
    for path in workers.notes.iterdir():
        os.truncate(path, 0)
    return workers


def wait_for(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def rows(count: int) -> list[dict[str, Any]]:
    """The same rows each time: comments as people write them, and odd ones."""
    choose = random.Random(count)  # noqa: S311 - nothing depends on its being secret
    texts = [*TEXTS, *ODD]
    return [{"n": n, "text": choose.choice(texts), "by": None} for n in range(count)]


def written(path: Path, count: int) -> Path:
    """Write so many rows in the format that the name tells."""
    found = rows(count)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        import pyarrow as pa

        pq.write_table(pa.Table.from_pylist(found), path, row_group_size=300)
    elif path.suffix == ".csv":
        with path.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, ["n", "text", "by"])
            writer.writeheader()
            writer.writerows(found)
    else:
        data = "".join(json.dumps(row) + "\n" for row in found).encode()
        path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def start(source: Path, target: Path, *options: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "service.archive", str(source), str(target)]
    return subprocess.Popen([*command, *PIECES, *options], cwd=ROOT)


def records(work: Path) -> dict[Path, bytes]:
    """What the manifest says is judged of the file that is not whole yet."""
    return {path: path.read_bytes() for path in work.glob("parts/*/[0-9]*.json")}


def done_records(work: Path) -> list[dict[str, Any]]:
    return [
        record
        for path in work.glob("done/*.json")
        for record in json.loads(path.read_bytes())["records"]
    ]


def counted(work: Path) -> int:
    """Rows that the manifest says were judged."""
    return sum(
        number
        for record in done_records(work)
        for name, number in record["counts"].items()
        if name != "flagged"
    )


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """Many rows, and what one process makes of them."""
    source = written(tmp_path_factory.mktemp("expected") / "in.jsonl", 3000)
    main([str(source), str(source.with_name("out.jsonl"))])
    return source, source.with_name("out.jsonl").read_bytes()


# Results


@pytest.mark.parametrize("name", ["in.jsonl", "in.csv", "in.jsonl.gz", "in.parquet"])
def test_rows_are_the_same_as_from_one_process(
    tmp_path: Path, cluster: Cluster, name: str
) -> None:
    source = written(tmp_path / name, 1000)
    one, many = tmp_path / f"one.{name}", tmp_path / f"many.{name}"

    alone = main([str(source), str(one)])
    status = main([str(source), str(many), "--scheduler", cluster.address, *PIECES])

    assert (alone, status) == (1, 1)
    if name.endswith(".parquet"):
        assert pq.read_table(one).equals(pq.read_table(many))
        assert pq.read_metadata(many).num_row_groups == 4  # as in the source
    else:
        opener = gzip.open if name.endswith(".gz") else open
        with opener(one) as first, opener(many) as second:
            assert first.read() == second.read()
    assert sum(cluster.judged().values()) == 1000
    assert counted(tmp_path / f"many.{name}.refrain") == 1000


def test_both_workers_judge(tmp_path: Path, cluster: Cluster) -> None:
    source = written(tmp_path / "in.jsonl", 1000)

    main(
        [
            str(source),
            str(tmp_path / "out.jsonl"),
            "--scheduler",
            cluster.address,
            *PIECES,
        ]
    )

    by = {record["by"] for record in done_records(tmp_path / "out.jsonl.refrain")}
    assert len(by) == 2


def test_partitioned_parquet_gives_the_same_partitions(
    tmp_path: Path, cluster: Cluster
) -> None:
    names = [f"year=2024/month={n}/part-{n}.parquet" for n in range(4)]
    for number, name in enumerate(names):
        written(tmp_path / "in" / name, 200 + number)

    main([str(tmp_path / "in"), str(tmp_path / "out"), "--scheduler", cluster.address])

    found = sorted((tmp_path / "out").glob("year=*/**/*.parquet"))
    assert [path.relative_to(tmp_path / "out").as_posix() for path in found] == names
    for number, path in enumerate(found):
        table = pq.read_table(path, partitioning=None)
        assert table.select(["n", "text", "by"]).to_pylist() == rows(200 + number)
        assert table.column("decision").null_count < table.num_rows / 2


# Crashes


def test_a_worker_that_is_killed_costs_no_row_and_doubles_none(
    tmp_path: Path, cluster: Cluster, expected: tuple[Path, bytes]
) -> None:
    target = tmp_path / "out.jsonl"
    work = tmp_path / "out.jsonl.refrain"

    process = start(expected[0], target, "--scheduler", cluster.address)
    wait_for(lambda: len(records(work)) >= 2)
    before = records(work)
    os.kill(pid_of_a_worker(before), signal.SIGKILL)
    status = process.wait(PATIENCE_S)

    assert status == 1
    assert target.read_bytes() == expected[1]
    assert counted(work) == 3000
    assert all(json.loads(record) in done_records(work) for record in before.values())
    assert_judged_once(cluster, work, before, unfinished=1)


def test_a_command_that_is_killed_is_gone_on_with(
    tmp_path: Path, cluster: Cluster, expected: tuple[Path, bytes]
) -> None:
    target = tmp_path / "out.jsonl"
    work = tmp_path / "out.jsonl.refrain"

    process = start(expected[0], target, "--scheduler", cluster.address)
    wait_for(lambda: len(records(work)) >= 2)
    process.kill()
    process.wait(PATIENCE_S)
    before = records(work)
    is_there = target.exists()
    again = start(expected[0], target, "--scheduler", cluster.address).wait(PATIENCE_S)

    assert (is_there, again) == (False, 1)
    assert target.read_bytes() == expected[1]
    assert counted(work) == 3000
    assert all(json.loads(record) in done_records(work) for record in before.values())
    # What the workers had in hand they end, and the second command waits for that.
    assert_judged_once(cluster, work, before, unfinished=0)


def test_processes_of_this_machine_end_with_the_command_and_others_go_on(
    tmp_path: Path, cluster: Cluster, expected: tuple[Path, bytes]
) -> None:
    target = tmp_path / "out.jsonl"
    work = tmp_path / "out.jsonl.refrain"
    ends = [str(expected[0]), str(target)]

    process = start(expected[0], target, "--scheduler", "local", "--workers", "2")
    wait_for(lambda: len(records(work)) >= 2)
    children = psutil.Process(process.pid).children(recursive=True)
    listening = addresses(process.pid)
    process.kill()
    process.wait(PATIENCE_S)
    gone, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
    before = records(work)
    again = main([*ends, "--scheduler", cluster.address, *PIECES])

    assert len(gone) >= 2
    assert alive == []
    assert listening == {"127.0.0.1"}
    assert again == 1
    assert target.read_bytes() == expected[1]
    assert all(json.loads(record) in done_records(work) for record in before.values())


def test_a_scheduler_and_workers_that_are_killed_are_gone_on_without(
    tmp_path: Path, cluster: Cluster, expected: tuple[Path, bytes]
) -> None:
    target = tmp_path / "out.jsonl"
    work = tmp_path / "out.jsonl.refrain"

    with scheduling(tmp_path) as (address, scheduler), working(address, tmp_path):
        process = start(expected[0], target, "--scheduler", address)
        wait_for(lambda: len(records(work)) >= 2)
        workers = [int(path.name) for path in (tmp_path / "notes").iterdir()]
        for pid in (scheduler.pid, *workers):
            os.kill(pid, signal.SIGKILL)
        status = process.wait(PATIENCE_S)
        before = records(work)
    is_there = target.exists()
    again = start(expected[0], target, "--scheduler", cluster.address).wait(PATIENCE_S)

    assert (status, is_there, again) == (2, False, 1)
    assert target.read_bytes() == expected[1]
    assert counted(work) == 3000
    assert all(json.loads(record) in done_records(work) for record in before.values())
    finished = sum(
        number
        for record in before.values()
        for name, number in json.loads(record)["counts"].items()
        if name != "flagged"
    )
    # The new workers judge what was not finished, and nothing else.
    judged = cluster.judged()
    assert set(judged.values()) == {1}
    assert len(judged) == 3000 - finished


def pid_of_a_worker(found: dict[Path, bytes]) -> int:
    return int(json.loads(next(iter(found.values())))["by"].rpartition(":")[2])


def addresses(pid: int) -> set[str]:
    """Addresses on which a process and its children listen."""
    process = psutil.Process(pid)
    return {
        connection.laddr.ip
        for one in [process, *process.children(recursive=True)]
        for connection in one.net_connections()
        if connection.status == psutil.CONN_LISTEN
    }


def assert_judged_once(
    cluster: Cluster, work: Path, before: dict[Path, bytes], unfinished: int
) -> None:
    """Of all rows, those of so many partitions at most were judged twice."""
    judged = cluster.judged()
    sizes = [sum(one["counts"].values()) for one in done_records(work)]
    twice = [n for n, times in judged.items() if times > 1]
    assert sorted(judged) == list(range(3000))
    assert max(judged.values()) <= 2
    assert len(twice) <= unfinished * max(sizes)
    finished = [json.loads(record) for record in before.values()]
    firsts = [one["partition"]["place"]["first"] for one in finished]
    for first, one in zip(firsts, finished, strict=True):
        rows = sum(n for name, n in one["counts"].items() if name != "flagged")
        assert not set(range(first - 1, first - 1 + rows)) & set(twice)


# Schedulers that are none


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits only take the tests' time."""
    monkeypatch.setattr(judges, "PATIENCE_S", 1.0)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("kind", ["nobody", "silent", "nonsense"])
def test_a_wrong_address_is_answered_within_seconds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    source = written(tmp_path / "in.jsonl", 1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1] if kind == "silent" else 1
        address = "nonsense" if kind == "nonsense" else f"tcp://127.0.0.1:{port}"
        begun = time.monotonic()

        status = main(
            [str(source), str(tmp_path / "out.jsonl"), "--scheduler", address]
        )

    said = capsys.readouterr().err
    assert status == 2
    assert f"No scheduler at {address}" in said
    assert said.count("\n") == 1
    assert time.monotonic() - begun < 15
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


@pytest.mark.usefixtures("impatient")
def test_fewer_workers_than_asked_for_are_noticed(
    tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str]
) -> None:
    source = written(tmp_path / "in.jsonl", 1)
    options = ["--scheduler", cluster.address, "--workers", "3"]

    assert main([str(source), str(tmp_path / "out.jsonl"), *options]) == 2
    assert "has 2 workers, and 3 should be there" in capsys.readouterr().err
