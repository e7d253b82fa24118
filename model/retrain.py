"""The script that trains a model version: `python -m model.retrain --corpora DIR`."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model import artifact as artifacts
from model.classifier import Classifier
from model.corpora import LOADERS, civil_test_texts
from model.dataset import (
    MAX_TEXT,
    Example,
    Examples,
    Split,
    UnreadableData,
    deduplicate,
    fingerprint,
    skeleton,
    split,
)
from model.features import Reader, load_classes
from model.figures import figures, score_all, thresholds
from model.judge import Judge
from model.lexicon.matcher import load_lexicon
from model.newscomments import news_comments
from model.pipeline import build_pipeline
from model.training import calibrate, export, fit, libraries

OWN_WEIGHT = 5.0
"""Share of one of our own comments: they are few and the only ones about news."""

STEPS = 7
"""Stages that the progress bar counts."""


def gather(corpora: Path) -> Examples:
    """Read our own comments and the public corpora, join them, split them.

    Raises:
        UnreadableData: a file is missing or broken.
    """
    rows = news_comments(weight=OWN_WEIGHT, template_weight=OWN_WEIGHT / 4)
    for loader in LOADERS.values():
        rows += list(loader(corpora))
    # The spans of these comments are what explanations are measured on.
    held_out = {skeleton(text) for text, _ in civil_test_texts(corpora)}
    rows = [row for row in rows if skeleton(row.text) not in held_out]
    rows = deduplicate(rows)
    return Examples(rows, split(rows))


def train(corpora: Path, bar: tqdm[Any]) -> artifacts.Artifact:
    """Everything from files to an artefact."""

    def report(stage: str) -> None:
        bar.set_description(stage)
        bar.update()

    report("reading corpora")
    data = gather(corpora)
    pipeline = build_pipeline(load_lexicon(), load_classes())
    training = [_shortened(e) for e in data.part(Split.TRAIN)]
    fit(pipeline, training, report)
    report("calibrating")
    validation = [_shortened(e) for e in data.part(Split.VALIDATION)]
    calibrate(pipeline, validation)
    name = fingerprint(data.examples)
    card: dict[str, Any] = {
        "version": f"{datetime.now(UTC):%Y-%m-%d}-{name[:6]}",
        "data": {"fingerprint": name, "examples": _counts(data)},
        "libraries": libraries(),
    }
    artifact = export(pipeline, card)
    judge = Judge(load_lexicon(), Classifier(artifact), Reader(artifact.classes))
    report("choosing thresholds")
    scores = score_all(judge.probabilities, validation)
    card["thresholds"] = thresholds(scores, validation)
    report("measuring")
    test = data.part(Split.TEST)
    card["figures"] = figures(score_all(judge.probabilities, test), test)
    return artifact


def _shortened(example: Example) -> Example:
    text = example.text[:MAX_TEXT]
    return Example(text, example.labels, example.corpus, example.weight, example.group)


def _counts(data: Examples) -> dict[str, dict[str, int]]:
    pairs = zip(data.examples, data.splits, strict=True)
    counts = Counter((example.corpus, part) for example, part in pairs)
    table: dict[str, dict[str, int]] = {}
    for (corpus, part), count in sorted(counts.items()):
        table.setdefault(corpus, {})[part] = count
    return table


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m model.retrain", description=__doc__
    )
    parser.add_argument("--corpora", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("var/models"), metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        with tqdm(total=STEPS, unit="stage") as bar:
            artifact = train(options.corpora, bar)
        folder = artifacts.save(artifact, options.out)
    except (UnreadableData, FileExistsError) as error:
        print(f"retrain: {error}", file=sys.stderr)
        return 2
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
