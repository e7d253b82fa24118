"""Judge a whole archive: `python -m service.archive IN OUT`.  Needs no database.

IN is a `.jsonl` or `.csv` file (or either with `.gz`), or a `.parquet` file, with a
column `text`; `-` is standard input.  OUT gets the same rows, in the same order and
format, with the verdict in columns of their own.  A row that cannot be judged says why
in its `error`, and the run goes on.  Memory does not grow with the file.

IN may also be a folder of such files, partitioned as it likes; OUT gets a file of the
same name for each.  A folder is judged file by file, and large files piece by piece;
with `--scheduler` so is a single file, on many processes or machines.  Such a run,
whatever ended it, is gone on with by the same command, which judges nothing again that
was done.

Exit status: 0 when every row was judged, 1 when some rows have an `error`, 2 when OUT
was not written, or not all of it.  Leaves out: storing decisions.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from tqdm import tqdm

from model.artifact import BrokenArtifact
from service.archive.judging import Judging, judging_by, load_terms
from service.archive.partitions import Archive, format_by_name, format_of_folder
from service.archive.running import judge_archive, one_by_one
from service.archive.streams import STANDARD, check_ends, reading, writing
from service.archive.text import judge_rows
from service.errors import ConfigurationError, RefrainError

KINDS = ("csv", "jsonl", "parquet")

PARTITION_MIB = 16
"""Some eight seconds of judging: soon done, and soon done again if a worker dies."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; answers its exit status."""
    options = _parser().parse_args(arguments)
    try:
        counts = run(options)
    except (RefrainError, BrokenArtifact) as error:
        print(f"archive: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read it has seen enough
        return 1
    except OSError as error:
        print(f"archive: {_spoken(error)}", file=sys.stderr)
        return 2
    print(_summary(counts), file=sys.stderr)
    return 1 if counts["error"] else 0


def run(options: argparse.Namespace) -> Counter[str]:
    """Judge every row from one end to the other; answers what was decided, counted."""
    is_folder = os.path.isdir(options.input)
    if options.workers is not None and options.scheduler is None:
        raise ConfigurationError("--workers goes with --scheduler.")
    if options.scheduler is None and not is_folder:
        return _run_alone(options)
    archive = _archive(options, is_folder=is_folder)
    terms = load_terms(options.policy)
    size = int(options.partition * 2**20)
    if options.scheduler is None:
        return judge_archive(archive, terms, size, one_by_one)
    cluster = _needed("service.archive.cluster", "--scheduler")
    with cluster.judges_of(options.scheduler, options.workers) as judges:
        return judge_archive(archive, terms, size, judges)


def format_of(source: str, target: str, given: str | None) -> str:
    """Tell the format from what was asked for, or else from the files' names.

    Raises:
        ConfigurationError: the names say nothing, or not the same.
    """
    if given is not None:
        return given
    named = {name: format_by_name(name) for name in (source, target)}
    found = {kind for kind in named.values() if kind is not None}
    if len(found) > 1:
        raise ConfigurationError(f"{source} and {target} must have the same format.")
    if found:
        return found.pop()
    if named.keys() == {STANDARD}:
        return "jsonl"
    raise ConfigurationError(
        "The names tell no format: give --format jsonl, csv or parquet."
    )


def _run_alone(options: argparse.Namespace) -> Counter[str]:
    """Judge one file from end to end, in this process."""
    kind = format_of(options.input, options.output, options.format)
    check_ends(options.input, options.output)
    judging = judging_by(load_terms(options.policy))
    if kind == "parquet":
        return _run_parquet(options, judging)
    with reading(options.input) as source, writing(options.output) as sink:
        return judge_rows(source, sink, kind, judging)


def _run_parquet(options: argparse.Namespace, judging: Judging) -> Counter[str]:
    if STANDARD in {options.input, options.output}:
        raise ConfigurationError("Parquet needs files: it cannot be streamed.")
    parquet = _needed("service.archive.parquet", "Parquet")
    with (
        tqdm(unit=" rows", disable=None, file=sys.stderr) as bar,
        writing(options.output) as sink,
    ):
        source = Path(options.input)
        counts: Counter[str] = parquet.judge_groups(
            source, sink, judging, tell=bar.update
        )
        return counts


def _archive(options: argparse.Namespace, *, is_folder: bool) -> Archive:
    # A link stays a link: what it points to is replaced.
    source, target = Path(options.input).absolute(), Path(options.output).resolve()
    if STANDARD in {options.input, options.output}:
        raise ConfigurationError("Partitions need files: a stream has none.")
    if is_folder:
        kind = format_of_folder(source, options.format)
    else:
        source.stat()  # a missing file is named, before anything is begun
        kind = format_of(options.input, options.output, options.format)
        check_ends(options.input, options.output)
    if kind == "parquet":
        _needed("service.archive.parquet", "Parquet")
    return Archive(source, target, kind, is_folder)


def _needed(module: str, what: str) -> ModuleType:
    """Import a module that stands on packages the service does without.

    Raises:
        ConfigurationError: they are not installed.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"{what} needs {error.name}, which is not installed: "
            "pip install -r requirements-archive.txt"
        ) from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m service.archive",
        description="Judge every comment of an archive.",
        epilog="Status: 0 all judged, 1 some rows have an error, 2 not (all) written.",
    )
    add = parser.add_argument
    add("input", metavar="IN", help=".jsonl, .csv or .parquet, a folder of them, or -")
    add("output", metavar="OUT", help="the same format, or -")
    add("--format", choices=KINDS, help="default: by name")
    add(
        "--policy", type=Path, metavar="FILE", help="thresholds in JSON, for some rules"
    )
    add(
        "--scheduler",
        metavar="local|ADDRESS",
        help="judge on Dask: on processes of this machine, or tcp://HOST:PORT, tls://…",
    )
    add(
        "--workers",
        type=_positive(int),
        metavar="N",
        help="local: how many, by default one a core; else how many to wait for",
    )
    add(
        "--partition",
        type=_positive(float),
        metavar="MIB",
        default=PARTITION_MIB,
        help="about how much is judged at once, in MiB (default: %(default)s)",
    )
    return parser


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def number(said: str) -> Any:  # noqa: ANN401 - as argparse has it
        value = kind(said)
        if not 0 < value < 2**20:
            raise ValueError
        return value

    number.__name__ = "positive number"
    return number


def _summary(counts: Counter[str]) -> str:
    judged = counts["accept"] + counts["reject"]
    return (
        f"{judged + counts['error']} rows: {counts['accept']} accepted, "
        f"{counts['reject']} rejected, {counts['flagged']} flagged, "
        f"{counts['error']} with an error"
    )


def _spoken(error: OSError) -> str:
    if error.strerror is None:  # raised by gzip
        return f"the input is damaged: {error}."
    return f"{error.filename or 'standard stream'}: {error.strerror}."


if __name__ == "__main__":
    sys.exit(main())
