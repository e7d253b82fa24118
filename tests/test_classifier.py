"""The classifier served from arrays is the pipeline that scikit-learn trained."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from model import artifact as artifacts
from model.classifier import Classifier
from model.features import Reader
from model.finding import Attribute
from model.lexicon.matcher import Lexicon, load_lexicon
from model.newscomments import news_comments
from model.pipeline import restore
from model.text import fold


@pytest.fixture(scope="module")
def artifact() -> artifacts.Artifact:
    return artifacts.load(artifacts.shipped())


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return load_lexicon()


@pytest.fixture(scope="module")
def texts() -> list[str]:
    odd = ["", " ", "!!!", "10/10", "a", "👍👍", "ÉÀ ñ", "\x00", "\ud800", "z" * 9_000]
    return [example.text for example in news_comments()][:3_000] + odd


def test_it_gives_the_probabilities_of_the_scikit_learn_pipeline(
    artifact: artifacts.Artifact, lexicon: Lexicon, texts: list[str]
) -> None:
    reader, classifier = Reader(artifact.classes), Classifier(artifact)
    folded = [fold(text) for text in texts]
    readings = [reader.read(f, lexicon.matches(f)) for f in folded]

    served = [
        list(classifier.probabilities(reading, text).values())
        for reading, text in zip(readings, texts, strict=True)
    ]
    trained = restore(artifact, lexicon).predict_proba(texts)

    assert len(texts) > 3_000
    np.testing.assert_allclose(served, trained, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("You are an idiot, and the minister said so", id="one sentence"),
        pytest.param(
            "The budget was read on Monday in the old hall. You are an idiot, and the "
            "minister said so. The rain fell on the roofs of the town all day.",
            id="three sentences",
        ),
    ],
)
def test_contributions_add_up_to_the_log_odds(
    artifact: artifacts.Artifact, lexicon: Lexicon, text: str
) -> None:
    folded = fold(text)
    reading = Reader(artifact.classes).read(folded, lexicon.matches(folded))
    classifier = Classifier(artifact)
    p = classifier.probabilities(reading, text)[Attribute.INSULT]
    insult = list(Attribute).index(Attribute.INSULT)

    parts = classifier.contributions(reading, text)[:, insult]

    # What is left is the length, which no word stands for.
    left = np.log(p / (1 - p)) - artifact.intercept[insult] - parts.sum()
    assert abs(left) < 0.3
    assert reading.words[parts.argmax()] == "idiot"


def test_an_insult_does_not_drown_in_a_long_comment(
    artifact: artifacts.Artifact, lexicon: Lexicon
) -> None:
    calm = "The rain fell on the roofs of the town all day and nobody minded. "
    reader, classifier = Reader(artifact.classes), Classifier(artifact)

    def insult(text: str) -> float:
        folded = fold(text)
        reading = reader.read(folded, lexicon.matches(folded))
        return classifier.probabilities(reading, text)[Attribute.INSULT]

    long = calm * 6 + "You are a stupid idiot and everybody knows it. " + calm * 6
    assert insult(long) > 5 * insult(calm * 12)


def test_serving_does_not_import_scikit_learn() -> None:
    program = (
        "import sys; from model.judge import load_judge; load_judge().judge('hello');"
        "tops = {name.split('.')[0] for name in sys.modules};"
        "sys.exit(bool(tops & {'sklearn', 'scipy'}))"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        pytest.param("The minister said so.", 0.0, id="English is known"),
        pytest.param("10/10, +1", 0.0, id="numbers are no words"),
        pytest.param("ഇത് നല്ല ലേഖനം", 1.0, id="Malayalam is not known"),
        pytest.param("@#$ &*", 1.0, id="symbols may hide anything"),
    ],
)
def test_it_says_how_much_of_a_text_it_does_not_know(
    artifact: artifacts.Artifact, text: str, unknown: float
) -> None:
    reading = Reader(artifact.classes).read(fold(text), [])

    assert Classifier(artifact).unknown_share(reading) == pytest.approx(unknown)
