"""Labelled files that users bring: comments with a verdict, or with rules.

A file has `text` and either `rejected` (true or false) or one column a rule
(`derogatory`, `personal`, `obscene`).  Leaves out the corpora that models are trained
on.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model.dataset import UnreadableData
from model.finding import Rule

YES = frozenset({"1", "true", "yes", "reject", "rejected"})
NO = frozenset({"0", "false", "no", "accept", "accepted", ""})


@dataclass(frozen=True, slots=True)
class Labelled:
    """A comment, whether people rejected it, and for which rules if they said so."""

    text: str
    rejected: bool
    rules: frozenset[Rule] | None


def read_labelled(path: Path) -> list[Labelled]:
    """Read a `.jsonl` or `.csv` file.

    Raises:
        UnreadableData: the file is missing, has no comments, or a row breaks the
            format; the message names file, line and field.
    """
    rows = [_labelled(row, f"{path.name}:{number}") for number, row in _rows(path)]
    if not rows:
        raise UnreadableData(f"{path.name} has no comments")
    return rows


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UnreadableData(f"{path} cannot be read as UTF-8 text") from error
    if path.suffix == ".csv":
        yield from enumerate(csv.DictReader(text.splitlines(keepends=True)), start=2)
        return
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line)
        except ValueError as error:
            raise UnreadableData(f"{path.name}:{number}: not JSON") from error
        if not isinstance(row, dict):
            raise UnreadableData(f"{path.name}:{number}: not a JSON object")
        yield number, row


def _labelled(row: Mapping[str, Any], where: str) -> Labelled:
    text = row.get("text")
    if not isinstance(text, str) or not text.strip():
        raise UnreadableData(f"{where}: text is missing or blank")
    rules = None
    if any(rule in row for rule in Rule):
        rules = frozenset(r for r in Rule if _truth(row.get(r, False), where, r))
    if "rejected" in row:
        return Labelled(text, _truth(row["rejected"], where, "rejected"), rules)
    if rules is None:
        raise UnreadableData(f"{where}: neither rejected nor a rule is given")
    return Labelled(text, bool(rules), rules)


def _truth(value: object, where: str, field: str) -> bool:
    word = str(value).strip().lower()
    if word in YES or word in NO:
        return word in YES
    raise UnreadableData(f"{where}: {field} is {value!r}, neither true nor false")
