"""A run over the partitions of an archive: what is left to do, and files made whole.

Who judges the partitions, and where, is the caller's choice.
"""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from tqdm import tqdm

from service.archive.judging import Terms, judging_by, thresholds_said
from service.archive.manifest import Manifest, Record
from service.archive.partitions import WORK, Archive, partitions_of
from service.archive.streams import writing
from service.archive.work import Task, Unreadable, judge_partition
from service.errors import ConfigurationError

Outcomes = Iterator[Record | Unreadable]
Judges = Callable[[Iterator[Task]], Outcomes]
"""Takes tasks as it has hands for them, and answers their outcomes in any order."""

SHOWN = 5
"""Files that are named where more cannot be judged."""


def one_by_one(tasks: Iterator[Task]) -> Outcomes:
    """Judge in this process."""
    return map(judge_partition, tasks)


def check_folders(archive: Archive) -> None:
    """Refuse a target in which something of others would be lost.

    Raises:
        ConfigurationError: it is the source or within it, or holds what no run wrote.
    """
    source, target = archive.source.resolve(), archive.target.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise ConfigurationError("IN and OUT must not be one within the other.")
    if not archive.is_folder or not target.exists():
        return
    if not target.is_dir():
        raise ConfigurationError(f"{archive.target} is not a folder, and IN is.")
    if any(target.iterdir()) and not (target / WORK / "run.json").exists():
        raise ConfigurationError(
            f"{archive.target} is not empty, and no run of this command began it."
        )


def judge_archive(
    archive: Archive, terms: Terms, size: int, judges: Judges
) -> Counter[str]:
    """Judge what is not judged yet; answers the counts of the whole archive.

    Raises:
        ConfigurationError: it cannot be begun or gone on with; or some files cannot be
            judged, and all others were.
        OSError: something cannot be read or written.
    """
    manifest = Manifest(archive)
    check_folders(archive)
    with manifest.held():
        manifest.begin(_stated(archive, terms, size))
        run = Run(archive, terms, size, manifest)
        run.judge(judges)
        if run.failed:
            raise ConfigurationError(_failures(archive, run.failed))
        manifest.end()
        return run.counts


class Run:
    """One run of the command: what it has found, and what it has still to wait for."""

    def __init__(
        self, archive: Archive, terms: Terms, size: int, manifest: Manifest
    ) -> None:
        self.counts: Counter[str] = Counter()
        self.failed: dict[str, str] = {}
        self._archive = archive
        self._terms = terms
        self._size = size
        self._manifest = manifest
        self._records: dict[str, dict[int, Record]] = {}
        self._expected: dict[str, int] = {}

    def judge(self, judges: Judges) -> None:
        """Let every partition be judged that is not, and make files whole."""
        names = self._archive.names()
        with tqdm(unit=" rows", disable=None, file=sys.stderr) as bar:
            for outcome in judges(self._tasks(names)):
                if isinstance(outcome, Record):
                    bar.update(rows_of(outcome.counts))
                    self._take(outcome)
                else:
                    self.failed.setdefault(outcome.partition.name, outcome.problem)

    def _tasks(self, names: Iterable[str]) -> Iterator[Task]:
        for name in names:
            if (done := self._manifest.done(name)) is not None:
                self._manifest.forget_parts(name)
                self._count(done.records)
                continue
            try:
                yield from self._tasks_of(name)
            except ConfigurationError as error:
                self.failed.setdefault(name, str(error))

    def _tasks_of(self, name: str) -> Iterator[Task]:
        found = 0
        for partition in partitions_of(self._archive, name, self._size):
            found += 1
            if name in self.failed:
                return
            if (record := self._manifest.record(partition)) is not None:
                self._take(record)
            else:
                yield Task(self._archive, self._terms, partition)
        self._expected[name] = found
        self._make_whole(name)

    def _take(self, record: Record) -> None:
        partition = record.partition
        self._records.setdefault(partition.name, {})[partition.number] = record
        self._make_whole(partition.name)

    def _make_whole(self, name: str) -> None:
        """Join the parts of a file if none is missing."""
        found = self._records.get(name, {})
        if len(found) != self._expected.get(name):
            return
        records = tuple(found[number] for number in sorted(found))
        parts = [self._manifest.part(record.partition) for record in records]
        whole = joined(parts, self._archive.kind)
        self._manifest.finish_file(name, whole, records)
        del self._records[name]
        self._count(records)

    def _count(self, records: Iterable[Record]) -> None:
        for record in records:
            self.counts.update(record.counts)


def rows_of(counts: Mapping[str, int]) -> int:
    """How many rows were counted."""
    return sum(number for name, number in counts.items() if name != "flagged")


def joined(parts: list[Path], kind: str) -> Path:
    """String the parts of a file together, in order; of one part it is that."""
    if len(parts) == 1:
        return parts[0]
    whole = parts[0].with_name("whole")
    with writing(str(whole)) as sink:
        if kind == "parquet":
            from service.archive.parquet import join

            join(parts, sink)
        else:
            for part in parts:
                with part.open("rb") as stream:
                    shutil.copyfileobj(stream, sink, 2**20)
    return whole


def _stated(archive: Archive, terms: Terms, size: int) -> dict[str, object]:
    return {
        "format": archive.kind,
        "model": terms.model,
        "policy": thresholds_said(judging_by(terms).policy),
        "max_text": terms.max_text,
        "release": terms.code,
        "partition_bytes": size,
    }


def _failures(archive: Archive, failed: dict[str, str]) -> str:
    if not archive.is_folder:
        return next(iter(failed.values()))
    said = " ".join(f"{name}: {why}" for name, why in list(failed.items())[:SHOWN])
    more = f" And {len(failed) - SHOWN} more." if len(failed) > SHOWN else ""
    return f"{said}{more} What else there is in {archive.source} has been judged."
