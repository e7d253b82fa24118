"""What the labels of the public corpora mean for us, and what they leave unknown."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from pathlib import Path

import pytest

from model.corpora import CORPORA, civil_test_texts, left_out, read_corpus
from model.dataset import CLEAN, Example, UnreadableData
from model.finding import Attribute
from model.measuring import gather
from tests.tiny_corpora import write_corpora

TOXICITY, SEVERE, IDENTITY, INSULT, PROFANITY, THREAT = Attribute


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


def labels(root: Path, corpus: str) -> dict[str, Mapping[Attribute, int]]:
    return {example.text: example.labels for example in read_corpus(corpus, root)}


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
        ("profanity_check", "What utter dross", {TOXICITY: 1}),
        ("profanity_check", "The lane was resurfaced.", CLEAN),
    ],
)
def test_labels_of(
    root: Path, corpus: str, text: str, expected: Mapping[Attribute, int]
) -> None:
    assert labels(root, corpus)[text] == expected


@pytest.mark.parametrize(
    ("corpus", "count"),
    [("convabuse", 2), ("misogyny", 2), ("openai", 1), ("profanity_check", 3)],
)
def test_what_cannot_be_used_is_left_out(root: Path, corpus: str, count: int) -> None:
    assert len(labels(root, corpus)) == count


def test_the_challenges_own_table_will_do_as_well(tmp_path: Path) -> None:
    path = tmp_path / "jigsaw" / "train.csv.gz"
    path.parent.mkdir()
    table = (
        "id,comment_text,toxic,severe_toxic,obscene,threat,insult,identity_hate\n"
        "a,Thank you for the link.,0,0,0,0,0,0\nb,Go away you dolt,1,0,0,0,1,0\n"
        "c,Oh damn,0,0,1,0,0,0\n"
    )
    path.write_bytes(gzip.compress(table.encode()))

    found = labels(tmp_path, "jigsaw")

    assert found["Thank you for the link."] == CLEAN
    assert found["Go away you dolt"] == {**CLEAN, TOXICITY: 1, INSULT: 1}
    assert found["Oh damn"] == {**CLEAN, TOXICITY: 1, PROFANITY: 1}


@pytest.mark.parametrize("corpus", CORPORA)
def test_a_missing_file_is_named(tmp_path: Path, corpus: str) -> None:
    (tmp_path / CORPORA[corpus].folder).mkdir()

    with pytest.raises(UnreadableData, match=r"gz is missing: complete the folder"):
        read_corpus(corpus, tmp_path)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        pytest.param(b"class,tweet\n2,rain\n", "BadGzipFile", id="not gzipped"),
        pytest.param(
            gzip.compress(b"class,tweet\n2,rain\n")[:-9], "EOFError", id="cut short"
        ),
        pytest.param(gzip.compress(b"a,b\n1,2\n"), "'tweet'", id="other columns"),
        pytest.param(gzip.compress(b"class,tweet\n7,x\n"), "'7'", id="other labels"),
        pytest.param(gzip.compress(b"class,tweet\n2\n"), "row 1 has too few", id="row"),
        pytest.param(gzip.compress(b"class,tweet\n2,\xff\n"), "utf-8", id="not UTF-8"),
        pytest.param(gzip.compress(b""), "holds no comments", id="empty"),
    ],
)
def test_a_broken_file_is_refused_in_words(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    path = tmp_path / "davidson" / "labeled_data.csv.gz"
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(UnreadableData, match=problem) as refused:
        gather(tmp_path)

    assert str(path.parent) in str(refused.value)


def test_spans_that_cannot_be_understood_are_refused(tmp_path: Path) -> None:
    write_corpora(tmp_path)
    path = tmp_path / "civil_toxic_spans" / "tsd_test.csv.gz"
    path.write_bytes(gzip.compress(b"spans,text\nnone,Oh\n"))

    with pytest.raises(UnreadableData, match="civil_toxic_spans holds a file"):
        civil_test_texts(tmp_path)


def test_corpora_that_are_not_there_are_left_out(tmp_path: Path) -> None:
    write_corpora(tmp_path, {"edos", "profanity_check"})

    data = gather(tmp_path)

    public = {e.corpus for e in data.examples if not e.corpus.startswith("own/")}
    assert public == {"edos", "profanity_check"}
    assert civil_test_texts(tmp_path) == []
    assert set(left_out(tmp_path)) == set(CORPORA) - public


def test_what_only_repeats_others_is_not_missed(root: Path, tmp_path: Path) -> None:
    write_corpora(tmp_path, {"edos"})

    assert left_out(root) == []
    assert "jigsaw" in left_out(tmp_path)
    assert "profanity_check" not in left_out(tmp_path)


def test_without_any_corpus_it_is_said_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"python -m model\.fetch --out"):
        gather(tmp_path)


def test_of_two_equal_texts_the_one_with_more_labels_is_kept(root: Path) -> None:
    examples = {e.text: e for e in gather(root).examples}

    assert examples["You utter fool go away"].corpus == "jigsaw"
    assert examples["What utter dross"].corpus == "profanity_check"


def test_what_a_sites_people_decided_goes_before_all(root: Path) -> None:
    allowed = Example("you utter fool, go away", {TOXICITY: 0}, "labels")

    examples = [e for e in gather(root, [allowed]).examples if "utter fool" in e.text]

    assert examples == [allowed]
