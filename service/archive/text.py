"""Judging rows of text, JSON lines or CSV, from one stream of bytes to another.

Knows no files and no partitions, and keeps one row in memory at a time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import BinaryIO

from service.archive.judging import RESULTS, Judging
from service.archive.rows import FORMATS, START, Place


def judge_rows(
    source: BinaryIO, sink: BinaryIO, kind: str, judging: Judging, place: Place = START
) -> Counter[str]:
    """Judge every row of a stream; answers what was decided, as `count` counts it.

    Raises:
        ConfigurationError: the stream begins with no header that has a `text`.
    """
    format = FORMATS[kind]
    counts: Counter[str] = Counter()
    archive = format.read(source, frozenset(RESULTS), place)
    write = format.writer(sink, [*archive.names, *RESULTS], place.names is None)
    for row in archive.rows:
        results = judging.results(row)
        write({**row.columns, **results})
        count(counts, results)
    return counts


def count(counts: Counter[str], results: Mapping[str, object]) -> None:
    """Count a row as accepted, rejected or in error, and whether it was flagged."""
    counts[str(results["decision"] or "error")] += 1
    counts["flagged"] += bool(results["flagged"])
