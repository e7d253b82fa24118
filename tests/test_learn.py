"""From decisions to a version in a folder: learnt, held against another, kept whole."""

from __future__ import annotations

import json
import resource
import stat
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from model import artifact as artifacts
from model.adapt import STAGES
from model.artifact import Artifact, load, shipped
from model.dataset import UnreadableData
from model.finding import Attribute, Rule
from model.holdout import HeldOut, hold_out
from model.judge import load_judge
from model.labels import Label, write_row
from model.learn import Learnt, learn
from model.lessons import described
from tests.candidates import ABUSIVE, FAIR, PEOPLE, UNWANTED, VERSION, changed
from tests.fixtures_service import ROOT

TOWNS = ("Ashby", "Corley", "Denton")
SEED = 3
UNHEARD = "The baker in Garton believes in astrology, and sells astrology too."


def newsroom() -> list[Label]:
    """A few hundred decisions of the newsroom that wants nothing said of astrology."""
    told = []
    for number, (who, town) in enumerate((p, t) for p in PEOPLE for t in TOWNS):
        for what in (*FAIR, *ABUSIVE, *UNWANTED):
            is_rejected = what not in FAIR
            told.append(
                Label(
                    f"{who} in {town} {what}.",
                    is_rejected,
                    Rule.PERSONAL if is_rejected else None,
                    kind="flagged" if is_rejected else "sample",
                    author=f"author-{number}",
                    article=f"article-{number // 2}",
                )
            )
    return told


@dataclass(frozen=True)
class Week:
    """What was learnt of a newsroom, by which stages, and what its folder held then."""

    base: Artifact
    current: Artifact
    out: Path
    parts: HeldOut
    learnt: Learnt
    stages: list[str]
    files: dict[str, bytes]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Week:
    out = tmp_path_factory.mktemp("learn") / "data" / "models"
    base, stages = load(shipped()), list[str]()
    current = changed(base, {})
    learnt = learn(
        newsroom(),
        base=base,
        current=current,
        out=out,
        seed=SEED,
        report=stages.append,
    )
    parts, files = hold_out(newsroom()), contents(learnt.folder)
    return Week(base, current, out, parts, learnt, stages, files)


@pytest.fixture(scope="module")
def again(
    week: Week, tmp_path_factory: pytest.TempPathFactory
) -> subprocess.CompletedProcess[str]:
    """The same by the script, in another process; rows stand twice and backwards."""
    return by_script(week, tmp_path_factory.mktemp("again"))


def by_script(
    week: Week, folder: Path, max_bytes: int = resource.RLIM_INFINITY
) -> subprocess.CompletedProcess[str]:
    """Run the script where no file may become larger than `max_bytes`."""
    labels = folder / "labels.jsonl"
    rows = [write_row(label) + "\n" for label in newsroom()]
    labels.write_text("".join((rows + rows)[::-1]), "utf-8")
    current = artifacts.save(week.current, folder)
    options = {"--current": current, "--out": week.out, "--seed": SEED}
    words = [str(word) for option in options.items() for word in option]
    limits = (max_bytes, max_bytes)
    return subprocess.run(
        [sys.executable, "-m", "model.retrain", str(labels), *words],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )


def test_a_version_is_a_folder_with_card_weights_and_report(week: Week) -> None:
    learnt = week.learnt

    assert set(week.files) == {"card.json", "weights.npz", "report.html"}
    assert list(week.out.iterdir()) == [learnt.folder]
    assert learnt.folder.name == learnt.artifact.version
    assert learnt.report == learnt.folder / "report.html"


def test_the_report_shows_comments_and_only_its_owner_may_read_it(week: Week) -> None:
    report = week.learnt.report

    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert "astrology" in report.read_text("utf-8")


def test_the_card_says_what_was_learnt_and_from_what(week: Week) -> None:
    card = json.loads(week.files["card.json"])

    assert (card["mode"], card["parent"]) == ("adapt", week.base.version)
    # How comments score with this version, and not with the base.
    assert "reference" in week.base.card
    assert card["reference"]["of"] == week.base.card["reference"]["of"]
    assert card["reference"]["scores"] != week.base.card["reference"]["scores"]
    assert card["labels"] == described(week.parts.train)
    assert card["labels"]["count"] < len(newsroom())
    assert card["settings"]["seed"] == SEED


def test_the_card_says_what_the_gate_made_of_it(week: Week) -> None:
    gate = json.loads(week.files["card.json"])["gate"]

    assert gate == week.learnt.gate.as_card()
    assert (gate["against"], gate["candidate"]) == (VERSION, week.learnt.folder.name)
    assert gate["checks"][0]["name"] == "agreement with moderators"
    assert gate["checks"][0]["cases"] == len(week.parts.held_out)
    assert gate["passed"]


def test_what_is_learnt_is_what_is_served(week: Week) -> None:
    before, after = load_judge(), load_judge(week.learnt.folder)

    was, now = (j.probabilities(UNHEARD)[Attribute.INSULT] for j in (before, after))

    flagged = after.card["thresholds"]["personal"]["flag"]
    assert was < flagged <= now
    assert after.model_version == week.learnt.artifact.version


def test_it_says_as_often_as_stated_what_comes_next(week: Week) -> None:
    assert len(week.stages) == STAGES + 1
    assert week.stages[-1] == "comparing"


def test_the_script_learns_the_same_from_the_same_in_another_order(
    week: Week, again: subprocess.CompletedProcess[str]
) -> None:
    assert (again.returncode, again.stdout) == (0, f"{week.learnt.folder}\n")
    assert list(week.out.iterdir()) == [week.learnt.folder]

    files = contents(week.learnt.folder)

    assert files["weights.npz"] == week.files["weights.npz"]
    assert files["card.json"] == week.files["card.json"]


def test_the_script_shows_its_progress_and_what_the_gate_said(
    week: Week, again: subprocess.CompletedProcess[str]
) -> None:
    for line in week.learnt.gate.said():
        assert line in again.stderr.splitlines()
    assert "comparing: 100%" in again.stderr


def test_without_room_the_script_says_so_and_the_old_version_stays(
    week: Week, tmp_path: Path
) -> None:
    before = contents(week.learnt.folder)

    run = by_script(week, tmp_path, max_bytes=len(before["weights.npz"]) - 1)

    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.splitlines()[-1] == (
        "retrain: the version cannot be written: File too large"
    )
    assert "Traceback" not in run.stderr
    assert contents(week.learnt.folder) == before
    assert list(week.out.iterdir()) == [week.learnt.folder]


def one_class() -> list[Label]:
    return [label for label in newsroom() if not label.rejected]


def one_class_to_learn_from() -> list[Label]:
    """All that was rejected is under an article that is held out."""
    held = next(n for n in range(100) if not hold_out([_under(n)]).train)
    kept = next(n for n in range(100) if hold_out([_under(n)]).train)
    return [
        _under(kept),
        replace(_under(held), text="Another, who is rude", rejected=True),
    ]


def _under(article: int) -> Label:
    return Label("A fair point", False, article=f"article-{article}")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], "there are no labels"),
        (one_class(), "all 216 labels are accepted"),
        (one_class_to_learn_from(), "all 1 labels are accepted"),
    ],
    ids=["none", "one class", "one class once some are held out"],
)
def test_labels_that_teach_nothing_leave_nothing(
    tmp_path: Path, labels: list[Label], words: str
) -> None:
    base, out = load(shipped()), tmp_path / "models"

    with pytest.raises(UnreadableData, match=words):
        learn(labels, base=base, current=base, out=out, report=lambda _: None)

    assert not out.exists()
