"""Our own comments are well formed, balanced, and the same on every run."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import pytest

from model.dataset import Split, UnreadableData, skeleton, split
from model.finding import Attribute
from model.newscomments import FOLDER, by_identity, news_comments

EXAMPLES = news_comments()
KEYS = {"text", "attributes", "target", "topic", "kind", "english", "pair"}
TARGETS = {None, "author", "commenter", "public person", "group", "self", "thing"}
FILES = sorted(path for path in FOLDER.glob("*.jsonl") if path.stem != "templates")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_line_has_its_fields(path: Path) -> None:
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        assert set(row) == KEYS, line
        assert row["target"] in TARGETS, line
        assert row["english"] in {"in", "gb", "us"}, line
        assert row["text"].strip(), line
        assert {Attribute(name) for name in row["attributes"]} <= set(Attribute)


def test_no_comment_is_written_twice() -> None:
    files = [e for e in EXAMPLES if e.corpus != "own/templates"]
    letters = [skeleton(example.text) for example in files]

    assert len(letters) - len(set(letters)) == 0


def test_there_are_thousands_and_most_are_accepted() -> None:
    written = [e for e in EXAMPLES if e.corpus != "own/templates"]
    accepted = sum(not any(e.labels.values()) for e in written) / len(written)

    assert len(written) > 3_000
    assert 0.5 < accepted < 0.75


def test_minimal_pairs_hold_both_verdicts() -> None:
    verdicts: dict[str, set[bool]] = defaultdict(set)
    sizes: dict[str, int] = defaultdict(int)
    for example in EXAMPLES:
        if example.corpus != "own/templates" and example.group:
            verdicts[example.group].add(any(example.labels.values()))
            sizes[example.group] += 1
    pairs = [group for group, size in sizes.items() if size > 1]

    mixed = sum(len(verdicts[group]) == 2 for group in pairs)

    assert mixed > 0.9 * len(pairs)


def test_templates_are_filled_completely_and_equally_on_every_run() -> None:
    texts = [e.text for e in EXAMPLES if e.corpus == "own/templates"]

    assert not [text for text in texts if "{" in text or "}" in text]
    assert texts == [e.text for e in news_comments() if e.corpus == "own/templates"]


def test_a_template_never_stands_on_both_sides_of_the_split() -> None:
    sides: dict[str | None, set[Split]] = defaultdict(set)
    for example, side in zip(EXAMPLES, split(EXAMPLES), strict=True):
        sides[example.group].add(side)

    assert {len(s) for s in sides.values()} == {1}


def test_what_bias_is_measured_on_is_never_trained_on() -> None:
    trained = {skeleton(example.text) for example in EXAMPLES}

    filled = by_identity()

    assert len({term for term, _ in filled}) >= 40
    assert not [e.text for _, e in filled if skeleton(e.text) in trained]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("no json", r"templates.jsonl:1: .*JSON"),
        ('{"text": "x", "id": "a"}', r"templates.jsonl:1: KeyError\('attributes'\)"),
        ('{"text": "x", "attributes": ["RUDE"]}', r"templates.jsonl:1: .*RUDE"),
        ('{"text": "{NOBODY}", "attributes": [], "id": "a"}', r"no slot 'NOBODY'"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "templates.jsonl").write_text(line + "\n", "utf-8")
    (tmp_path / "slots.json").write_text((FOLDER / "slots.json").read_text("utf-8"))

    with pytest.raises(UnreadableData, match=problem):
        news_comments(tmp_path)
