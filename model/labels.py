"""Labels: people's decisions as training data, one JSON object a line.

Checked wholly before anything is learnt, so that a bad file costs nothing but a
sentence that says where it is bad.  Leaves out what a label teaches.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from model.dataset import UnreadableData
from model.finding import Rule

SCHEMA = 1
"""Version of the file's format; another one is refused."""

KINDS = ("flagged", "reported", "appealed", "escalated", "sample", "unasked")
"""How a comment came before people the first time; unasked: it did not wait."""

MAX_WEIGHT = 100.0
"""Heaviest label: one that stands for a hundred comments nobody looked at."""

LINE_BREAKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"}
"""Characters at which some readers break a line, as JSON may write them."""

_LONE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which JSON can name and no file can hold."""


@dataclass(frozen=True, slots=True)
class Label:
    """What people decided about one comment.

    `rule` is the clause that a rejected comment breaks, if they named one; `kind` one
    of KINDS; `weight` in (0, MAX_WEIGHT] is how many comments it stands for; `model`
    the version that judged the comment.  `author` and `article` are opaque: all they
    tell is which comments share one.
    """

    text: str
    rejected: bool
    rule: Rule | None = None
    kind: str = "unasked"
    weight: float = 1.0
    model: str = ""
    id: str = ""
    site: str = ""
    author: str | None = None
    article: str | None = None
    decided_at: str = ""


NAMES = tuple(field.name for field in fields(Label))


def read_labels(paths: Iterable[Path]) -> list[Label]:
    """Read label files; rows that are equal in every field are one label.

    Raises:
        UnreadableData: a file is missing or empty, or a line breaks the format; the
            message names file, line and field.
    """
    rows = [label for path in paths for label in _read(path)]
    return list(dict.fromkeys(rows))


def write_row(label: Label) -> str:
    """The label as a line of a file, without the line's end."""
    # Not by `asdict`, which takes twice as long as all the rest of an export's line.
    row = {"schema": SCHEMA, **{name: getattr(label, name) for name in NAMES}}
    return json.dumps(row, ensure_ascii=False, allow_nan=False).translate(LINE_BREAKS)


def check_classes(labels: Sequence[Label]) -> None:
    """Refuse labels from which nothing can be learnt.

    Raises:
        UnreadableData: there are none, or all of them say the same.
    """
    if not labels:
        raise UnreadableData("there are no labels: nothing can be learnt")
    rejected = sum(label.rejected for label in labels)
    if rejected in (0, len(labels)):
        raise UnreadableData(
            f"all {len(labels)} labels are {'rejected' if rejected else 'accepted'}: "
            "nothing can be learnt from one class"
        )


def _read(path: Path) -> list[Label]:
    try:
        lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").split(b"\n")
    except OSError as error:
        raise UnreadableData(f"{path} cannot be read: {error.strerror}") from error
    if not lines[-1].strip():
        lines.pop()
    if not lines:
        raise UnreadableData(f"{path} has no labels")
    return [_label(line, f"{path}:{n}") for n, line in enumerate(lines, start=1)]


def _label(line: bytes, where: str) -> Label:
    try:
        row = _parsed(line)
        _check_fields(row)
        label = Label(**{**row, "rule": _rule(row.get("rule"))})
        _check(label)
    except ValueError as error:
        raise UnreadableData(f"{where}: {error}") from error
    return replace(label, weight=float(label.weight))


def _parsed(line: bytes) -> dict[str, Any]:
    """The line's object without its schema, which is this one."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8 text") from error
    try:
        row = json.loads(text, object_pairs_hook=_once)
    except _Twice:
        raise
    except (ValueError, RecursionError) as error:
        raise ValueError("not JSON") from error
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    if "schema" not in row:
        raise ValueError(f"schema is missing; this reads schema {SCHEMA}")
    schema = row.pop("schema")
    if schema is True or schema != SCHEMA:
        raise ValueError(f"schema is {_shown(schema)}; this reads schema {SCHEMA}")
    return row


class _Twice(ValueError):
    """A field stands twice in one object."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Twice(f"{_shown(twice)} is given twice")
    return row


TYPES: Mapping[str, tuple[type, ...]] = {
    "rejected": (bool,),
    "rule": (str, type(None)),
    "weight": (int, float),
    "author": (str, type(None)),
    "article": (str, type(None)),
}
"""What a field may hold; those not named hold text."""


def _check_fields(row: Mapping[str, Any]) -> None:
    for name, value in row.items():
        if name not in NAMES:
            raise ValueError(f"unknown field {_shown(name)}")
        is_number = name == "weight" and not isinstance(value, bool)
        types = TYPES.get(name, (str,))
        if not isinstance(value, types) or (name == "weight" and not is_number):
            raise ValueError(f"{name} is {_shown(value)} and not {_wanted(name)}")
        if isinstance(value, str) and _LONE.search(value):
            raise ValueError(f"{name} holds half a character")
    for name in ("text", "rejected"):
        if name not in row:
            raise ValueError(f"{name} is missing")


def _wanted(name: str) -> str:
    words = {"rejected": "true or false", "weight": "a number", "rule": "a rule"}
    return words.get(name, "text")


def _rule(name: str | None) -> Rule | None:
    if name is None:
        return None
    if name not in list(Rule):
        raise ValueError(f"rule {_shown(name)} is none of {', '.join(Rule)}")
    return Rule(name)


def _check(label: Label) -> None:
    if not label.text.strip():
        raise ValueError("text is blank")
    if label.rule and not label.rejected:
        raise ValueError(f"accepted, and yet it breaks the rule {label.rule}")
    if label.kind not in KINDS:
        raise ValueError(f"kind {_shown(label.kind)} is none of {', '.join(KINDS)}")
    if not 0 < label.weight <= MAX_WEIGHT:
        raise ValueError(
            f"weight {_shown(label.weight)} is not above 0 and at most {MAX_WEIGHT:.0f}"
        )


def _shown(value: object) -> str:
    """A value fit for a message: short, on one line."""
    text = json.dumps(value, ensure_ascii=True)
    return text if len(text) <= 40 else f"{text[:36]} ..."
