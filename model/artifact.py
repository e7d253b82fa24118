"""A model version on disk: a folder with `weights.npz` and `card.json`.

No pickle: arrays, and a card that says what they are, what they were trained on, how
good they are, and their checksum.  A version is written whole or not at all, and what
is broken or foreign is refused with a sentence that says what to do.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.finding import Attribute

FORMAT = 2
"""Version of the features and of this layout; another one cannot be served."""

CARD, WEIGHTS = "card.json", "weights.npz"
"""The files of a version."""

DRAFT, LEFT_S = ".draft-", 3_600.0
"""How a draft's name begins, and after how many seconds nobody writes it any more."""

SHIPPED = Path(__file__).parent / "artifacts"
"""Where the version that ships stands, in a folder named after it."""

WORDS = "better-profanity"
"""The library whose words the lexicon looks for; what it finds is a feature."""

DAMAGE = (KeyError, TypeError, ValueError, OSError, EOFError, zipfile.BadZipFile)
"""What numpy raises over arrays that are not what they should be."""

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
    found = sorted(path for path in SHIPPED.glob(f"*/{CARD}"))
    if len(found) != 1:
        raise BrokenArtifact(
            f"{SHIPPED} holds {len(found)} model versions instead of one: {ADVICE}"
        )
    return found[0].parent


def save(
    artifact: Artifact, parent: Path, extra: Mapping[str, bytes] | None = None
) -> Path:
    """Write a version into a new folder below `parent`, whole or not at all.

    If it is there with the same weights, its card and the extra files are renewed, each
    whole: it may have been compared with another version since.

    Args:
        artifact: the version.
        parent: made if it is not there.
        extra: other files of the folder, by name; only their owner may read them.

    Returns:
        The folder, `parent/version`.

    Raises:
        FileExistsError: the version is there with other weights.
    """
    folder = parent / artifact.version
    parent.mkdir(parents=True, exist_ok=True)
    _clear(parent)
    draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=parent))
    try:
        weights = draft / WEIGHTS
        np.savez_compressed(weights, allow_pickle=False, **_arrays(artifact))
        sha256 = hashlib.sha256(weights.read_bytes()).hexdigest()
        card = {**artifact.card, "format": FORMAT, "sha256": sha256}
        text = json.dumps(card, indent=1, ensure_ascii=False, allow_nan=False)
        (draft / CARD).write_text(text + "\n", "utf-8")
        for name, content in (extra or {}).items():
            (draft / name).touch(mode=0o600)
            (draft / name).write_bytes(content)
        _flush(draft)
        draft.chmod(0o755)
        if folder.exists():
            _renew(folder, draft, sha256)
        else:
            draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _clear(parent: Path) -> None:
    """Remove what runs that were killed have left; a younger draft may be in use."""
    for draft in parent.glob(f"{DRAFT}*"):
        with suppress(FileNotFoundError):  # Another run may clear, too.
            if draft.stat().st_mtime < time.time() - LEFT_S:
                shutil.rmtree(draft, ignore_errors=True)


def _renew(folder: Path, draft: Path, sha256: str) -> None:
    """Replace all but the weights of a version that is there already."""
    before = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    if before != sha256:
        raise FileExistsError(f"{folder} exists: a version is never overwritten")
    for path in draft.iterdir():
        if path.name != WEIGHTS:
            path.replace(folder / path.name)


def load(folder: Path) -> Artifact:
    """Read and check a version.

    Raises:
        BrokenArtifact: a file is missing, damaged, or of another format.
    """
    return read(*files(folder), str(folder))


def files(folder: Path) -> tuple[bytes, bytes]:
    """The card and the weights of a version, as they are on disk, unchecked.

    Raises:
        BrokenArtifact: one of the two cannot be read.
    """
    try:
        card = (folder / CARD).read_bytes()
        return card, (folder / WEIGHTS).read_bytes()
    except OSError as error:
        raise BrokenArtifact(f"cannot read the model in {folder}: {ADVICE}") from error


def read(card: bytes, weights: bytes, where: str) -> Artifact:
    """Check a version that is in memory, and make of it what is served.

    Args:
        card: what stands in `card.json`.
        weights: what stands in `weights.npz`.
        where: they are from: a folder, say.

    Raises:
        BrokenArtifact: they are damaged, not of one another, of another format, or
            made with the words of another better-profanity.
    """
    try:
        described = json.loads(card)
    except ValueError as error:
        raise BrokenArtifact(f"cannot read the model in {where}: {ADVICE}") from error
    if not isinstance(described, dict) or described.get("format") != FORMAT:
        raise BrokenArtifact(
            f"the model in {where} has another format than {FORMAT}: {ADVICE}"
        )
    if not isinstance(described.get("version"), str):
        raise BrokenArtifact(f"the card in {where} names no version: {ADVICE}")
    if hashlib.sha256(weights).hexdigest() != described.get("sha256"):
        raise BrokenArtifact(
            f"the weights in {where} are not those of its card: {ADVICE}"
        )
    _check_words(described, where)
    try:
        # From the bytes that were checked, not from the file, which may have changed.
        with np.load(io.BytesIO(weights), allow_pickle=False) as arrays:
            return _artifact(described, arrays)
    except DAMAGE as error:
        raise BrokenArtifact(f"the weights in {where} are damaged: {ADVICE}") from error


def _check_words(card: Mapping[str, Any], where: str) -> None:
    """Refuse a model that learnt from other words than those that are looked for."""
    libraries = card.get("libraries")
    made_with = libraries.get(WORDS) if isinstance(libraries, dict) else None
    installed = importlib.metadata.version(WORDS)
    if made_with != installed:
        raise BrokenArtifact(
            f"the model in {where} was trained with {WORDS} {made_with}, and "
            f"{installed} is installed: install that one, or train a version with "
            "model.retrain"
        )


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
    if not (np.isfinite(intercept).all() and np.isfinite(mix).all()):
        raise ValueError("an intercept or a mixture is not a number")
    common = frozenset(_unpack(arrays["common"]))
    return Artifact(card, classes, common, mix=mix, intercept=intercept, **blocks)


def _block(name: str, arrays: Mapping[str, NDArray[Any]]) -> Block:
    names = _unpack(arrays[f"{name}_names"])
    idf, coef = arrays[f"{name}_idf"], arrays[f"{name}_coef"]
    if idf.shape != (len(names),) or coef.shape != (len(names), len(Attribute)):
        raise ValueError(f"the {name} do not fit their weights")
    if not (np.isfinite(idf).all() and np.isfinite(coef).all()):
        # Such a probability would meet no threshold, and every comment be accepted.
        raise ValueError(f"a weight of the {name} is not a number")
    return Block(names, idf, coef)


def _pack(names: list[str]) -> NDArray[np.uint8]:
    return np.frombuffer("\n".join(names).encode("utf-8"), dtype=np.uint8)


def _unpack(packed: NDArray[np.uint8]) -> list[str]:
    return packed.tobytes().decode("utf-8").split("\n")


def _flush(folder: Path) -> None:
    """Have the files on disk before the rename makes them visible."""
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
