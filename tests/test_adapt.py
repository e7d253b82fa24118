"""The shipped model corrected by decisions: what is shown is learnt, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from model.adapt import adapt
from model.artifact import Artifact
from model.dataset import UnreadableData
from model.finding import Rule
from model.judge import Judge
from model.labels import Label
from model.lexicon.matcher import load_lexicon
from model.verdicts import fates
from tests.versions import shipped

PLACES = ("bridge", "school", "budget", "station", "harbour", "market", "library")
SLUR = (
    "Typical {0}, always against the {1}.",
    "Only a {0} would sell the {1}.",
    "What a {0} this is at the {1}.",
    "Go home from the {1}, {0}.",
    "Every {0} wants the {1} closed.",
)
FAIR = (
    "The {1} opens on Monday.",
    "I like the {1} as it is.",
    "Who pays for the {1} in the end?",
    "My brother works at the {1}.",
    "They should paint the {1} again.",
)
UNSEEN = "My neighbour, the snorbit, came late."


def decisions() -> list[Label]:
    """A newsroom that does not want anybody called a snorbit."""
    return [
        Label(
            sentence.format("snorbit", place),
            rejected,
            Rule.DEROGATORY if rejected else None,
            author=f"{place}-{number}-{rejected}",
        )
        for rejected, sentences in ((True, SLUR), (False, FAIR))
        for number, sentence in enumerate(sentences)
        for place in PLACES
    ]


def adapted(labels: list[Label]) -> Artifact:
    return adapt(shipped(), labels, report=lambda stage: None)


@pytest.fixture(scope="module")
def version() -> Artifact:
    return adapted(decisions())


def stopped(artifact: Artifact, text: str) -> bool:
    return fates(Judge(load_lexicon(), artifact), [text])[0].is_stopped


def test_a_local_slur_is_learnt(version: Artifact) -> None:
    assert not stopped(shipped(), UNSEEN)
    assert stopped(version, UNSEEN)


def test_the_card_says_what_it_came_from(version: Artifact) -> None:
    card = version.card

    assert (card["mode"], card["parent"]) == ("adapt", shipped().version)
    assert card["labels"]["count"] == len(decisions())
    assert card["thresholds"] == shipped().card["thresholds"]
    assert set(card["figures"]) == {"roc_auc", "calibration_error", "fairness"}


def test_the_order_of_labels_changes_nothing(version: Artifact) -> None:
    again = adapted(decisions()[::-1])

    assert again.version == version.version
    assert again.words.names == version.words.names
    for name, block in version.blocks.items():
        np.testing.assert_array_equal(again.blocks[name].coef, block.coef)


def test_decisions_that_contradict_each_other_leave_the_model_as_it_is() -> None:
    fair = [
        Label(f"{text} {number}", rejected, author=f"a{number}{rejected}")
        for number, text in enumerate(["I like the bridge.", "The school is new."])
        for rejected in (True, False)
    ]

    version = adapted(fair)

    assert version.card["strength"] is None
    assert version.words is shipped().words


def test_one_class_is_refused() -> None:
    with pytest.raises(UnreadableData, match="from one class"):
        adapted([Label("You snorbit.", True)])
