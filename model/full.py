"""Full training: a version from our own comments, public corpora and a site's labels.

Leaves out where the version goes, and whether it may take another's place.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline
from tqdm import tqdm

from model.artifact import Artifact
from model.contacts.finder import find_contacts
from model.corpora import civil_test_texts, left_out
from model.dataset import (
    MAX_TEXT,
    RULES_WEIGHT,
    Example,
    Examples,
    Split,
    fingerprint,
)
from model.drift import reference
from model.features import SENTENCE, load_classes
from model.figures import score_all, thresholds
from model.finding import RULE_OF, Attribute, Rule
from model.judge import Judge
from model.labels import Label
from model.lessons import described, fingerprint_of, taught
from model.lexicon.matcher import Lexicon, load_lexicon
from model.measuring import OWN_WEIGHT, count_examples, gather, measure
from model.pipeline import COMMON_DF, build_pipeline
from model.regression import RATIO_FLOOR
from model.training import calibrate, export, fit, libraries

STAGES = 6
"""How often `train` reports."""

LABEL_WEIGHT = OWN_WEIGHT * RULES_WEIGHT
"""Share of a label that stands for one comment: what our own comments have where it is
decided.  In a simulated newsroom with two rules that nobody else knows, which disagreed
with 38 % of verdicts, it was 25, 23 and 22 % after 2,000 labels of share 1, 4 and 10,
and 28, 26 and 25 % after 500; on our own comments ROC-AUC lost 0.002, 0.005 and 0.009.
"""


def train(
    corpora: Path,
    report: Callable[[str], None],
    labels: Sequence[Label] = (),
    *,
    seed: int = 0,
) -> Artifact:
    """From files to an artefact, saying at each of STAGES what is done next.

    Args:
        corpora: the folder of all; corpora that are not there are left out, and named
            on standard error and in the card.
        report: is told what comes next.
        labels: to learn from too; those that the version is judged by are not among
            them.
        seed: has no effect, as nothing is drawn: it is here so that both ways of
            training are called alike.

    Raises:
        UnreadableData: there is no corpus, or a file is missing or broken.
    """
    report("reading corpora")
    data = gather(corpora, examples_of(labels))
    missing = left_out(corpora)
    if missing:
        tqdm.write(f"left out, not there: {', '.join(missing)}", file=sys.stderr)
    lexicon = load_lexicon()
    pipeline = _fitted(lexicon, data, report)
    card = _card(data, missing, labels)
    artifact = export(pipeline, card)
    judge = Judge(lexicon, artifact)
    report("choosing thresholds")
    validation = _part(data, Split.VALIDATION)
    scores = score_all(judge, [example.text for example in validation])
    by_rule, by_attribute = thresholds(scores, validation)
    card |= {"thresholds": by_rule, "attribute_thresholds": by_attribute}
    report("measuring")
    card["reference"] = reference(judge, data)
    card["figures"] = measure(judge, data, civil_test_texts(corpora))
    return artifact


def _fitted(
    lexicon: Lexicon, data: Examples, report: Callable[[str], None]
) -> Pipeline:
    pipeline = build_pipeline(lexicon, load_classes())
    fit(pipeline, _part(data, Split.TRAIN), report)
    report("calibrating")
    calibrate(pipeline, _part(data, Split.VALIDATION))
    return pipeline


def _card(
    data: Examples, missing: Sequence[str], labels: Sequence[Label]
) -> dict[str, Any]:
    """What is known of a version before it is measured."""
    data_name = fingerprint(data.examples)
    card: dict[str, Any] = {
        "version": f"{datetime.now(UTC):%Y-%m-%d}-{digest(data_name, labels)}",
        "mode": "full",
        "data": {
            "fingerprint": data_name,
            "examples": count_examples(data),
            "left_out": list(missing),
        },
        "settings": settings(with_labels=bool(labels)),
        "libraries": libraries(),
    }
    if labels:
        card["labels"] = described(labels)
    return card


def examples_of(labels: Sequence[Label]) -> list[Example]:
    """Labels as examples, the newest first: of two on one text the first counts.

    Those under one article are a group; where no article is known, those of one author.
    """
    newest = sorted(
        labels, key=lambda label: (label.decided_at, label.id), reverse=True
    )
    return [
        Example(
            label.text,
            _lesson(label),
            "labels",
            label.weight * LABEL_WEIGHT,
            label.article or label.author,
        )
        for label in newest
    ]


def _lesson(label: Label) -> dict[Attribute, int]:
    """What the words of a label teach: a rejected telephone number teaches nothing.

    Others than the classifier find contact details.
    """
    lesson = taught(label)
    if label.rejected and find_contacts(label.text):
        personal = {a for a, rule in RULE_OF.items() if rule is Rule.PERSONAL}
        for attribute in {Attribute.TOXICITY} | personal:
            lesson.pop(attribute, None)
    return lesson


def settings(*, with_labels: bool = False) -> dict[str, Any]:
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
        **({"label_weight": LABEL_WEIGHT} if with_labels else {}),
    }


def digest(fingerprint_of_data: str, labels: Sequence[Label]) -> str:
    """Six characters that name the data, the labels and the settings together."""
    named: list[Any] = [fingerprint_of_data, settings(with_labels=bool(labels))]
    if labels:
        # Who wrote under what decides the parts, and is no part of the data's name.
        named.append(fingerprint_of(labels))
    return hashlib.blake2b(json.dumps(named).encode(), digest_size=3).hexdigest()


def _part(data: Examples, split: Split) -> list[Example]:
    """The examples of one part, no longer than what is learnt from."""
    return [replace(e, text=e.text[:MAX_TEXT]) for e in data.part(split)]
