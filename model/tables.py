"""Reading other people's gzipped tables: what is wrong with a file is said in words.

Leaves out what the columns mean: `model.corpora`.
"""

from __future__ import annotations

import csv
import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, cast

from model.dataset import UnreadableData

FAULTS = (
    OSError,
    EOFError,
    zlib.error,
    csv.Error,
    LookupError,
    ValueError,
    TypeError,
    RuntimeError,
)
"""What is raised where a file is not what its reader takes it for."""


def rows(path: Path, *, delimiter: str = ",") -> Iterator[dict[str, str]]:
    """Rows of a table with a header.

    Raises:
        UnreadableData: there is no such file, or a row has too few columns.
    """
    # A comment may be longer than what csv takes for a field; this is its only switch.
    csv.field_size_limit(sys.maxsize)
    with opened(path) as file:
        for number, row in enumerate(csv.DictReader(file, delimiter=delimiter), 1):
            if None in row.values():
                raise UnreadableData(f"{path}: row {number} has too few columns")
            yield row


def opened(path: Path) -> TextIO:
    """The file's text.

    Raises:
        UnreadableData: there is no such file.
    """
    if not path.is_file():
        raise UnreadableData(
            f"{path} is missing: complete the folder, or remove it to train without"
        )
    return cast(TextIO, gzip.open(path, "rt", encoding="utf-8", newline=""))


@contextmanager
def understood(folder: Path) -> Iterator[None]:
    """Say where it is that a file cannot be understood.

    Raises:
        UnreadableData: one of FAULTS was raised while a file of `folder` was read.
    """
    try:
        yield
    except FAULTS as error:
        raise UnreadableData(
            f"{folder} holds a file that cannot be understood: {error!r}"
        ) from error
