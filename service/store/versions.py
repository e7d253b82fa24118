"""Versions of the model as rows: checked, stored, read, forgotten.

Which of them answers, and who may change that when, is `service.store.models`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import Connection, insert, select, update

from model import artifact as artifacts
from model.artifact import Artifact, BrokenArtifact
from model.drift import BINS, FATES, population_stability_index, reference_of
from model.finding import Rule
from model.judge import Judge
from model.lexicon.matcher import Lexicon
from service.errors import NotPossible
from service.policy import make_policy
from service.store.schema import models

SENTENCE = "You are all idiots, and the council should publish its report."
"""Judged by every version before it may answer."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was checked, and the files it was made of."""

    card: bytes
    weights: bytes
    artifact: Artifact

    @property
    def name(self) -> str:
        """The version's name."""
        return self.artifact.version

    def is_same(self, other: Version) -> bool:
        """Whether both have the same name and the same weights."""
        return (self.name, self.weights) == (other.name, other.weights)


@dataclass(frozen=True, slots=True)
class Stored:
    """A version in the database, without its weights."""

    version: str
    stored_at: datetime
    stored_by: str
    card: Mapping[str, Any]
    has_weights: bool


def in_folder(folder: Path) -> Version:
    """Read and check a version's folder.

    Raises:
        BrokenArtifact: it cannot be served.
        ConfigurationError: its thresholds cannot be.
    """
    return _checked(*artifacts.files(folder), str(folder))


def in_database(connection: Connection, name: str) -> Version:
    """Read and check a version that is stored.

    Raises:
        BrokenArtifact: it is damaged, or not for this code.
        ConfigurationError: its thresholds are senseless.
        NotPossible: it or its weights are not stored.
    """
    row = connection.execute(
        select(models).where(models.c.version == name)
    ).one_or_none()
    if row is None or row.weights is None:
        raise NotPossible(f"The weights of {name} are not in the database.")
    found = _checked(row.card.encode(), row.weights, f"the database under {name}")
    if found.name != name:
        raise BrokenArtifact(
            f"the database has {found.name} under {name}: promote another version"
        )
    return found


def check_usable(version: Version) -> None:
    """Have a version judge a sentence, and look at all of its card that is used.

    Raises:
        BrokenArtifact: it cannot, or its card lacks something.
    """
    card, name = version.artifact.card, version.name
    missing = set(Rule).difference(card["thresholds"])
    if missing:
        rules = ", ".join(sorted(missing))
        raise BrokenArtifact(f"the card of {name} has no thresholds for {rules}")
    try:
        expected = reference_of(card)
        if expected is not None:
            population_stability_index(expected.scores, [0] * BINS)
            population_stability_index(expected.fates, [0] * len(FATES))
    except FAULTS as error:
        raise BrokenArtifact(f"the reference on {name}'s card is unusable") from error
    try:
        # Without words: compiling them takes longer, and they are of no version.
        judge = Judge(Lexicon((), ()), version.artifact)
        with np.errstate(all="ignore"):
            judge.judge(SENTENCE)
            scores = [*judge.probabilities(SENTENCE).values()]
    except FAULTS as error:
        raise BrokenArtifact(f"{name} breaks on a sentence") from error
    if not np.isfinite(scores).all():
        raise BrokenArtifact(f"a score of {name} is not a number")


def stored(connection: Connection, name: str | None = None) -> list[Stored]:
    """The version of this name, or else every one that was ever stored, newest first.

    A card that is damaged is empty.
    """
    wanted = LISTED if name is None else LISTED.where(models.c.version == name)
    return [
        Stored(
            row.version,
            row.stored_at,
            row.stored_by,
            _described(row.card),
            row.has_weights,
        )
        for row in connection.execute(wanted)
    ]


def keep(connection: Connection, version: Version, *, by: str, now: datetime) -> None:
    """Store a version, or anew what was forgotten of it or is damaged.

    Raises:
        NotPossible: another version of that name is stored.
    """
    files = {"card": version.card.decode(), "weights": version.weights}
    known = stored(connection, version.name)
    if not known:
        about = {"version": version.name, "stored_at": now, "stored_by": by}
        connection.execute(insert(models).values(files | about))
        return
    if known[0].card.get("sha256") not in (None, version.artifact.card["sha256"]):
        raise NotPossible(
            f"Another version {version.name}, with other weights, is stored already."
        )
    of_name = models.c.version == version.name
    connection.execute(update(models).where(of_name).values(files))


def forget_all_but(connection: Connection, names: Iterable[str]) -> None:
    """Drop the weights of all other versions; their cards stay."""
    others = models.c.version.not_in(list(names)) & models.c.weights.is_not(None)
    connection.execute(update(models).where(others).values(weights=None))


def card_in(folder: Path) -> Mapping[str, Any]:
    """The card in a version's folder, unchecked; empty if it cannot be read."""
    try:
        return _described((folder / "card.json").read_text("utf-8"))
    except (OSError, ValueError):
        return {}


def check_gate(card: Mapping[str, Any]) -> None:
    """Raise NotPossible unless a version's gate has passed it."""
    if has_passed(card):
        return
    has_none = compared_with(card) is None
    how = "has passed no gate" if has_none else "was refused by its gate"
    raise NotPossible(
        f"{card['version']} {how}: nothing shows that it is better. "
        "To promote it all the same, add --anyway."
    )


def has_passed(card: Mapping[str, Any]) -> bool:
    """Whether a version's gate has passed it."""
    return compared_with(card) is not None and card["gate"].get("passed") is True


def compared_with(card: Mapping[str, Any]) -> str | None:
    """The version that a version's gate compared it with; None if it has no gate."""
    gate = card.get("gate")
    return str(gate.get("against", "")) if isinstance(gate, Mapping) else None


FAULTS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What wrong values on a card, or weights that do not fit it, end in."""
LISTED = select(
    models.c.version,
    models.c.card,
    models.c.stored_at,
    models.c.stored_by,
    models.c.weights.is_not(None).label("has_weights"),
).order_by(models.c.stored_at.desc(), models.c.version)


def _checked(card: bytes, weights: bytes, where: str) -> Version:
    artifact = artifacts.read(card, weights, where)
    make_policy(artifact.version, artifact.card)
    return Version(card, weights, artifact)


def _described(card: str) -> Mapping[str, Any]:
    try:
        described = json.loads(card)
    except ValueError:
        return {}
    return described if isinstance(described, dict) else {}
