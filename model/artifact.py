"""A model version on disk: a folder with `weights.npz` and `card.json`.

No pickle: arrays, and a card that says what they are, what they were trained on, how
good they are, and their checksum.  A version is written whole or not at all, and what
is broken or foreign is refused with a sentence that says what to do.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.finding import Attribute

FORMAT = 2
"""Version of the features and of this layout; another one cannot be served."""

SHIPPED = Path(__file__).parent / "artifacts"
"""Where the version that ships stands, in a folder named after it."""

ADVICE = "restore the folder from the release, or train a version with model.retrain"


class BrokenArtifact(Exception):
    """An artefact that cannot be served; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of features: their names, idf weights and coefficients.

    Args:
        names: features in the order of their columns.
        idf: shape (features,); ones where the block is not weighted.
        coef: shape (features, attributes).
    """

    names: list[str]
    idf: NDArray[np.float32]
    coef: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Artifact:
    """Everything a classifier is served from.

    `classes` maps words to their class; the words in `common` have no n-grams; `mix`,
    of shape (2, attributes), is how much the log-odds of the whole text and of its
    strongest sentence count.
    """

    card: Mapping[str, Any]
    classes: Mapping[str, str]
    common: frozenset[str]
    grams: Block
    words: Block
    signs: Block
    mix: NDArray[np.float64]
    intercept: NDArray[np.float64]

    @property
    def blocks(self) -> Mapping[str, Block]:
        """The blocks of features by their name."""
        return {"grams": self.grams, "words": self.words, "signs": self.signs}

    @property
    def version(self) -> str:
        """The name of the version, also that of its folder."""
        return str(self.card["version"])


def shipped() -> Path:
    """The folder of the version that ships.

    Raises:
        BrokenArtifact: there is none, or more than one.
    """
    found = sorted(path for path in SHIPPED.glob("*/card.json"))
    if len(found) != 1:
        raise BrokenArtifact(
            f"{SHIPPED} holds {len(found)} model versions instead of one: {ADVICE}"
        )
    return found[0].parent


def save(artifact: Artifact, parent: Path) -> Path:
    """Write a version into a new folder below `parent`, whole or not at all.

    Returns:
        The folder, `parent/version`.

    Raises:
        FileExistsError: the version is there already.
    """
    folder = parent / artifact.version
    if folder.exists():
        raise FileExistsError(f"{folder} exists: a version is never overwritten")
    parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=parent))
    try:
        weights = draft / "weights.npz"
        np.savez_compressed(weights, allow_pickle=False, **_arrays(artifact))
        card = {**artifact.card, "format": FORMAT, "sha256": _sha256(weights)}
        text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False)
        (draft / "card.json").write_text(text + "\n", "utf-8")
        _flush(draft)
        draft.chmod(0o755)
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return folder


def load(folder: Path) -> Artifact:
    """Read and check a version.

    Raises:
        BrokenArtifact: a file is missing, damaged, or of another format.
    """
    try:
        card = json.loads((folder / "card.json").read_text("utf-8"))
        weights = (folder / "weights.npz").read_bytes()
    except (OSError, ValueError) as error:
        raise BrokenArtifact(f"cannot read the model in {folder}: {ADVICE}") from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise BrokenArtifact(
            f"the model in {folder} has another format than {FORMAT}: {ADVICE}"
        )
    if hashlib.sha256(weights).hexdigest() != card.get("sha256"):
        raise BrokenArtifact(
            f"the weights in {folder} are not those of its card: {ADVICE}"
        )
    try:
        # From the bytes that were checked, not from the file, which may have changed.
        with np.load(io.BytesIO(weights), allow_pickle=False) as arrays:
            return _artifact(card, arrays)
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BrokenArtifact(
            f"the weights in {folder} are damaged: {ADVICE}"
        ) from error


def _arrays(artifact: Artifact) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        "mix": artifact.mix,
        "intercept": artifact.intercept,
    }
    rows = [f"{word}\t{name}" for word, name in artifact.classes.items()]
    arrays["classes"] = _pack(rows)
    arrays["common"] = _pack(sorted(artifact.common))
    for name, block in artifact.blocks.items():
        arrays[f"{name}_names"] = _pack(block.names)
        arrays[f"{name}_idf"] = block.idf
        arrays[f"{name}_coef"] = block.coef
    return arrays


def _artifact(card: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Artifact:
    rows = (row.split("\t") for row in _unpack(arrays["classes"]))
    classes = {word: name for word, name in rows}
    blocks = {name: _block(name, arrays) for name in ("grams", "words", "signs")}
    mix, intercept = arrays["mix"], arrays["intercept"]
    if intercept.shape != (len(Attribute),) or mix.shape != (2, len(Attribute)):
        raise ValueError("not one intercept and mixture per attribute")
    common = frozenset(_unpack(arrays["common"]))
    return Artifact(card, classes, common, mix=mix, intercept=intercept, **blocks)


def _block(name: str, arrays: Mapping[str, NDArray[Any]]) -> Block:
    names = _unpack(arrays[f"{name}_names"])
    idf, coef = arrays[f"{name}_idf"], arrays[f"{name}_coef"]
    if idf.shape != (len(names),) or coef.shape != (len(names), len(Attribute)):
        raise ValueError(f"the {name} do not fit their weights")
    return Block(names, idf, coef)


def _pack(names: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode("utf-8"), dtype=np.uint8)


def _unpack(packed: NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode("utf-8").split("\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _flush(folder: Path) -> None:
    """Have the files on disk before the rename makes them visible."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
