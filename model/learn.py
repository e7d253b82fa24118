"""Learning from labels: set some aside, train a candidate, ask the gate, keep both.

What is kept is a version's folder with its card, weights and report; whether it answers
is for others to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model import artifact as artifacts
from model.adapt import adapt
from model.artifact import Artifact
from model.comparison import comparison_page
from model.full import train
from model.gate import Gate, gate
from model.holdout import hold_out
from model.judge import Judge
from model.labels import Label, check_classes
from model.lexicon.matcher import load_lexicon

REPORT = "report.html"
"""The page beside a version's card and weights; it shows comments."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A candidate that was written, what the gate said of it, and its report."""

    folder: Path
    artifact: Artifact
    gate: Gate
    report: Path


def learn(
    labels: Sequence[Label],
    *,
    base: Artifact,
    current: Artifact,
    out: Path,
    corpora: Path | None = None,
    seed: int = 0,
    report: Callable[[str], None],
) -> Learnt:
    """Train a candidate and compare it with the version that answers.

    The same labels, base, seed and corpora give the same candidate on the same day.

    Args:
        labels: people's decisions; a part is held out, and judges.
        base: what a correction begins with.
        current: the version that answers.
        out: the folder below which the version's is written, whole or not at all.
        corpora: if given, all is trained anew from them and the labels together.
        seed: of all chance.
        report: is told what comes next.

    Raises:
        UnreadableData: there is too little to learn from, or a corpus is broken.
        OSError: the version cannot be written.
    """
    check_classes(labels)
    parts = hold_out(labels)
    if corpora is None:
        candidate = adapt(base, parts.train, seed=seed, report=report)
    else:
        candidate = train(corpora, report, parts.train, seed=seed)
    report("comparing")
    lexicon = load_lexicon()
    judges = Judge(lexicon, current), Judge(lexicon, candidate)
    said = gate(*judges, parts.held_out, seed=seed)
    candidate = replace(candidate, card={**candidate.card, "gate": said.as_card()})
    page = comparison_page(*judges, said, parts.held_out, (current, candidate))
    folder = artifacts.save(candidate, out, {REPORT: page})
    return Learnt(folder, candidate, said, folder / REPORT)
