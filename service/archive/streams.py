"""The two ends of a run over an archive: bytes in, with progress, and bytes out, whole.

Knows no rows.  `-` is a standard stream; a name that ends in `.gz` is packed.
"""

from __future__ import annotations

import gzip
import io
import os
import secrets
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from tqdm import tqdm

from service.errors import ConfigurationError

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12

STANDARD = "-"


def check_ends(source: str, target: str) -> None:
    """Refuse what would destroy something: the archive itself, or a device.

    Raises:
        ConfigurationError: the target is the source, or no file.
    """
    if target == STANDARD or not os.path.exists(target):
        return
    if not os.path.isfile(target):
        raise ConfigurationError(f"{target} is not a file; `-` is standard output.")
    if source != STANDARD and os.path.samefile(source, target):
        raise ConfigurationError("IN and OUT are the same file.")


@contextmanager
def reading(name: str) -> Iterator[BinaryIO]:
    """Open the archive, with a progress bar where a person looks on.

    Raises:
        ConfigurationError: it is packed and damaged.
    """
    raw = io.FileIO(0, closefd=False) if name == STANDARD else io.FileIO(name)
    size = None if name == STANDARD else os.path.getsize(name)
    bar: tqdm[Any] = tqdm(
        total=size, unit="B", unit_scale=True, disable=None, file=sys.stderr
    )
    with raw, bar:
        stream: BinaryIO = io.BufferedReader(_Counted(raw, bar), 2**20)
        if is_packed(name):
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=stream))
        try:
            yield stream
        except (EOFError, zlib.error) as error:
            raise ConfigurationError(f"{name} is damaged: {error}.") from error


@contextmanager
def reading_part(path: Path, start: int, end: int | None) -> Iterator[BinaryIO]:
    """Open a piece of a file, `end` not included; a packed file only as a whole.

    Raises:
        ConfigurationError: it is packed and damaged.
    """
    with path.open("rb", buffering=0) as raw:
        raw.seek(start)
        length = os.path.getsize(path) - start if end is None else end - start
        stream: BinaryIO = io.BufferedReader(_Piece(raw, length), 2**20)
        if is_packed(path.name):
            stream = cast(BinaryIO, gzip.GzipFile(fileobj=stream))
        try:
            yield stream
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ConfigurationError(f"{path} is damaged: {error}.") from error


def is_packed(name: str) -> bool:
    """Tell by the name whether a file is packed."""
    return name.lower().endswith(".gz")


@contextmanager
def writing(name: str, like: str | None = None) -> Iterator[BinaryIO]:
    """Open the target; a file takes its name only when it is whole.

    It is packed if its name says so, or that of the file it is `like`.
    """
    if name == STANDARD:
        with open(1, "wb", buffering=2**16, closefd=False) as stream:
            yield stream
        return
    # A link stays a link: what it points to is replaced.
    target = Path(os.path.realpath(name))
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as stream:
            with _packed(stream, like or name) as packed:
                yield packed
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


class _Piece(io.RawIOBase):
    """The next so many raw bytes."""

    def __init__(self, raw: io.FileIO, length: int) -> None:
        self._raw = raw
        self._left = length

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        count = self._raw.readinto(memoryview(buffer)[: self._left])
        self._left -= count or 0
        return count


class _Counted(io.RawIOBase):
    """Raw bytes on their way in; tells the progress bar how many."""

    def __init__(self, raw: io.FileIO, bar: tqdm[Any]) -> None:
        self._raw = raw
        self._bar = bar

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Buffer) -> int | None:
        count = self._raw.readinto(buffer)
        self._bar.update(count or 0)
        return count


@contextmanager
def _packed(stream: BinaryIO, name: str) -> Iterator[BinaryIO]:
    if not is_packed(name):
        yield stream
        return
    with gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) as packed:
        yield cast(BinaryIO, packed)
