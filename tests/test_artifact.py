"""A model version is written whole, and read only when it is whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from model import artifact as artifacts
from model.artifact import Artifact, Block, BrokenArtifact
from model.finding import Attribute
from tests.fixtures_service import ROOT

WIDTH = len(Attribute)
REPORT = "report.html"


@pytest.fixture
def small() -> Artifact:
    def block(names: list[str]) -> Block:
        count = len(names)
        return Block(
            names,
            np.linspace(1, 2, count, dtype=np.float32),
            np.arange(count * WIDTH, dtype=np.float16).reshape(count, WIDTH),
        )

    return Artifact(
        card={
            "version": "2026-01-01-abcdef",
            "libraries": {"better-profanity": version("better-profanity")},
        },
        classes={"rats": "beast", "où": "foreign"},
        common=frozenset({"the", "été"}),
        grams=block([" a", "ab"]),
        words=block(["a b", "ü", "\u2028"]),
        signs=block(["you~mind"]),
        mix=np.ones((2, WIDTH)),
        intercept=np.zeros(WIDTH),
    )


@pytest.fixture
def folder(small: Artifact, tmp_path: Path) -> Path:
    return artifacts.save(small, tmp_path)


def test_what_was_saved_is_what_is_loaded(small: Artifact, folder: Path) -> None:
    loaded = artifacts.load(folder)

    assert loaded.version == small.version == folder.name
    assert loaded.classes == small.classes
    assert loaded.common == small.common
    for name in ("grams", "words", "signs"):
        saved, read = getattr(small, name), getattr(loaded, name)
        assert read.names == saved.names
        np.testing.assert_array_equal(read.idf, saved.idf)
        np.testing.assert_array_equal(read.coef, saved.coef)
    np.testing.assert_array_equal(loaded.mix, small.mix)
    np.testing.assert_array_equal(loaded.intercept, small.intercept)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_version_is_never_overwritten_by_other_weights(
    small: Artifact, folder: Path
) -> None:
    before, other = contents(folder), replace(small, mix=small.mix + 1)

    with pytest.raises(FileExistsError, match="never overwritten"):
        artifacts.save(other, folder.parent, {"report.html": b"of the other"})

    assert contents(folder) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_card_and_report_are_renewed_where_the_weights_are_the_same(
    small: Artifact, folder: Path
) -> None:
    weights = (folder / "weights.npz").stat()
    for number in (1, 2):
        compared = replace(small, card={**small.card, "gate": {"against": number}})
        report = f"report {number}".encode()

        assert artifacts.save(compared, folder.parent, {REPORT: report}) == folder

        assert contents(folder)[REPORT] == report
        assert artifacts.load(folder).card["gate"] == {"against": number}
    assert (folder / "weights.npz").stat().st_ino == weights.st_ino
    assert list(folder.parent.iterdir()) == [folder]


def test_other_files_of_a_version_are_for_its_owner_only(
    small: Artifact, folder: Path, tmp_path: Path
) -> None:
    report = b"<title>Two words: \xc3\xbc</title>"
    for parent in (folder.parent, tmp_path / "new"):
        made = artifacts.save(small, parent, {REPORT: report})

        assert set(contents(made)) == {"card.json", "weights.npz", REPORT}
        assert contents(made)[REPORT] == report
        assert (made / REPORT).stat().st_mode & 0o777 == 0o600


SAVING = """
import os, resource, signal, sys
from dataclasses import replace
from pathlib import Path
from model import artifact as artifacts

class Killing(dict):
    def items(self):
        os.kill(os.getpid(), signal.SIGKILL)

folder, parent, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
version = artifacts.load(folder)
version = replace(version, card={**version.card, "gate": "new"})
extra = {"report.html": bytes(100_000)} if limit else Killing(a=b"")
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
artifacts.save(version, parent, extra)
"""
"""Saves a version where files may have so many bytes; with 0, is killed meanwhile."""


def save_in_vain(folder: Path, parent: Path, limit: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SAVING, str(folder), str(parent), str(limit)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if limit:
        assert done.stderr.splitlines()[-1] == "OSError: [Errno 27] File too large"
    else:
        assert done.returncode == -signal.SIGKILL


@pytest.mark.parametrize("limit", [100, 50_000], ids=["weights", "report"])
def test_without_room_the_old_version_stays_and_no_half_one(
    folder: Path, tmp_path: Path, limit: int
) -> None:
    before, elsewhere = contents(folder), tmp_path / "elsewhere"

    save_in_vain(folder, folder.parent, limit)
    save_in_vain(folder, elsewhere, limit)

    assert contents(folder) == before
    assert set(tmp_path.iterdir()) == {folder, elsewhere}
    assert list(elsewhere.iterdir()) == []


def test_who_is_killed_while_saving_leaves_the_old_version_and_no_half_one(
    folder: Path, tmp_path: Path
) -> None:
    before, elsewhere = contents(folder), tmp_path / "elsewhere"

    save_in_vain(folder, folder.parent, 0)
    save_in_vain(folder, elsewhere, 0)

    assert contents(folder) == before
    assert not (elsewhere / folder.name).exists()
    assert artifacts.save(artifacts.load(folder), elsewhere).name == folder.name


def test_saving_clears_away_what_killed_runs_have_left(
    small: Artifact, tmp_path: Path
) -> None:
    old, young = tmp_path / ".draft-old", tmp_path / ".draft-young"
    for draft in (old, young):
        draft.mkdir()
        (draft / "card.json").write_text("{}")
    two_hours_ago = time.time() - 7_200
    os.utime(old, (two_hours_ago, two_hours_ago))

    artifacts.save(small, tmp_path)

    assert not old.exists()
    assert young.exists(), "somebody may be writing it"


def test_a_failed_save_leaves_nothing_behind(small: Artifact, tmp_path: Path) -> None:
    card = {"version": "x", "figure": float("nan")}
    broken = replace(small, card=card)

    with pytest.raises(ValueError, match="not JSON compliant"):
        artifacts.save(broken, tmp_path)

    assert list(tmp_path.iterdir()) == []


def flip(folder: Path) -> None:
    path = folder / "weights.npz"
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    path.write_bytes(damaged)


def foreign(folder: Path) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps(card | {"format": 99}), "utf-8")


def made_with_other_words(folder: Path) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text("utf-8"))
    card["libraries"] = {"better-profanity": "0.6.0"}
    path.write_text(json.dumps(card), "utf-8")


def nameless(folder: Path) -> None:
    path = folder / "card.json"
    card = json.loads(path.read_text("utf-8"))
    del card["version"]
    path.write_text(json.dumps(card), "utf-8")


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        pytest.param(
            lambda f: os.truncate(f / "weights.npz", 50), "not those", id="cut"
        ),
        pytest.param(flip, "not those of its card", id="a flipped bit"),
        pytest.param(
            lambda f: (f / "weights.npz").unlink(), "cannot read", id="no file"
        ),
        pytest.param(
            lambda f: (f / "card.json").write_text("{"), "cannot", id="no card"
        ),
        pytest.param(foreign, "another format", id="another format"),
        pytest.param(nameless, "names no version", id="no version"),
    ],
)
def test_a_broken_version_is_refused_with_advice(
    folder: Path, damage: object, complaint: str
) -> None:
    assert callable(damage)
    damage(folder)

    with pytest.raises(BrokenArtifact, match=complaint) as refusal:
        artifacts.load(folder)

    assert "restore the folder from the release" in str(refusal.value)


def test_a_version_made_with_other_words_is_refused_and_both_are_named(
    folder: Path,
) -> None:
    made_with_other_words(folder)

    with pytest.raises(
        BrokenArtifact, match=r"0\.6\.0.*is installed: install that one"
    ):
        artifacts.load(folder)


@pytest.mark.parametrize("part", ["mix", "intercept", "words"])
def test_weights_that_are_no_numbers_are_refused(
    small: Artifact, tmp_path: Path, part: str
) -> None:
    """They would meet no threshold, and every comment be accepted."""
    values = small.words.coef if part == "words" else getattr(small, part)
    values.flat[0] = np.nan

    with pytest.raises(BrokenArtifact, match="damaged"):
        artifacts.load(artifacts.save(small, tmp_path))


def test_a_version_is_read_from_memory_too(small: Artifact, folder: Path) -> None:
    card, weights = (
        (folder / name).read_bytes() for name in ("card.json", "weights.npz")
    )

    assert artifacts.read(card, weights, "memory").classes == small.classes
    with pytest.raises(BrokenArtifact, match="in memory are not those of its card"):
        artifacts.read(card, weights[:-1], "memory")


def test_exactly_one_version_ships() -> None:
    folder = artifacts.shipped()

    assert folder.name == artifacts.load(folder).version


def test_the_shipped_version_is_small() -> None:
    size = sum(file.stat().st_size for file in artifacts.shipped().iterdir())

    assert size < 12 * 1024 * 1024
