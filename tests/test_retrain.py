"""The script trains a version from files, the same one on every run."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from model import artifact as artifacts
from model.judge import load_judge
from model.labels import Label, write_row
from tests.fixtures_service import ROOT
from tests.tiny_corpora import write_corpora
from tests.versions import small


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


def test_without_corpora_it_says_how_to_get_some_and_writes_nothing(
    tmp_path: Path,
) -> None:
    run = retrain(tmp_path, tmp_path / "models")

    assert run.returncode == 2
    assert "bring some by `python -m model.fetch --out" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "models").exists()


# Labels


GOOD = write_row(Label("A fair point", False))
BAD = write_row(Label("You are rude", True))


def script(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "model.retrain", *map(str, words)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )


def written(file: Path, *lines: str) -> Path:
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    return file


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([GOOD, BAD[:-9]], "FILE:2: not JSON"),
        ([GOOD, BAD.replace("You are rude", " ")], "FILE:2: text is blank"),
        (
            [GOOD, BAD.replace('"rule": null', '"rule": "rude"')],
            'FILE:2: rule "rude" is none of derogatory, personal, obscene',
        ),
        (
            [GOOD, BAD.replace('"schema": 1', '"schema": 2')],
            "FILE:2: schema is 2; this reads schema 1",
        ),
        (
            [GOOD, GOOD.replace("fair", "good")],
            "all 2 labels are accepted: nothing can be learnt from one class",
        ),
    ],
    ids=["broken line", "blank text", "unknown rule", "schema", "one class"],
)
def test_bad_labels_are_refused_with_file_and_line_and_nothing_is_written(
    tmp_path: Path, lines: list[str], complaint: str
) -> None:
    file = written(tmp_path / "labels.jsonl", *lines)

    run = script(file, "--out", tmp_path / "models")

    refused(run, complaint.replace("FILE", str(file)))
    assert list(tmp_path.iterdir()) == [file]


def test_of_several_files_the_bad_one_is_named(tmp_path: Path) -> None:
    file, gone = written(tmp_path / "labels.jsonl", GOOD, BAD), tmp_path / "gone"

    run = script(file, gone, "--out", tmp_path / "models")

    refused(run, f"{gone} cannot be read: No such file or directory")
    assert list(tmp_path.iterdir()) == [file]


def test_without_labels_and_corpora_it_says_what_it_wants(tmp_path: Path) -> None:
    run = script("--out", tmp_path / "models")

    refused(run, "name a file of LABELS, or --corpora DIR")
    assert list(tmp_path.iterdir()) == []


def no_base(folder: Path) -> None:
    assert not folder.exists()


def foreign_base(folder: Path) -> None:
    edit(folder, {"format": 99})


def base_with_other_words(folder: Path) -> None:
    edit(folder, {"libraries": {"better-profanity": "0.6.0"}})


def edit(folder: Path, about: dict[str, object]) -> None:
    card = small(folder.parent, folder.name) / "card.json"
    card.write_text(json.dumps(json.loads(card.read_text("utf-8")) | about), "utf-8")


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (no_base, "cannot read the model in DIR: restore the folder"),
        (foreign_base, "the model in DIR has another format than 2: restore"),
        (
            base_with_other_words,
            "the model in DIR was trained with better-profanity 0.6.0, and ",
        ),
    ],
)
def test_a_version_that_cannot_be_served_is_nothing_to_begin_with(
    tmp_path: Path, make: Callable[[Path], None], complaint: str
) -> None:
    file, folder = written(tmp_path / "labels.jsonl", GOOD, BAD), tmp_path / "version"
    make(folder)

    run = script(file, "--base", folder, "--out", tmp_path / "models")

    refused(run, complaint.replace("DIR", str(folder)))
    assert not (tmp_path / "models").exists()


def refused(run: subprocess.CompletedProcess[str], complaint: str) -> None:
    """Check that the last line says why, and that nothing was printed as a result."""
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[-1].startswith(f"retrain: {complaint}")
    assert "Traceback" not in run.stderr
