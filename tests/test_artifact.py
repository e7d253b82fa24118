"""A model version is written whole, and read only when it is whole."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model import artifact as artifacts
from model.artifact import Artifact, Block, BrokenArtifact
from model.finding import Attribute

WIDTH = len(Attribute)


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
        card={"version": "2026-01-01-abcdef"},
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


def test_a_version_is_never_overwritten(small: Artifact, folder: Path) -> None:
    with pytest.raises(FileExistsError, match="never overwritten"):
        artifacts.save(small, folder.parent)


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


def test_exactly_one_version_ships() -> None:
    folder = artifacts.shipped()

    assert folder.name == artifacts.load(folder).version


def test_the_shipped_version_is_small() -> None:
    size = sum(file.stat().st_size for file in artifacts.shipped().iterdir())

    assert size < 12 * 1024 * 1024
