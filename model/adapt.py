"""Adapting: the model that ships, corrected by what a site's moderators decided.

No public corpus is needed.  Features stay the same; words that the labels use and the
model does not know join them.  Leaves out which labels are held out, and the gate.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from model.abstention import LENIENT, max_unknown
from model.artifact import Artifact
from model.correction import FLOOR, FOLDS, STRENGTHS, Design, Task, corrected
from model.dataset import MAX_TEXT, Examples, Split, split
from model.drift import reference
from model.features import MASKED, Reading, ReadText
from model.figures import fairness, figures, score_all
from model.finding import ATTRIBUTES, RULE_OF, Attribute
from model.holdout import near_duplicate_keys
from model.judge import Judge
from model.labels import Label, check_classes, write_row
from model.lessons import described, fingerprint_of
from model.lexicon.matcher import Lexicon, load_lexicon
from model.newscomments import by_identity, news_comments
from model.pipeline import TextReader, restore
from model.targets import targets
from model.training import libraries
from model.verdicts import Limits
from model.vocabulary import FAMILIAR, NEW_WORD, grown

STAGES = 3
"""How often `adapt` reports."""

REHEARSAL = 0.3
"""What one of our own comments, which remind the model of what it can do, weighs beside
a label."""

REHEARSAL_OF_GROUPS = 6.0
"""The same of a comment that speaks of people by what they are: what a site decides on
other comments must not change how groups are treated."""

CORRECTED = tuple(a for a in ATTRIBUTES if a is not Attribute.SEVERE_TOXICITY)
"""The attributes that decisions say something about."""


def adapt(
    base: Artifact,
    told: Sequence[Label],
    *,
    seed: int = 0,
    report: Callable[[str], None],
) -> Artifact:
    """Correct a model by people's decisions, saying at each of STAGES what is next.

    Thresholds stay: the corrected probabilities are as true as the old ones, of the
    decisions as well.

    Args:
        base: the model to begin with.
        told: the labels to learn from, in any order.
        seed: draws the folds by which the strength is chosen.
        report: is told what comes next.

    Raises:
        UnreadableData: all labels are of one class.
    """
    check_classes(told)
    told = sorted(told, key=write_row)
    lexicon, folds = load_lexicon(), _folds(told, seed)
    report("reading labels")
    readings = [text.reading for text in _read(lexicon, base, _texts(told))]
    larger = grown(base, told, readings)
    tasks = _tasks(base, larger, lexicon, told, folds)
    report("correcting")
    correction = corrected(tasks)
    version = base
    if correction.strength is not None:
        version = _added(larger, correction.deltas)
    flagged = _flagged(base, correction.left_out)
    card = _card(base, told, seed) | {
        "strength": correction.strength,
        "max_unknown": max_unknown(base, lexicon, told, readings, folds, flagged),
    }
    report("measuring")
    card |= _measured(Judge(lexicon, replace(version, card=card)))
    return replace(version, card=card)


def settings(seed: int) -> dict[str, Any]:
    """What a correction depends on, besides the base and the labels."""
    return {
        "seed": seed,
        "strengths": list(STRENGTHS),
        "floor": FLOOR,
        "new_word": NEW_WORD,
        "familiar": FAMILIAR,
        "rehearsal": REHEARSAL,
        "rehearsal_of_groups": REHEARSAL_OF_GROUPS,
        "lenient": LENIENT,
    }


def _card(base: Artifact, told: Sequence[Label], seed: int) -> dict[str, Any]:
    """What is known of the version before it is measured."""
    named = json.dumps([base.version, fingerprint_of(told), settings(seed)])
    digest = hashlib.blake2b(named.encode(), digest_size=3).hexdigest()
    kept = ("thresholds", "attribute_thresholds", "abstain", "data")
    return {
        "version": f"{datetime.now(UTC):%Y-%m-%d}-{digest}",
        "mode": "adapt",
        "parent": base.version,
        "labels": described(told),
        "settings": settings(seed),
        "libraries": libraries(),
        **{name: base.card[name] for name in kept if name in base.card},
    }


def _tasks(
    base: Artifact,
    larger: Artifact,
    lexicon: Lexicon,
    told: Sequence[Label],
    folds: NDArray[np.intp],
) -> list[Task]:
    """What each of CORRECTED is corrected by: labels, then what is rehearsed."""
    fitted = restore(larger, lexicon).named_steps["attributes"]
    texts = _read(lexicon, larger, _texts(told) + _rehearsed())
    rehearsed = texts[len(told) :]
    design = Design(larger, fitted, texts)
    thought = expit(design.logits)
    taught = targets(Judge(lexicon, base), told, thought[: len(told)])
    wanted = np.vstack([taught, thought[len(told) :]])
    weights = np.array(
        [label.weight for label in told] + [_weight(t.reading) for t in rehearsed]
    )
    return [
        Task(
            design.rows(column),
            design.logits[:, column],
            np.nan_to_num(wanted[:, column]),
            np.where(np.isnan(wanted[:, column]), 0.0, weights),
            np.append(folds, np.full(len(rehearsed), -1)),
        )
        for column in map(ATTRIBUTES.index, CORRECTED)
    ]


def _rehearsed() -> list[str]:
    """Our own comments, of the part that the base was trained on."""
    own = news_comments()
    return [e.text for e, s in zip(own, split(own), strict=True) if s is Split.TRAIN]


def _weight(reading: Reading) -> float:
    """What a rehearsed comment weighs."""
    speaks_of_groups = not MASKED.isdisjoint(reading.signs)
    return REHEARSAL_OF_GROUPS if speaks_of_groups else REHEARSAL


def _folds(told: Sequence[Label], seed: int) -> NDArray[np.intp]:
    """The fold of each label; those under one article, or nearly equal, share one."""
    keys = [label.article or near_duplicate_keys(label.text)[0] for label in told]
    digests = [
        hashlib.blake2b(
            f"{seed}/{key}".encode("utf-8", "surrogatepass"), digest_size=4
        ).digest()
        for key in keys
    ]
    return np.array([int.from_bytes(digest) % FOLDS for digest in digests])


def _flagged(base: Artifact, left_out: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which labels are flagged by a correction that has not seen them, shape (n,)."""
    limits = Limits.from_card(base.card)
    flagged = np.zeros(len(left_out), dtype=bool)
    for attribute, logits in zip(CORRECTED, left_out.T, strict=True):
        if attribute in RULE_OF:
            limit = limits.attributes.get(attribute, limits.rules[RULE_OF[attribute]])
            flagged |= expit(logits) >= (1.0 if limit.flag is None else limit.flag)
    return flagged


def _added(larger: Artifact, deltas: Sequence[NDArray[np.float64]]) -> Artifact:
    """The model with its coefficients corrected, in the precision that is served."""
    whole = np.zeros((len(deltas[0]), len(ATTRIBUTES)))
    for attribute, delta in zip(CORRECTED, deltas, strict=True):
        whole[:, ATTRIBUTES.index(attribute)] = delta
    ends = np.cumsum([len(block.names) for block in larger.blocks.values()])
    parts = np.split(whole, ends[:-1])
    grams, words, signs = (
        replace(block, coef=(block.coef + part).astype(block.coef.dtype))
        for block, part in zip(larger.blocks.values(), parts, strict=True)
    )
    return replace(larger, grams=grams, words=words, signs=signs)


def _measured(judge: Judge) -> dict[str, Any]:
    """The figures that need no public corpus, and what drift is held against."""
    own = news_comments()
    data = Examples(own, split(own))
    test = data.part(Split.TEST)
    scores = score_all(judge, [example.text for example in test])
    return {
        "reference": reference(judge, data),
        "figures": figures(scores, test) | {"fairness": fairness(judge, by_identity())},
    }


def _texts(told: Sequence[Label]) -> list[str]:
    return [label.text[:MAX_TEXT] for label in told]


def _read(lexicon: Lexicon, artifact: Artifact, texts: Iterable[str]) -> list[ReadText]:
    return TextReader(lexicon, artifact.classes).transform(texts)
