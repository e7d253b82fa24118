"""Judging one partition: what a worker does, wherever it runs.

Leaves out which partitions there are, and what becomes of their parts.
"""

from __future__ import annotations

import os
import socket
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from service.archive.judging import Judging, Terms, judging_by
from service.archive.manifest import Manifest, Record
from service.archive.partitions import Archive, Partition, stamp_of
from service.archive.streams import reading_part, writing
from service.archive.text import judge_rows
from service.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Task:
    """All that a worker has to be told: a few hundred bytes."""

    archive: Archive
    terms: Terms
    partition: Partition


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A partition that cannot be judged, and why; the other files can."""

    partition: Partition
    problem: str


def judge_partition(task: Task) -> Record | Unreadable:
    """Judge a partition, unless that has been done, and enter it in the manifest.

    Whoever else is judging it is waited for, so that it is not judged twice.

    Raises:
        ConfigurationError: this machine would judge otherwise, or its files are others.
        BrokenArtifact: the model cannot be served.
        OSError: something cannot be read or written.
    """
    judging = judging_by(task.terms)
    manifest = Manifest(task.archive)
    with manifest.at_work_on(task.partition):
        if (record := manifest.record(task.partition)) is not None:
            return record
        try:
            return _judged(task, manifest, judging)
        except _Unreadable as error:
            return Unreadable(task.partition, str(error))


def fitness(task: Task) -> str | None:
    """Say why this machine cannot judge; None if it can, and its judge is loaded."""
    archive, here = task.archive, socket.gethostname()
    for path in (archive.source, archive.work / "run.json"):
        if not path.exists():
            return f"{path} is not on {here}: all machines have to share the files."
    try:
        judging_by(task.terms)
    except ConfigurationError as error:
        return f"{here}: {error}"
    return None


class _Unreadable(Exception):
    """The source is damaged, or was changed."""


def _judged(task: Task, manifest: Manifest, judging: Judging) -> Record:
    partition, part = task.partition, manifest.part(task.partition)
    begun = _now()
    path = task.archive.source_of(partition.name)
    try:
        # Packed as its target is: packed parts can be strung together as well.
        like = task.archive.target_of(partition.name).name
        with writing(str(part), like) as sink:
            counts = _counts(task, sink, judging)
            if stamp_of(path) != partition.stamp:
                raise ConfigurationError(f"{path} was changed while it was judged.")
    except ConfigurationError as error:
        raise _Unreadable(error) from error
    by = f"{socket.gethostname()}:{os.getpid()}"
    size = part.stat().st_size
    record = Record(partition, dict(counts), size, by, begun, _now())
    manifest.finish(record)
    return record


def _counts(task: Task, sink: BinaryIO, judging: Judging) -> Counter[str]:
    partition, kind = task.partition, task.archive.kind
    path = task.archive.source_of(partition.name)
    if kind == "parquet":
        from service.archive.parquet import judge_groups

        return judge_groups(path, sink, judging, partition.start, partition.end)
    with reading_part(path, partition.start, partition.end) as source:
        return judge_rows(source, sink, kind, judging, partition.place)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
