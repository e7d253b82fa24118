"""A worker that tells which rows it judges, so that tests can count.

It writes each before it is judged, unbuffered, so that not even `kill -9` loses one.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from distributed import WorkerPlugin

from service.archive.judging import Judging
from service.archive.rows import Row


class Counting(WorkerPlugin):
    """Notes the `n` of each row, in one file a process; of Parquet, -1."""

    name = "counting"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def setup(self, worker: Any) -> None:  # noqa: ANN401 - as Dask has it
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND
        note = os.open(self.folder / str(os.getpid()), flags)

        def counted(judging: Judging, row: Row) -> dict[str, object]:
            os.write(note, f"{row.columns.get('n', -1)}\n".encode())
            return _PLAIN(judging, row)

        Judging.results = counted  # type: ignore[assignment,method-assign]


_PLAIN = Judging.results


def times_judged(folder: Path) -> Counter[int]:
    """How many times each row was begun, by all processes."""
    return Counter(
        int(line)
        for path in folder.iterdir()
        for line in path.read_text().split("\n")[:-1]
    )
