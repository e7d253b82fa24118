"""An archive of many files, and the partitions in which it is judged.

A partition is a file, or a piece of one that ends with a row.  Judges nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from service.archive.rows import FORMATS, Place
from service.archive.streams import is_packed
from service.errors import ConfigurationError

SUFFIXES = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}

WORK = "_refrain"
"""Name of the folder in the target that says what is done.

Readers of partitioned folders pass over names that begin with `_` or a dot, as we do.
"""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What shows that a file has been changed: its size, and when it was written."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Partition:
    """A piece of a file, `end` not included: bytes of text, row groups of Parquet.

    `end` is None for a file that can only be read whole.  `place` says what stands
    before it, and `number` counts the partitions of one file from 0.
    """

    name: str
    number: int
    start: int
    end: int | None
    place: Place
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Archive:
    """Where the files are, and where the judged ones go: the same names in a folder.

    Of a single file the name is that of the target.
    """

    source: Path
    target: Path
    kind: str
    is_folder: bool

    @property
    def work(self) -> Path:
        """The folder that says what is done, on the file system of the target."""
        if self.is_folder:
            return self.target / WORK
        return self.target.with_name(f"{self.target.name}.{WORK.strip('_')}")

    def source_of(self, name: str) -> Path:
        """The file of this name as it came."""
        return self.source / name if self.is_folder else self.source

    def target_of(self, name: str) -> Path:
        """The judged file of this name."""
        return self.target / name if self.is_folder else self.target

    def names(self) -> list[str]:
        """Names of all files, in order.

        Raises:
            ConfigurationError: there are none, or one is of another format.
        """
        if not self.is_folder:
            return [self.target.name]
        return [name for name, _ in named_files(self.source)]


def named_files(folder: Path) -> list[tuple[str, str | None]]:
    """Names of a folder's files, relative to it, with their formats by suffix."""
    return sorted(
        (path.relative_to(folder).as_posix(), format_by_name(path.name))
        for inner, folders, files in os.walk(folder, onerror=_refuse)
        for path in _shown(Path(inner), folders, files)
    )


def format_by_name(name: str) -> str | None:
    """The format that a file's name tells, if it does."""
    return SUFFIXES.get(Path(name.lower().removesuffix(".gz")).suffix)


def format_of_folder(folder: Path, given: str | None) -> str:
    """The one format of a folder's files.

    Raises:
        ConfigurationError: there is no file, one of another format, or of none.
    """
    files = named_files(folder)
    if not files:
        raise ConfigurationError(f"{folder} holds no file.")
    expected = given or files[0][1]
    for name, kind in files:
        if kind is None and given is None:
            raise ConfigurationError(
                f"The name of {folder / name} tells no format: give --format, "
                "or take the file away."
            )
        if kind not in {None, expected}:
            raise ConfigurationError(
                f"{folder} holds more than one format: {folder / name}."
            )
    return str(expected)


def partitions_of(archive: Archive, name: str, size: int) -> Iterator[Partition]:
    """Divide a file into partitions of about `size` bytes.

    Of text that means at least so many, and then to the end of the row; a smaller file
    is one partition, and so is a packed one of any size.  Of Parquet it means whole row
    groups, by their unpacked size.

    Raises:
        ConfigurationError: the file is damaged, or has no column `text`.
        OSError: it cannot be read.
    """
    path = archive.source_of(name)
    found = stamp_of(path)
    if archive.kind == "parquet":
        from service.archive.parquet import cut_groups

        for number, (start, end) in enumerate(cut_groups(path, size)):
            yield Partition(name, number, start, end, Place(), found)
    elif is_packed(path.name):
        yield Partition(name, 0, 0, None, Place(), found)
    elif found.size <= size:
        yield Partition(name, 0, 0, found.size, Place(), found)
    else:
        with path.open("rb") as stream:
            for number, cut in enumerate(FORMATS[archive.kind].cut(stream, size)):
                yield Partition(name, number, cut.start, cut.end, cut.place, found)


def stamp_of(path: Path) -> Stamp:
    """The stamp of a file as it is now."""
    found = path.stat()
    return Stamp(found.st_size, found.st_mtime_ns)


def _shown(inner: Path, folders: list[str], files: list[str]) -> Iterator[Path]:
    folders[:] = [name for name in folders if not name.startswith(("_", "."))]
    return (inner / name for name in files if not name.startswith(("_", ".")))


def _refuse(error: OSError) -> None:
    raise error
