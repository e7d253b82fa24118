"""Full training learns from what corpora there are and from labels, together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from model import artifact as artifacts
from model.artifact import Artifact
from model.dataset import Example, Split, UnreadableData, split
from model.finding import Attribute, Rule
from model.full import LABEL_WEIGHT, STAGES, digest, examples_of, settings, train
from model.judge import Judge
from model.labels import Label
from model.lessons import described
from model.lexicon.matcher import load_lexicon
from tests.tiny_corpora import write_corpora

CARD = json.loads((artifacts.shipped() / "card.json").read_text("utf-8"))
TOWNS = ("Ashby", "Corley", "Denton", "Elmley", "Fenwick", "Garton", "Hexley", "Ilton")
WORDS = ("road", "bridge", "school", "market", "budget", "library", "harbour", "park")


def decided() -> list[Label]:
    """A newsroom whose people take a word for an insult that nobody else knows."""
    labels = []
    for number, town in enumerate(TOWNS):
        for word in WORDS:
            texts = {
                f"Only a gommer from {town} would write this about the {word}.": True,
                f"The {word} in {town} has been closed since the spring.": False,
            }
            labels += [
                Label(
                    text,
                    rejected,
                    Rule.PERSONAL if rejected else None,
                    kind="flagged" if rejected else "sample",
                    id=f"{number}-{word}-{rejected}",
                    article=f"{town}-{word}",
                    decided_at="2026-11-20T10:00:00Z",
                )
                for text, rejected in texts.items()
            ]
    return labels


def trained(corpora: Path, labels: Sequence[Label], said: list[str]) -> Artifact:
    return train(corpora, said.append, labels)


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder, who has got two of the corpora."""
    root = tmp_path_factory.mktemp("corpora")
    return write_corpora(root, {"profanity_check", "paradetox"})


@pytest.fixture(scope="module")
def said() -> list[str]:
    return []


@pytest.fixture(scope="module")
def artifact(corpora: Path, said: list[str]) -> Artifact:
    return trained(corpora, decided(), said)


def test_it_learns_what_only_the_labels_say(artifact: Artifact) -> None:
    judge = Judge(load_lexicon(), artifact)
    shipped = Judge(load_lexicon(), artifacts.load(artifacts.shipped()))
    text = "What a gommer, writing about the harbour again."

    taught = judge.probabilities(text)[Attribute.INSULT]

    assert taught > 2 * shipped.probabilities(text)[Attribute.INSULT]
    assert taught > artifact.card["thresholds"]["personal"]["flag"]


def test_the_card_says_what_it_learnt_from(artifact: Artifact) -> None:
    card = artifact.card

    assert card["mode"] == "full"
    assert card["labels"] == described(decided())
    assert card["labels"]["count"] == 128
    assert card["labels"]["rules"] == {"personal": 64}
    assert sum(card["data"]["examples"]["labels"].values()) == 128
    assert card["settings"]["label_weight"] == LABEL_WEIGHT


def test_the_card_says_what_was_left_out(artifact: Artifact) -> None:
    missing = artifact.card["data"]["left_out"]

    assert {"jigsaw", "civil", "stormfront"} <= set(missing)
    assert not {"paradetox", "profanity_check"} & set(missing)


def test_a_figure_that_nothing_was_measured_on_is_absent(artifact: Artifact) -> None:
    assert "toxic_span_f1" not in artifact.card["figures"]
    assert artifact.card["figures"]["roc_auc"]["TOXICITY"]["own"]["roc_auc"] > 0.75


def test_words_that_are_sure_reject_although_the_classifier_is_not(
    artifact: Artifact,
) -> None:
    assert all(its["reject"] for its in artifact.card["thresholds"].values())


def test_the_version_can_be_stored_and_served(
    artifact: Artifact, tmp_path: Path
) -> None:
    loaded = artifacts.load(artifacts.save(artifact, tmp_path))

    assert loaded.version == artifact.version
    assert loaded.card["reference"]["fates"]


def test_it_says_as_often_as_stated_what_comes_next(
    artifact: Artifact, said: list[str]
) -> None:
    assert len(said) == STAGES
    assert said[0] == "reading corpora"


def test_what_is_left_out_is_said_and_equal_labels_make_an_equal_version(
    artifact: Artifact, corpora: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    again = trained(corpora, decided()[::-1], [])

    assert again.version == artifact.version
    np.testing.assert_array_equal(again.mix, artifact.mix)
    for block, its in artifact.blocks.items():
        assert again.blocks[block].names == its.names
        np.testing.assert_array_equal(again.blocks[block].coef, its.coef)
    assert "left out, not there: jigsaw, civil" in capsys.readouterr().err


def test_without_corpora_nothing_is_trained(tmp_path: Path) -> None:
    with pytest.raises(UnreadableData, match=r"holds no corpus: bring some"):
        train(tmp_path, lambda _: None, decided())


def test_without_labels_the_version_that_ships_keeps_its_name() -> None:
    fingerprint = CARD["data"]["fingerprint"]

    assert CARD["version"].endswith(digest(fingerprint, []))
    assert json.loads(json.dumps(settings())) == CARD["settings"]


def test_labels_name_the_version_and_so_do_their_articles() -> None:
    label = Label("You gommer", True, article="a")
    other = Label("You gommer", True, article="b")

    names = {digest("x", given) for given in ([], [label], [other], [label, other])}

    assert len(names) == 4
    assert digest("x", [label, other]) == digest("x", [other, label])


def test_a_label_counts_for_what_it_stands_for() -> None:
    (example,) = examples_of([Label("You gommer", True, Rule.PERSONAL, weight=3.0)])

    assert example == Example(
        "You gommer",
        {Attribute.TOXICITY: 1, Attribute.INSULT: 1},
        "labels",
        3.0 * LABEL_WEIGHT,
    )


def test_a_telephone_number_is_no_insult() -> None:
    text = "Call him at +44 20 7946 0958 and tell him."

    examples = examples_of(
        [
            Label(text, True, Rule.PERSONAL),
            Label(text, True),
            Label(text, False),
            Label(f"{text} Gommer!", True, Rule.OBSCENE),
        ]
    )

    known = [example.labels for example in examples]
    assert {} in known
    assert [its[Attribute.PROFANITY] for its in known if its] == [0, 1]
    assert [its.get(Attribute.INSULT) for its in known] == [None, None, 0, None]


def test_of_decisions_on_one_text_the_newest_comes_first() -> None:
    old = Label("You gommer", False, id="a", decided_at="2026-11-01T08:00:00Z")
    new = Label("You gommer", True, id="b", decided_at="2026-11-02T08:00:00Z")

    for labels in ([old, new], [new, old]):
        assert [e.labels[Attribute.TOXICITY] for e in examples_of(labels)] == [1, 0]


@pytest.mark.parametrize("field", ["article", "author"])
def test_labels_of_one_article_or_else_author_stay_on_one_side(field: str) -> None:
    labels = [
        Label(f"{number} gommers of {town}", True, **{field: town})  # type: ignore[arg-type]
        for town in TOWNS
        for number in range(30)
    ]
    examples = examples_of(labels)

    parts: dict[str | None, set[Split]] = {}
    for example, part in zip(examples, split(examples), strict=True):
        parts.setdefault(example.group, set()).add(part)

    assert len(parts) == len(TOWNS)
    assert all(len(its) == 1 for its in parts.values())
