"""The script that trains a model version: `python -m model.retrain --corpora DIR`."""

from __future__ import annotations

import argparse
import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tqdm import tqdm

from model import artifact as artifacts
from model.corpora import civil_test_texts
from model.dataset import (
    MAX_TEXT,
    RULES_WEIGHT,
    Example,
    Split,
    UnreadableData,
    fingerprint,
)
from model.features import SENTENCE, load_classes
from model.figures import score_all, thresholds
from model.judge import Judge
from model.lexicon.matcher import load_lexicon
from model.measuring import OWN_WEIGHT, count_examples, gather, measure
from model.pipeline import COMMON_DF, build_pipeline
from model.regression import RATIO_FLOOR
from model.training import calibrate, export, fit, libraries

STAGES = 6


def train(corpora: Path, report: Callable[[str], None]) -> artifacts.Artifact:
    """From files to an artefact, saying at each of STAGES what is done next.

    Raises:
        UnreadableData: a file is missing or broken.
    """
    report("reading corpora")
    data = gather(corpora)
    lexicon = load_lexicon()
    pipeline = build_pipeline(lexicon, load_classes())
    fit(pipeline, [_shortened(e) for e in data.part(Split.TRAIN)], report)
    report("calibrating")
    validation = [_shortened(e) for e in data.part(Split.VALIDATION)]
    calibrate(pipeline, validation)
    name = fingerprint(data.examples)
    card: dict[str, Any] = {
        "version": f"{datetime.now(UTC):%Y-%m-%d}-{_digest(name)}",
        "data": {"fingerprint": name, "examples": count_examples(data)},
        "settings": settings(),
        "libraries": libraries(),
    }
    artifact = export(pipeline, card)
    judge = Judge(lexicon, artifact)
    report("choosing thresholds")
    scores = score_all(judge, [example.text for example in validation])
    by_rule, by_attribute = thresholds(scores, validation)
    card |= {"thresholds": by_rule, "attribute_thresholds": by_attribute}
    report("measuring")
    card["figures"] = measure(judge, data, civil_test_texts(corpora))
    return artifact


def settings() -> dict[str, Any]:
    """What the pipeline is built with, and what weighs the examples."""
    parameters = inspect.signature(build_pipeline).parameters.values()
    given = {p.name: p.default for p in parameters if p.default is not p.empty}
    return {
        **given,
        "common_df": COMMON_DF,
        "ratio_floor": RATIO_FLOOR,
        "rules_weight": RULES_WEIGHT,
        "own_weight": OWN_WEIGHT,
        "sentence": SENTENCE,
    }


def _digest(fingerprint_of_data: str) -> str:
    """Six characters that name the data and the settings together."""
    text = json.dumps([fingerprint_of_data, settings()])
    return hashlib.blake2b(text.encode(), digest_size=3).hexdigest()


def _shortened(example: Example) -> Example:
    text = example.text[:MAX_TEXT]
    return Example(text, example.labels, example.corpus, example.weight, example.group)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script; returns its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m model.retrain", description=__doc__
    )
    parser.add_argument("--corpora", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("var/models"), metavar="DIR")
    options = parser.parse_args(arguments)
    try:
        with tqdm(total=STAGES, unit="stage") as bar:

            def report(stage: str) -> None:
                bar.set_description(stage)
                bar.update()

            artifact = train(options.corpora, report)
        folder = artifacts.save(artifact, options.out)
    except (UnreadableData, FileExistsError) as error:
        print(f"retrain: {error}", file=sys.stderr)
        return 2
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
