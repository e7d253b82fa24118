"""Rows of an archive, as JSON lines or CSV, read and written one at a time.

Judges nothing.  What cannot be read as a row becomes a row with a `problem`, and
reading goes on after it.
"""

from __future__ import annotations

import codecs
import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from service.errors import ConfigurationError

LONGEST = 4 * 2**20
"""Longest line in bytes, and longest CSV field in characters.

It bounds the memory: a file without a single line break is read in pieces.
"""

TEXT = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: the columns it carries, or why it could not be read."""

    columns: Mapping[str, object] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Format:
    """How rows are read from bytes, and how they are written.

    `read` takes the names of the result columns: where the archive has a column of such
    a name, it is carried along under another one, with `input_` before it.  `writer`
    takes the output and answers a function that writes a row's columns.
    """

    read: Callable[[BinaryIO, frozenset[str]], Rows]
    writer: Callable[[BinaryIO, list[str]], Callable[[Mapping[str, object]], None]]


@dataclass(frozen=True, slots=True)
class Rows:
    """What an archive holds: the names of its columns if it states them, and rows."""

    names: list[str]
    rows: Iterable[Row]


def read_json_lines(stream: BinaryIO, taken: frozenset[str]) -> Rows:
    """Read one JSON object from each line; blank lines are skipped."""
    return Rows([], _json_rows(stream, taken))


def read_csv(stream: BinaryIO, taken: frozenset[str]) -> Rows:
    """Read a CSV file (RFC 4180) in UTF-8, with or without a byte order mark.

    Bytes that are not UTF-8 become lone surrogates, so that other columns than `text`
    are carried along as they were.

    Raises:
        ConfigurationError: the header is missing, names a column twice, or has no
            column `text`.
    """
    csv.field_size_limit(LONGEST)
    # Strict: an unclosed quote would silently swallow the comments that follow it.
    reader = csv.reader(_CsvLines(_lines(stream)), strict=True)
    names = _csv_header(reader)
    kept = [free_name(name, taken) for name in names]
    return Rows(kept, _csv_rows(reader, kept))


def json_writer(
    stream: BinaryIO, names: list[str]
) -> Callable[[Mapping[str, object]], None]:
    """Write each row as one line of JSON; `names` is not needed."""

    def write(columns: Mapping[str, object]) -> None:
        try:
            line = json.dumps(columns, ensure_ascii=False).encode()
        except UnicodeEncodeError:  # lone surrogates: only an escape can carry them
            line = json.dumps(columns).encode()
        stream.write(line + b"\n")

    return write


def csv_writer(
    stream: BinaryIO, names: list[str]
) -> Callable[[Mapping[str, object]], None]:
    """Write a header and each row as CSV; a list becomes JSON in its cell."""
    writer = csv.writer(_Utf8(stream))
    writer.writerow(names)

    def write(columns: Mapping[str, object]) -> None:
        writer.writerow([_cell(columns.get(name)) for name in names])

    return write


FORMATS: Mapping[str, Format] = {
    "jsonl": Format(read_json_lines, json_writer),
    "csv": Format(read_csv, csv_writer),
}


def free_name(name: str, taken: frozenset[str]) -> str:
    """Name a carried column so that it does not collide with a result column."""
    while name in taken:
        name = f"input_{name}"
    return name


class _CsvLines:
    """Lines as text; raises for one that is too long.

    No generator: one that has raised is at its end, and reading has to go on.
    """

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if line is None:
            raise csv.Error(f"line longer than {LONGEST} bytes")
        return line.decode("utf-8", "surrogateescape")


class _Utf8:
    """Text on its way to bytes.  A TextIOWrapper would close them when it goes."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(text.encode("utf-8", "surrogateescape"))


def _json_rows(stream: BinaryIO, taken: frozenset[str]) -> Iterator[Row]:
    for number, line in enumerate(_lines(stream), start=1):
        if line is None:
            yield Row(problem=f"line {number}: longer than {LONGEST} bytes")
        elif line.strip():
            yield _json_row(number, line, taken)


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines of at most LONGEST bytes; None for a longer one."""
    head = stream.readline(LONGEST).removeprefix(codecs.BOM_UTF8)
    while head:
        piece = head
        while len(piece) >= LONGEST and not piece.endswith(b"\n"):
            piece = stream.readline(LONGEST)
        yield head if piece is head else None
        head = stream.readline(LONGEST)


def _json_row(number: int, line: bytes, taken: frozenset[str]) -> Row:
    try:
        value = json.loads(
            line.decode(), parse_constant=_refuse_number, parse_float=_finite
        )
    except json.JSONDecodeError as error:
        return Row(problem=f"line {number}: not JSON: {error.msg} (at {error.colno})")
    except UnicodeDecodeError as error:
        return Row(problem=f"line {number}: not UTF-8 (at byte {error.start + 1})")
    except ValueError as error:
        return Row(problem=f"line {number}: {error}")
    except RecursionError:
        return Row(problem=f"line {number}: nested too deeply")
    if not isinstance(value, dict):
        return Row(problem=f"line {number}: not a JSON object")
    return Row({free_name(name, taken): value[name] for name in value})


def _refuse_number(literal: str) -> float:
    raise ValueError(f"{literal} is not JSON")


def _finite(literal: str) -> float:
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return value


def _csv_header(reader: Iterator[list[str]]) -> list[str]:
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise ConfigurationError(f"The header is not CSV: {error}.") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"The header names the column {twice[0]!r} twice.")
    if TEXT not in names:
        found = ", ".join(map(repr, names[:10])) or "nothing"
        raise ConfigurationError(f"There is no column 'text' in the header: {found}.")
    return names


def _csv_rows(reader: Iterator[list[str]], names: list[str]) -> Iterator[Row]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(problem=f"row {number}: not CSV: {error}")
            continue
        if cells:
            yield _csv_row(number, cells, names)


def _csv_row(number: int, cells: list[str], names: list[str]) -> Row:
    columns = dict(zip(names, cells, strict=False))
    if len(cells) == len(names):
        return Row(columns)
    return Row(
        columns,
        f"row {number}: {len(cells)} cells where the header has {len(names)}",
    )


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return value
