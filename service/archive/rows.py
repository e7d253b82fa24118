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
from itertools import count
from typing import BinaryIO

from service.errors import ConfigurationError

LONGEST = 4 * 2**20
"""Longest line in bytes, and longest CSV field in characters.

It bounds the memory: a file without a single line break is read in pieces.
"""

PIECE = 2**20
"""Bytes that are read at once where lines are counted."""

TEXT = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read: the columns it carries, or why it could not be read."""

    columns: Mapping[str, object] = field(default_factory=dict)
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where in its file a stream begins.

    `first` is the number of the row that comes first, from 1, and `names` the header
    of a CSV file that stands before it; None where the stream begins with its own.
    """

    first: int = 1
    names: tuple[str, ...] | None = None


START = Place()


@dataclass(frozen=True, slots=True)
class Format:
    """How rows are read from bytes, and how they are written.

    `read` takes the names of the result columns: where the archive has a column of such
    a name, it is carried along under another one, with `input_` before it.  `writer`
    takes the output, the names of its columns, and whether they stand at its head, and
    answers a function that writes a row's columns.  `cut` finds where a file may be
    divided into pieces of about so many bytes, so that each begins with a row.
    """

    read: Callable[[BinaryIO, frozenset[str], Place], Rows]
    writer: Callable[
        [BinaryIO, list[str], bool], Callable[[Mapping[str, object]], None]
    ]
    cut: Callable[[BinaryIO, int], Iterator[Cut]]


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a file: its bytes, `end` not included, and what stands before it."""

    start: int
    end: int
    place: Place


@dataclass(frozen=True, slots=True)
class Rows:
    """What an archive holds: the names of its columns if it states them, and rows."""

    names: list[str]
    rows: Iterable[Row]


def read_json_lines(
    stream: BinaryIO, taken: frozenset[str], place: Place = START
) -> Rows:
    """Read one JSON object from each line; blank lines are skipped."""
    return Rows([], _json_rows(stream, taken, place.first))


def read_csv(stream: BinaryIO, taken: frozenset[str], place: Place = START) -> Rows:
    """Read a CSV file (RFC 4180) in UTF-8, with or without a byte order mark.

    Bytes that are not UTF-8 become lone surrogates, so that other columns than `text`
    are carried along as they were.

    Raises:
        ConfigurationError: the header is missing, names a column twice, or has no
            column `text`.
    """
    reader = _csv_reader(stream, place)
    names = _csv_header(reader) if place.names is None else place.names
    kept = free_names(names, taken)
    return Rows(kept, _csv_rows(reader, kept, place.first))


def cut_json_lines(stream: BinaryIO, size: int) -> Iterator[Cut]:
    """Cut after the line with which a piece reaches the size."""
    start, end, first, number = 0, 0, 1, 1
    while piece := stream.read(min(PIECE, start + size - end)):
        end, number = end + len(piece), number + piece.count(b"\n")
        if end - start < size:
            continue
        while not piece.endswith(b"\n") and (piece := stream.readline(PIECE)):
            end, number = end + len(piece), number + piece.count(b"\n")
        yield Cut(start, end, Place(first))
        start, first = end, number
    if end > start or end == 0:
        yield Cut(start, end, Place(first))


def cut_csv(stream: BinaryIO, size: int) -> Iterator[Cut]:
    """Cut after the row with which a piece reaches the size.

    Rows are found as `read_csv` finds them, so a line break inside quotes is no end.

    Raises:
        ConfigurationError: as `read_csv`.
    """
    reader = _csv_reader(stream, START)
    names = tuple(_csv_header(reader))
    start, place = 0, START
    for number in count(1):
        try:
            next(reader)
        except csv.Error:
            pass  # It is a row with a problem, and ends where reading goes on.
        except StopIteration:
            break
        if (end := stream.tell()) - start >= size:
            yield Cut(start, end, place)
            start, place = end, Place(number + 1, names)
    if (end := stream.tell()) > start:
        yield Cut(start, end, place)


def json_writer(
    stream: BinaryIO, names: list[str], headed: bool = True
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
    stream: BinaryIO, names: list[str], headed: bool = True
) -> Callable[[Mapping[str, object]], None]:
    """Write a header and each row as CSV; a list becomes JSON in its cell."""
    writer = csv.writer(_Utf8(stream))
    if headed:
        writer.writerow(names)

    def write(columns: Mapping[str, object]) -> None:
        writer.writerow([_cell(columns.get(name)) for name in names])

    return write


FORMATS: Mapping[str, Format] = {
    "jsonl": Format(read_json_lines, json_writer, cut_json_lines),
    "csv": Format(read_csv, csv_writer, cut_csv),
}


def free_names(names: Iterable[str], taken: frozenset[str]) -> list[str]:
    """Name carried columns so that none is called like a result, or like another."""
    names = list(names)
    used = taken.union(names)
    return [_free_name(name, used) if name in taken else name for name in names]


def _free_name(name: str, used: frozenset[str]) -> str:
    while name in used:
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


def _json_rows(stream: BinaryIO, taken: frozenset[str], first: int) -> Iterator[Row]:
    for number, line in enumerate(_lines(stream, is_start=first == 1), start=first):
        if line is None:
            yield Row(problem=f"line {number}: longer than {LONGEST} bytes")
        elif line.strip():
            yield _json_row(number, line, taken)


def _lines(stream: BinaryIO, *, is_start: bool) -> Iterator[bytes | None]:
    """Lines of at most LONGEST bytes; None for a longer one.

    A byte order mark is taken away at the start of a file, and nowhere else.
    """
    head = stream.readline(LONGEST)
    if is_start:
        head = head.removeprefix(codecs.BOM_UTF8)
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
    if taken.isdisjoint(value):
        return Row(value)
    return Row(dict(zip(free_names(value, taken), value.values(), strict=True)))


def _refuse_number(literal: str) -> float:
    raise ValueError(f"{literal} is not JSON")


def _finite(literal: str) -> float:
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is out of range")
    return value


def _csv_reader(stream: BinaryIO, place: Place) -> Iterator[list[str]]:
    csv.field_size_limit(LONGEST)
    lines = _lines(stream, is_start=place.names is None)
    # Strict: an unclosed quote would silently swallow the comments that follow it.
    return csv.reader(_CsvLines(lines), strict=True)


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


def _csv_rows(
    reader: Iterator[list[str]], names: list[str], first: int
) -> Iterator[Row]:
    for number in count(first):
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
