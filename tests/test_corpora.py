"""What the labels of the public corpora mean for us, and what they leave unknown."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from model.corpora import LOADERS, civil_test_texts
from model.dataset import CLEAN, UnreadableData
from model.finding import Attribute
from tests.tiny_corpora import write_corpora

TOXICITY, SEVERE, IDENTITY, INSULT, PROFANITY, THREAT = Attribute


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


def labels(root: Path, corpus: str) -> dict[str, Mapping[Attribute, int]]:
    return {example.text: example.labels for example in LOADERS[corpus](root)}


def test_jigsaw_keeps_unknown_kinds_unknown(root: Path) -> None:
    found = labels(root, "jigsaw")

    assert found["Please, see the talk page."] == CLEAN
    assert found["You utter fool go away"] == {**CLEAN, TOXICITY: 1, INSULT: 1}
    assert found["Vandal again"] == {TOXICITY: 1}


def test_civil_counts_only_what_most_judges_marked(root: Path) -> None:
    found = labels(root, "civil")

    insult = {TOXICITY: 1, INSULT: 1, PROFANITY: 0, IDENTITY: 0, THREAT: 0}
    assert found == {"You clown of a mayor": insult}


def test_spans_of_the_shared_task_are_offsets(root: Path) -> None:
    assert civil_test_texts(root) == [("Oh you goose", frozenset({0, 1}))]


@pytest.mark.parametrize(
    ("corpus", "text", "expected"),
    [
        ("davidson", "rain & wind all day", CLEAN),
        ("davidson", "that hoe garden again", {TOXICITY: 1, PROFANITY: 1}),
        ("davidson", "send that lot away", {TOXICITY: 1, IDENTITY: 1}),
        ("hatemoji", "I would 🔪 them", {TOXICITY: 1, IDENTITY: 1, THREAT: 1}),
        ("hatemoji", "we saw a 🐀", CLEAN),
        ("paradetox", "what a damn mess", {TOXICITY: 1}),
        ("paradetox", "what a mess", CLEAN),
        ("edos", "women cannot park", {TOXICITY: 1, IDENTITY: 1}),
        ("edos", "she parked", {IDENTITY: 0}),
        ("misogyny", "a fair point", {IDENTITY: 0}),
        ("convabuse", "you useless bot", {TOXICITY: 1}),
        ("convabuse", "how are you", CLEAN),
        ("context", "Buffoon", {TOXICITY: 1}),
        ("wikipedia", "The river runs south.", CLEAN),
        ("openai", "they are all vermin", {IDENTITY: 1, TOXICITY: 1, THREAT: 0}),
        ("stormfront", "they ruin towns", {TOXICITY: 1, IDENTITY: 1}),
        ("stormfront", "booklets arrived", {IDENTITY: 0, THREAT: 0}),
    ],
)
def test_labels_of(
    root: Path, corpus: str, text: str, expected: Mapping[Attribute, int]
) -> None:
    assert labels(root, corpus)[text] == expected


@pytest.mark.parametrize(
    ("corpus", "count"), [("convabuse", 2), ("misogyny", 2), ("openai", 1)]
)
def test_what_cannot_be_used_is_left_out(root: Path, corpus: str, count: int) -> None:
    assert len(labels(root, corpus)) == count


@pytest.mark.parametrize("corpus", LOADERS)
def test_a_missing_file_is_named(tmp_path: Path, corpus: str) -> None:
    with pytest.raises(UnreadableData, match=r"gz is missing: it is needed"):
        list(LOADERS[corpus](tmp_path))
