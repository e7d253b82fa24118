"""The script trains a version from files, the same one on every run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from model import artifact as artifacts
from model.judge import load_judge
from tests.tiny_corpora import write_corpora


def retrain(corpora: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "model.retrain",
            "--corpora",
            str(corpora),
            "--out",
            str(out),
        ],
        check=False,
        capture_output=True,
        text=True,
    )


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpora(tmp_path_factory.mktemp("corpora"))


@pytest.fixture(scope="module")
def run(
    corpora: Path, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    return retrain(corpora, tmp_path_factory.mktemp("models"))


def version(run: subprocess.CompletedProcess[str]) -> Path:
    assert run.returncode == 0, run.stderr
    return Path(run.stdout.strip())


def test_the_version_it_writes_can_be_served(
    run: subprocess.CompletedProcess[str],
) -> None:
    judgement = load_judge(version(run)).judge("The writer is an idiot and a clown.")

    assert judgement.scores is not None
    assert max(judgement.scores.values()) > 0.5


def test_the_card_says_what_it_was_trained_on_and_how_good_it_is(
    run: subprocess.CompletedProcess[str],
) -> None:
    card = json.loads((version(run) / "card.json").read_text("utf-8"))

    assert card["version"] == version(run).name
    assert card["data"]["examples"]["jigsaw"]
    assert set(card["thresholds"]) == {"derogatory", "personal", "obscene"}
    assert 0.5 < card["figures"]["roc_auc"]["TOXICITY"]["own"]["roc_auc"] <= 1
    assert card["libraries"]["scikit-learn"]


def test_progress_is_shown(run: subprocess.CompletedProcess[str]) -> None:
    assert "reading corpora" in run.stderr
    assert "100%" in run.stderr


def test_trained_again_it_is_the_same(
    run: subprocess.CompletedProcess[str], corpora: Path, tmp_path: Path
) -> None:
    again = artifacts.load(version(retrain(corpora, tmp_path)))
    first = artifacts.load(version(run))

    assert again.version == first.version
    for name in ("grams", "words", "signs"):
        one, other = getattr(first, name), getattr(again, name)
        assert one.names == other.names
        np.testing.assert_array_equal(one.coef, other.coef)


def test_a_missing_corpus_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    run = retrain(tmp_path, tmp_path / "models")

    assert run.returncode == 2
    assert "is missing: it is needed for a full retraining" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "models").exists()
