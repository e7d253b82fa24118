"""What a run over partitions has done, kept in files beside the target.

    run.json                    what the run judges by, and how it divides files
    done/NAME.json              a judged file: its partitions, counts, who and when
    parts/NAME/N.json, N.part   a partition of a file that is not whole yet
    lock                        held while a command is at work

Each is written under another name and renamed, so it is whole or absent.  Judges
nothing, and joins no parts.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from service.archive.partitions import Archive, Partition, Stamp, stamp_of
from service.archive.rows import Place
from service.errors import ConfigurationError

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Record:
    """A partition that is judged: how it came out, by whom and when, and its bytes."""

    partition: Partition
    counts: Mapping[str, int]
    size: int
    by: str
    begun_at: str
    ended_at: str


@dataclass(frozen=True, slots=True)
class Done:
    """A file that is judged: what it was and is, and its partitions in order."""

    source: Stamp
    target: Stamp
    records: tuple[Record, ...]


class Manifest:
    """The manifest of one archive; safe for many processes on many machines.

    They have to share the file system, and it has to know `flock`.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._work = archive.work

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other commands from the same target.

        Raises:
            ConfigurationError: another one is at work.
        """
        self._work.mkdir(parents=True, exist_ok=True)
        with (self._work / "lock").open("ab") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ConfigurationError(
                    f"Another run is writing {self._archive.target}."
                ) from error
            yield

    def begin(self, terms: Mapping[str, object]) -> None:
        """Begin a run, or go on with one that was begun on the same terms.

        Raises:
            ConfigurationError: the terms differ, or a file that has been judged is no
                longer what it was.
        """
        path = self._work / "run.json"
        now = json.loads(json.dumps({"schema": SCHEMA, **terms}))
        then = _read(path)
        if then != now:
            if then is not None and any(self._known()):
                raise ConfigurationError(self._other(then, now))
            write_json(path, now)
        self._check_sources()

    def part(self, partition: Partition) -> Path:
        """Where the judged rows of a partition are until its file is whole."""
        return self._parts(partition.name) / f"{partition.number}.part"

    def record(self, partition: Partition) -> Record | None:
        """The record of a partition if it is judged and its part is there."""
        data = _read(self.part(partition).with_suffix(".json"))
        if data is None:
            return None
        record = _record(data)
        part = self.part(partition)
        is_there = part.is_file() and part.stat().st_size == record.size
        return record if is_there and record.partition == partition else None

    @contextmanager
    def at_work_on(self, partition: Partition) -> Iterator[None]:
        """Wait until nobody else judges a partition, and keep others waiting."""
        folder = self._parts(partition.name)
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{partition.number}.lock").open("ab") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def finish(self, record: Record) -> None:
        """Enter a partition whose part is written."""
        write_json(self.part(record.partition).with_suffix(".json"), asdict(record))

    def done(self, name: str) -> Done | None:
        """What is known of a file that is judged, if its target is as it was left.

        Raises:
            ConfigurationError: somebody has changed the target.
        """
        found = self._done(name)
        target = self._archive.target_of(name)
        if found is None or not target.exists():
            return None
        if stamp_of(target) == found.target:
            return found
        if self._parts(name).exists():  # written, but not in its place when all ended
            return None
        raise ConfigurationError(
            f"{target} is not what was written; delete it to have it judged again."
        )

    def finish_file(self, name: str, whole: Path, records: tuple[Record, ...]) -> None:
        """Give a whole file its place, and forget its parts.

        Entered before it is renamed: whatever ends it in between, parts are at hand.
        """
        done = Done(records[0].partition.stamp, stamp_of(whole), records)
        target = self._archive.target_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._done_path(name), asdict(done))
        whole.replace(target)
        self.forget_parts(name)

    def forget_parts(self, name: str) -> None:
        """Delete what is left of the parts of a file that is whole."""
        shutil.rmtree(self._parts(name), ignore_errors=True)

    def end(self) -> None:
        """Tidy up once every file is whole."""
        shutil.rmtree(self._work / "parts", ignore_errors=True)

    def _check_sources(self) -> None:
        for name, stamp in self._known():
            path = self._archive.source_of(name)
            if not path.exists():
                raise ConfigurationError(
                    f"{path} is gone, and was judged: {self._instead()}"
                )
            if stamp_of(path) != stamp:
                raise ConfigurationError(
                    f"{path} is not what was judged: {self._instead()}"
                )

    def _known(self) -> Iterator[tuple[str, Stamp]]:
        done, parts = self._work / "done", self._work / "parts"
        for path in done.rglob("*.json"):
            name = path.relative_to(done).as_posix().removesuffix(".json")
            yield name, Stamp(**(_read(path) or {})["source"])
        for path in parts.rglob("*.json"):
            yield path.parent.relative_to(parts).as_posix(), _stamp_in(path)

    def _other(self, then: dict[str, Any], now: dict[str, Any]) -> str:
        keys = [key for key in {**then, **now} if then.get(key) != now.get(key)]
        said = "; ".join(f"{key} {then.get(key)}, now {now.get(key)}" for key in keys)
        return f"{self._archive.target} was begun otherwise: {said}. {self._instead()}"

    def _instead(self) -> str:
        return f"Go on as it was begun, or delete {self._work} to begin anew."

    def _done(self, name: str) -> Done | None:
        data = _read(self._done_path(name))
        if data is None:
            return None
        records = tuple(map(_record, data["records"]))
        return Done(Stamp(**data["source"]), Stamp(**data["target"]), records)

    def _done_path(self, name: str) -> Path:
        return self._work / "done" / f"{name}.json"

    def _parts(self, name: str) -> Path:
        return self._work / "parts" / name


def write_json(path: Path, value: object) -> None:
    """Write a value so that the file is whole or absent."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    with new.open("x") as stream:
        json.dump(value, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise ConfigurationError(f"{path} is damaged: delete it.") from error
    return data


def _stamp_in(path: Path) -> Stamp:
    return _record(_read(path) or {}).partition.stamp


def _record(data: dict[str, Any]) -> Record:
    found = data["partition"]
    names = found["place"]["names"]
    place = Place(found["place"]["first"], None if names is None else tuple(names))
    stamp = Stamp(**found["stamp"])
    partition = Partition(**found | {"place": place, "stamp": stamp})
    return Record(**data | {"partition": partition})
