"""Versions of the model to be promoted: small ones, and the shipped one altered."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import numpy as np

from model import artifact as artifacts
from model.artifact import Artifact, Block
from model.finding import Attribute

WIDTH = len(Attribute)
LIMITS = {"flag": 0.5, "reject": 0.9}


def gate(*, passed: bool = True, against: str = "2026-01-01-000000") -> dict[str, Any]:
    """A gate as it stands in a card."""
    return {"passed": passed, "against": against, "candidate": "", "checks": []}


def small(
    parent: Path,
    version: str,
    card: dict[str, object] | None = None,
    *,
    weight: float = 0.0,
) -> Path:
    """Save a version that knows next to nothing; its gate has passed it."""
    block = Block(
        ["a", "b"],
        np.ones(2, dtype=np.float32),
        np.full((2, WIDTH), weight, dtype=np.float16),
    )
    about: dict[str, Any] = {
        "version": version,
        "libraries": {"better-profanity": installed("better-profanity")},
        "thresholds": dict.fromkeys(("derogatory", "personal", "obscene"), LIMITS),
        "gate": gate(),
    }
    artifact = Artifact(
        card=about | (card or {}),
        classes={"rats": "beast"},
        common=frozenset({"the"}),
        grams=block,
        words=block,
        signs=block,
        mix=np.ones((2, WIDTH)),
        intercept=np.zeros(WIDTH),
    )
    return artifacts.save(artifact, parent)


def altered(
    parent: Path,
    version: str,
    card: dict[str, object] | None = None,
    *,
    add: float = 0.0,
) -> Path:
    """Save the version that ships under another name, with all log-odds raised.

    Args:
        parent: where the new folder goes.
        version: the new version's name.
        card: what is different in its card; else its gate has passed it.
        add: to the log-odds of every attribute; with 20, everything is rejected.
    """
    base = shipped()
    about = {**base.card, "version": version, "gate": gate(against=base.version)}
    changed = replace(base, card=about | (card or {}), intercept=base.intercept + add)
    return artifacts.save(changed, parent)


@cache
def shipped() -> Artifact:
    """The version that ships."""
    return artifacts.load(artifacts.shipped())
