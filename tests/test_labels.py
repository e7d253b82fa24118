"""A file of labels is read wholly or refused, with the line that is bad."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.dataset import UnreadableData
from model.finding import Rule
from model.labelled import read_labelled
from model.labels import (
    KINDS,
    MAX_WEIGHT,
    SCHEMA,
    Label,
    check_classes,
    read_labels,
    write_row,
)

LABEL = Label(
    "Nobody asked you.\u2028 അഭിപ്രായം",
    True,
    Rule.PERSONAL,
    kind="reported",
    weight=2.5,
    model="2026-11-23-13b59f",
    id="c-1",
    site="default",
    author="a1",
    article="b2",
    decided_at="2026-11-24T09:00:00+00:00",
)
LEAST: dict[str, Any] = {"schema": SCHEMA, "text": "Fine by me.", "rejected": False}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "labels.jsonl"


def refusal(file: Path) -> str:
    with pytest.raises(UnreadableData) as caught:
        read_labels([file])
    return str(caught.value)


def test_what_is_written_is_read_again(file: Path) -> None:
    file.write_text(f"{write_row(LABEL)}\n{write_row(Label('Yes.', False))}\n", "utf-8")

    assert read_labels([file]) == [LABEL, Label("Yes.", False)]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LABELS = st.builds(
    Label,
    text=TEXTS.filter(str.strip),
    rejected=st.just(True),
    rule=st.none() | st.sampled_from(Rule),
    kind=st.sampled_from(KINDS),
    weight=st.floats(0, MAX_WEIGHT, exclude_min=True),
    id=TEXTS,
    author=st.none() | TEXTS,
)


@given(labels=st.lists(LABELS, min_size=1, unique=True))
def test_any_label_stands_on_one_line_and_comes_back(
    tmp_path_factory: pytest.TempPathFactory, labels: list[Label]
) -> None:
    file = tmp_path_factory.mktemp("labels") / "labels.jsonl"

    file.write_text("\n".join(map(write_row, labels)), "utf-8", newline="\n")

    assert len(file.read_text("utf-8").splitlines()) == len(labels)
    assert read_labels([file]) == labels


def test_three_fields_are_enough(file: Path) -> None:
    file.write_text(json.dumps(LEAST), "utf-8")

    assert read_labels([file]) == [Label("Fine by me.", False)]


def test_a_windows_editor_does_no_harm(file: Path) -> None:
    rows = f"{json.dumps(LEAST)}\r\n{write_row(LABEL)}\r\n"
    file.write_bytes(b"\xef\xbb\xbf" + rows.encode())

    assert read_labels([file]) == [Label("Fine by me.", False), LABEL]


def test_the_file_can_be_evaluated_on_too(file: Path) -> None:
    file.write_text(f"{write_row(LABEL)}\n{json.dumps(LEAST)}\n", "utf-8")

    assert [row.rejected for row in read_labelled(file)] == [True, False]


def test_rows_that_say_the_same_are_one_label(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "again.jsonl"
    for path in (file, other):
        path.write_text(f"{write_row(LABEL)}\n", "utf-8")
    contrary = replace(LABEL, rejected=False, rule=None)
    with other.open("a", encoding="utf-8") as lines:
        lines.write(f"{write_row(contrary)}\n{write_row(LABEL)}\n")

    assert read_labels([file, other, file]) == [LABEL, contrary]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"schema": 2}, "schema is 2; this reads schema 1"),
        ({"schema": True}, "schema is true; this reads schema 1"),
        ({"text": " \n"}, "text is blank"),
        ({"text": 3}, "text is 3 and not text"),
        ({"text": "\ud83d"}, "text holds half a character"),
        ({"author": "\udc00"}, "author holds half a character"),
        ({"rejected": 1}, "rejected is 1 and not true or false"),
        ({"rejected": "yes"}, 'rejected is "yes" and not true or false'),
        ({"rule": "rude"}, 'rule "rude" is none of derogatory, personal, obscene'),
        ({"rule": "personal"}, "accepted, and yet it breaks the rule personal"),
        ({"rule": ["personal"]}, 'rule is ["personal"] and not a rule'),
        ({"kind": "guess"}, 'kind "guess" is none of flagged, reported, appealed, '),
        ({"weight": 0}, "weight 0 is not above 0 and at most 100"),
        ({"weight": 101}, "weight 101 is not above 0 and at most 100"),
        ({"weight": True}, "weight is true and not a number"),
        ({"weight": float("nan")}, "weight NaN is not above 0"),
        ({"weight": 10**400}, "weight 100000"),
        ({"article": 7}, "article is 7 and not text"),
        ({"verdict": "x" * 99}, 'unknown field "verdict"'),
    ],
    ids=str,
)
def test_a_bad_field_is_named_with_its_line(
    file: Path, changed: dict[str, Any], complaint: str
) -> None:
    rows = [LEAST, {**LEAST, **changed}]
    file.write_text("\n".join(map(json.dumps, rows)), "utf-8")

    assert refusal(file).startswith(f"{file}:2: {complaint}")


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (b'{"schema": 1, "text": "cut', "not JSON"),
        (b"", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"text": "a", "rejected": true}', "schema is missing; this reads schema 1"),
        (b'{"schema": 1, "rejected": true}', "text is missing"),
        (b'{"schema": 1, "text": "a"}', "rejected is missing"),
        (
            b'{"schema": 1, "text": "a", "rejected": true, "rejected": false}',
            '"rejected" is given twice',
        ),
        ('{"schema": 1, "text": "caf\xe9"}'.encode("latin-1"), "not UTF-8 text"),
    ],
    ids=["broken", "empty", "deep", "list", "schema", "text", "verdict", "twice", "1"],
)
def test_a_bad_line_is_named(file: Path, line: bytes, complaint: str) -> None:
    good = json.dumps(LEAST).encode()
    file.write_bytes(b"\n".join([good, line, good]))

    assert refusal(file) == f"{file}:2: {complaint}"


def test_a_missing_and_an_empty_file_are_named(file: Path) -> None:
    assert refusal(file) == f"{file} cannot be read: No such file or directory"

    file.write_text("", "utf-8")

    assert refusal(file) == f"{file} has no labels"


@pytest.mark.parametrize(
    ("labels", "complaint"),
    [
        ([], "there are no labels: nothing can be learnt"),
        ([Label("a", True)] * 57, "all 57 labels are rejected: nothing can be learnt"),
        ([Label("a", False)], "all 1 labels are accepted: nothing can be learnt"),
    ],
    ids=["none", "rejected", "accepted"],
)
def test_one_class_teaches_nothing(labels: list[Label], complaint: str) -> None:
    with pytest.raises(UnreadableData, match=complaint):
        check_classes(labels)


def test_two_classes_may_teach() -> None:
    check_classes([Label("a", True), Label("b", False)])
