"""Judging rows of a Parquet file, by row groups; types and metadata stay as they are.

Needs pyarrow, so it is imported only where there is a Parquet file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from model.finding import Attribute
from service.archive.judging import RESULTS, Judging
from service.archive.rows import TEXT, Row, free_names
from service.archive.text import count
from service.errors import ConfigurationError

BATCH = 2_000
"""Rows that are read at once."""

LARGEST_GROUP = 32 * 2**20
"""Bytes of rows in memory from which a row group is written, though it goes on."""

SPANS = pa.list_(
    pa.struct([("start", pa.int32()), ("end", pa.int32()), ("text", pa.string())])
)
REASONS = pa.list_(
    pa.struct(
        [
            ("rule", pa.string()),
            ("attribute", pa.string()),
            ("source", pa.string()),
            ("score", pa.float64()),
            ("threshold", pa.float64()),
            ("spans", SPANS),
            ("message", pa.string()),
        ]
    )
)
FIELDS = {
    "decision": pa.string(),
    "flagged": pa.bool_(),
    "rules": pa.list_(pa.string()),
    "reasons": REASONS,
    **dict.fromkeys(Attribute, pa.float64()),
    "error": pa.string(),
}
"""The result columns and their types, in the order of RESULTS."""


def cut_groups(path: Path, size: int) -> Iterator[tuple[int, int]]:
    """Divide a file's row groups into runs of about so many bytes, as unpacked.

    Raises:
        ConfigurationError: the file is damaged, or has no column `text`.
    """
    with _opened(path) as file:
        described = file.metadata
        start, held = 0, 0
        for group in range(described.num_row_groups):
            held += described.row_group(group).total_byte_size
            if held >= size:
                yield start, group + 1
                start, held = group + 1, 0
        if start < described.num_row_groups or start == 0:
            yield start, described.num_row_groups


def judge_groups(
    source: Path,
    sink: BinaryIO,
    judging: Judging,
    start: int = 0,
    end: int | None = None,
    tell: Callable[[int], object] = lambda rows: None,
) -> Counter[str]:
    """Judge the rows of some row groups, or of all; answers what was decided.

    Args:
        source: the file.
        sink: gets a Parquet file, with a row group for each that is read, or more where
            one is larger than LARGEST_GROUP.
        judging: judges.
        start: the first row group.
        end: the one after the last; None for all that follow.
        tell: is told how many rows are done, batch by batch.

    Raises:
        ConfigurationError: the file is damaged, or has no column `text`.
    """
    counts: Counter[str] = Counter()
    with _opened(source) as file:
        schema = _schema(file.schema_arrow)
        with pq.ParquetWriter(sink, schema, compression=_packing(file)) as writer:
            last = file.metadata.num_row_groups if end is None else end
            for group in range(start, last):
                waiting: list[Any] = []
                for batch in file.iter_batches(BATCH, [group], use_threads=False):
                    waiting.append(_judged(batch, schema, judging, counts))
                    tell(batch.num_rows)
                    if sum(one.nbytes for one in waiting) >= LARGEST_GROUP:
                        _write(writer, waiting, schema)
                _write(writer, waiting, schema)
    return counts


def join(parts: Sequence[Path], sink: BinaryIO) -> None:
    """Write the row groups of several files of one schema as one file."""
    with _opened(parts[0]) as first:
        schema, packing = first.schema_arrow, _packing(first)
    with pq.ParquetWriter(sink, schema, compression=packing) as writer:
        for path in parts:
            with _opened(path) as file:
                for group in range(file.metadata.num_row_groups):
                    table = file.read_row_group(group, use_threads=False)
                    writer.write_table(table, row_group_size=max(table.num_rows, 1))


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            _check(path, file.schema_arrow.names)
            yield file
    except (pa.ArrowException, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the operating system, not of pyarrow
        said = str(error).partition("\n")[0].rstrip(".")
        raise ConfigurationError(f"{path} is damaged: {said}.") from error


def _check(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"{path} names the column {twice[0]!r} twice.")
    if TEXT not in names:
        found = ", ".join(map(repr, names[:10])) or "nothing"
        raise ConfigurationError(f"There is no column 'text' in {path}: {found}.")


def _schema(source: Any) -> Any:  # noqa: ANN401 - pyarrow has no annotations
    """The columns of the source under names that are free, and the result columns."""
    taken = frozenset(RESULTS)
    names = free_names(source.names, taken)
    kept = [field.with_name(name) for field, name in zip(source, names, strict=True)]
    added = [pa.field(name, kind) for name, kind in FIELDS.items()]
    return pa.schema([*kept, *added], metadata=source.metadata)


def _judged(batch: Any, schema: Any, judging: Judging, counts: Counter[str]) -> Any:  # noqa: ANN401
    texts = _values(batch.column(TEXT))
    results = [judging.results(row) for row in texts]
    for result in results:
        count(counts, result)
    added = [
        pa.array([result[name] for result in results], kind)
        for name, kind in FIELDS.items()
    ]
    return pa.RecordBatch.from_arrays([*batch.columns, *added], schema=schema)


def _values(column: Any) -> list[Row]:  # noqa: ANN401
    try:
        return [Row({TEXT: text}) for text in column.to_pylist()]
    except UnicodeDecodeError:  # one of them, so one by one
        return [_value(scalar) for scalar in column]


def _value(scalar: Any) -> Row:  # noqa: ANN401
    try:
        return Row({TEXT: scalar.as_py()})
    except UnicodeDecodeError:
        return Row(problem="text is not valid Unicode")


def _write(writer: Any, waiting: list[Any], schema: Any) -> None:  # noqa: ANN401
    """Write what waits as one row group; an empty one as well, as it was read."""
    table = pa.Table.from_batches(waiting, schema)
    if table.num_rows:
        writer.write_table(table, row_group_size=table.num_rows)
    waiting.clear()


def _packing(file: Any) -> str:  # noqa: ANN401
    """How the column `text` is packed, if that can be written."""
    described = file.metadata
    if described.num_row_groups == 0 or described.num_columns == 0:
        return "snappy"
    packed = str(described.row_group(0).column(0).compression).lower()
    if packed == "uncompressed":
        return "none"
    return packed if packed in {"snappy", "gzip", "brotli", "zstd", "lz4"} else "snappy"
