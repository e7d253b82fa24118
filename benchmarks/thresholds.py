"""Which threshold of ours is one tuned on Perspective's TOXICITY: by false positives.

Run as `python -m benchmarks.thresholds CORPORA`, with the folder that `model.retrain`
reads; it takes a minute or two.  A threshold means the same on two scales if as many
innocent comments are above it.  Ours is measured here; whoever knows how often theirs
was wrong (the share that it held and moderators then approved) finds the row.

Perspective's own scores are not measured: nothing here can ask for them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.dataset import Example, Split
from model.finding import Attribute
from model.judge import load_judge
from model.measuring import gather
from service.compat.perspective.attributes import scores_of
from service.policy import make_policy

RATES = (0.001, 0.005, 0.01, 0.02, 0.05)
TALK = frozenset({"jigsaw", "context"})
"""Corpora of comments as they come: Wikipedia's talk pages."""
CLEAN_TALK = "talk clean"
OWN = "own/"
"""Comments on news, many of them written to be hard; templates are left out."""

Scores = NDArray[np.float64]


def main(corpora: Path) -> None:
    """Print the table as Markdown."""
    judge = load_judge()
    policy = make_policy("default", judge.card)

    def score(text: str) -> float:
        judgement = judge.judge(text, floor=policy.floor)
        verdict = policy.verdict(judgement, model=judge.model_version)
        return scores_of(verdict)[Attribute.TOXICITY]

    groups = grouped(gather(corpora).part(Split.TEST))
    scores = {group: np.array([*map(score, texts)]) for group, texts in groups.items()}
    counts = ", ".join(f"{group} {len(found):,}" for group, found in scores.items())
    print(f"TOXICITY by model {judge.model_version}; comments: {counts}", "", sep="\n")
    print("\n".join(table(scores)))


def grouped(examples: Iterable[Example]) -> dict[str, list[str]]:
    """Texts by where they come from and whether people found them toxic."""
    groups: dict[str, list[str]] = {}
    for example in examples:
        place = _place(example.corpus)
        label = example.labels.get(Attribute.TOXICITY)
        if place and label is not None:
            kind = "toxic" if label else "clean"
            groups.setdefault(f"{place} {kind}", []).append(example.text)
    return dict(sorted(groups.items()))


def threshold_at(rate: float, clean: Scores) -> int | None:
    """The lowest threshold, in per cent, above which at most a share of comments is.

    Args:
        rate: that share, in [0, 1].
        clean: scores of comments that people found nothing wrong in, shape (n,).

    Returns:
        From 0 to 99; None where more than that share score 1.
    """
    for percent in range(100):
        if above(percent, clean) <= rate:
            return percent
    return None


def above(percent: int, scores: Scores) -> float:
    """The share of scores above a threshold, as Coral compares them."""
    return float((scores > percent / 100).mean())


def table(scores: Mapping[str, Scores]) -> list[str]:
    """A row for each rate: the threshold, and the share of each group above it."""
    names = list(scores)
    lines = [_row(["false positives", "threshold", *names])]
    lines.append("|" + "---|" * (len(names) + 2))
    for rate in RATES:
        percent = threshold_at(rate, scores[CLEAN_TALK])
        if percent is None:
            lines.append(_row([f"{rate:.1%}", "none", *("" for _ in names)]))
            continue
        shares = [f"{above(percent, found):.1%}" for found in scores.values()]
        lines.append(_row([f"{rate:.1%}", f"{percent} %", *shares]))
    return lines


def _place(corpus: str) -> str:
    if corpus in TALK:
        return "talk"
    return "news" if corpus.startswith(OWN) and corpus != f"{OWN}templates" else ""


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
