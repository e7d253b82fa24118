"""Judging an archive: comments a second on one core and on two, and what many cost.

Writes the repository's own comments, over and over, as Parquet into a temporary folder,
and runs the command on it: in one process, and on clusters of one and of two processes.
Times of the command, from its start to its end, less those on an archive of one
comment.  Cost goes by the processors' time of all processes: the load of the machine
changes how long a run takes, and hardly that.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, machine, table

ROOT = Path(__file__).parent.parent
COMMENTS = 24_000
PARTITION_MIB = "0.25"
MANY = 100_000_000
PRICE = 0.04
"""US dollars for an hour of one core: an assumption; give your own with --price."""

LEAST_SPEED_UP = 1.6


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and seconds of processors."""

    wall: float
    cpu: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; the exit status tells whether all is met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.archive")
    parser.add_argument("--comments", type=int, default=COMMENTS)
    parser.add_argument(
        "--price",
        type=float,
        default=PRICE,
        help="US dollars for an hour of a core",
    )
    options = parser.parse_args(arguments)
    description = machine()
    figures = list(measure(options.comments, options.price))
    print(description, table(figures), sep="\n\n")
    return 0 if all(figure.met for figure in figures) else 1


def measure(comments: int, price: float) -> Iterator[Figure]:
    """Measure everything here, one figure after the other."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        length = _write(folder / "many.parquet", comments)
        _write(folder / "one.parquet", 1)
        alone = _spent(folder, comments)
        single = _spent(folder, comments, "--scheduler", "local", "--workers", "1")
        double = _spent(folder, comments, "--scheduler", "local", "--workers", "2")
    name = f"comments of {length:.0f} characters on average"
    yield _speed(f"{name}, one process", alone)
    yield _against(f"{name}, Dask, one process", single, alone, None)
    yield _against(f"{name}, Dask, two processes", double, single, LEAST_SPEED_UP)
    yield _plain("processors' time for a comment, one process", _micro(alone))
    yield _plain("the same, Dask, two processes", _micro(double))
    hours = double.cpu * MANY / 3600
    yield _plain(f"{MANY:,} of them", f"{hours:.1f} core-hours")
    yield _plain(f"their cost at {price:g} USD an hour", f"{hours * price:.2f} USD")


def _write(path: Path, comments: int) -> float:
    """Write so many comments; answers their mean length in characters."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    files = sorted((ROOT / "model" / "corpus").glob("*.jsonl"))
    own = [json.loads(line)["text"] for file in files for line in file.open("rb")]
    texts = list(islice(cycle(own), comments))
    groups = max(comments // 32, 1)
    pq.write_table(pa.table({"text": texts}), path, row_group_size=groups)
    return sum(map(len, texts)) / comments


def _spent(folder: Path, comments: int, *options: str) -> Spent:
    """What judging a comment takes, without start and end."""
    many = _run(folder / "many.parquet", folder / "out.parquet", *options)
    one = _run(folder / "one.parquet", folder / "out.parquet", *options)
    more = comments - 1
    return Spent((many.wall - one.wall) / more, (many.cpu - one.cpu) / more)


def _run(source: Path, target: Path, *options: str) -> Spent:
    command = [sys.executable, "-m", "service.archive", str(source), str(target)]
    start, before = time.perf_counter(), _cpu()
    subprocess.run(
        [*command, *options, "--partition", PARTITION_MIB],
        cwd=ROOT,
        check=True,
    )
    spent = Spent(time.perf_counter() - start, _cpu() - before)
    target.unlink()
    shutil.rmtree(f"{target}.refrain", ignore_errors=True)
    return spent


def _cpu() -> float:
    """Processors' seconds of all processes that have been begun here and ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _plain(name: str, said: str) -> Figure:
    return Figure(name, said, "", "", "", True)


def _speed(name: str, spent: Spent) -> Figure:
    return _plain(name, f"{1 / spent.wall:.0f}/s")


def _micro(spent: Spent) -> str:
    return f"{spent.cpu * 1e6:.0f} µs"


def _against(name: str, ours: Spent, peer: Spent, required: float | None) -> Figure:
    ratio = peer.wall / ours.wall
    return Figure(
        name,
        f"{1 / ours.wall:.0f}/s",
        f"{1 / peer.wall:.0f}/s",
        f"{ratio:.2f} x",
        "" if required is None else f">= {required:g} x",
        required is None or ratio >= required,
    )


if __name__ == "__main__":
    sys.exit(main())
