"""Thresholds and figures of a model version, from the judge that is served.

Everything is measured on the artefact's own answers, so that the card states what a
site will see.  Leaves out printing and plots.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.dataset import Example, labels
from model.evaluation import (
    bias_aucs,
    expected_calibration_error,
    roc_auc,
    span_f1,
    threshold_for_precision,
)
from model.finding import ATTRIBUTES, RULE_OF, Attribute, Rule
from model.judge import Judge

PRECISION = {"flag": 0.7, "reject": 0.95}
"""Share of right verdicts that a threshold is chosen for, per consequence."""

PRECISION_OF_THREATS = {"flag": 0.5, "reject": 0.95}
"""To miss a threat costs more than to have people look twice as often."""

COMMENTS = (
    "own",
    "jigsaw",
    "context",
    "hatemoji",
    "convabuse",
    "davidson",
    "paradetox",
    "openai",
    "profanity_check",
)
"""Corpora that know both the abusive and the clean among what people wrote."""

PROSE = ("context", "wikipedia")
"""Corpora of ordinary prose; whatever is flagged there is flagged on any news site."""

TALK = ("jigsaw", "profanity_check")
"""What is taken for ordinary prose where none is there: talk pages as they come in.
Nobody marked some of their abuse, so that thresholds come out higher."""

SURE = 1.0
"""Score of a word that breaks the rule in any context; the classifier's stay below."""

MAX_FALSE = {"flag": 0.001, "reject": 0.0005}
"""Share of clean prose that a rule may flag or reject at most."""

COLUMNS: Mapping[Rule, list[int]] = {
    rule: [i for i, a in enumerate(ATTRIBUTES) if RULE_OF.get(a) is rule]
    for rule in Rule
}
"""Where the attributes of a rule stand in a row of scores."""

Limits = dict[str, float | None]
"""Thresholds as in the card: `flag` and `reject`."""

Scores = NDArray[np.float64]
"""Probabilities of shape (n, attributes)."""


def score_all(judge: Judge, texts: Iterable[str]) -> Scores:
    """What the classifier makes of each text."""
    rows = [list(judge.probabilities(text).values()) for text in texts]
    return np.array(rows).reshape(-1, len(ATTRIBUTES))


LED_BY: Mapping[Rule, Attribute] = {
    Rule.DEROGATORY: Attribute.IDENTITY_ATTACK,
    Rule.PERSONAL: Attribute.INSULT,
    Rule.OBSCENE: Attribute.PROFANITY,
}
"""The attribute that a rule's own thresholds are chosen for; another has its own."""


def thresholds(
    scores: Scores, examples: Sequence[Example]
) -> tuple[dict[str, Limits], dict[str, Limits]]:
    """Scores from which each rule flags and rejects; None where none will do.

    Precise enough among comments, and rare enough in clean prose.  A verdict is right
    where people found any rule broken: most corpora do not tell the rules apart as
    sharply as we do, and a reader is not wronged by the wrong clause.  Where the
    classifier is never right often enough to reject, a rule rejects from SURE on.

    Returns:
        By rule, and by attribute for those that are rarer than the one that leads their
        rule: a threat is less probable than an insult, however clear it is.
    """
    truth = labels(examples)[:, ATTRIBUTES.index(Attribute.TOXICITY)]
    comments = _among(COMMENTS, examples) & ~np.isnan(truth)
    clean = truth == 0
    prose = _among(PROSE, examples) & clean
    if not prose.any():
        prose = _among(TALK, examples) & clean
    table: dict[Attribute, Limits] = {}
    for attribute in RULE_OF:
        score = scores[:, ATTRIBUTES.index(attribute)]
        wanted = PRECISION_OF_THREATS if attribute is Attribute.THREAT else PRECISION
        table[attribute] = {
            name: _threshold(
                truth[comments] == 1,
                score[comments],
                precision=precision,
                at_least=_rare(score[prose], MAX_FALSE[name]),
            )
            for name, precision in wanted.items()
        }
    rules = {str(rule): table.pop(attribute) for rule, attribute in LED_BY.items()}
    for limits in rules.values():
        limits["reject"] = SURE if limits["reject"] is None else limits["reject"]
    for attribute, own in table.items():
        leading = rules[RULE_OF[attribute]]
        # Too rare to show that it is precise enough: its rule's threshold stands.
        own |= {name: leading[name] for name in own if own[name] is None}
    return rules, {str(attribute): own for attribute, own in table.items()}


def _threshold(
    positive: NDArray[np.bool_],
    score: NDArray[np.float64],
    *,
    precision: float,
    at_least: float,
) -> float | None:
    precise = threshold_for_precision(positive, score, precision=precision)
    if precise is None:
        return None
    # Upwards: the precision that was asked for must not be lost in rounding.
    return float(np.ceil(max(precise, at_least) * 1e4) / 1e4)


def _rare(score: NDArray[np.float64], share: float) -> float:
    """The score that no more than a share of texts exceed; 0 where there are none."""
    return float(np.quantile(score, 1 - share)) if len(score) else 0.0


def _among(corpora: tuple[str, ...], examples: Sequence[Example]) -> NDArray[np.bool_]:
    return np.array([example.corpus.startswith(corpora) for example in examples])


def figures(scores: Scores, examples: Sequence[Example]) -> dict[str, Any]:
    """ROC-AUC of each attribute by corpus, and calibration, of held-out examples."""
    truth = labels(examples)
    groups = _groups(examples)
    table: dict[str, Any] = {"roc_auc": {}, "calibration_error": {}}
    for column, attribute in enumerate(ATTRIBUTES):
        known = ~np.isnan(truth[:, column])
        positive, score = truth[:, column] == 1, scores[:, column]
        error = expected_calibration_error(positive[known], score[known])
        table["calibration_error"][attribute] = round(error, 4)
        table["roc_auc"][attribute] = {
            name: _auc(positive[members & known], score[members & known])
            for name, members in groups.items()
            if len(set(positive[members & known].tolist())) == 2
        }
    for rule in Rule:
        mine = truth[:, COLUMNS[rule]]
        positive = np.any(mine == 1, axis=1)
        known = positive | np.all(~np.isnan(mine), axis=1)
        score = scores[:, COLUMNS[rule]].max(axis=1)
        error = expected_calibration_error(positive[known], score[known])
        table["calibration_error"][rule] = round(error, 4)
    return table


def _auc(positive: NDArray[np.bool_], score: NDArray[np.float64]) -> dict[str, float]:
    return {
        "roc_auc": round(roc_auc(positive, score), 4),
        "examples": len(positive),
        "positive": int(positive.sum()),
    }


def _groups(examples: Sequence[Example]) -> dict[str, NDArray[np.bool_]]:
    corpora = np.array([example.corpus for example in examples])
    groups = {name: corpora == name for name in np.unique(corpora).tolist()}
    own = np.char.startswith(corpora, "own/")
    return {**groups, "own": own, "all": np.full(len(corpora), True)}


def fairness(
    judge: Judge, filled: Sequence[tuple[str, Example]]
) -> dict[str, dict[str, float]]:
    """Subgroup, BPSN and BNSP AUC for each identity, of the score that decides.

    Args:
        judge: of the version.
        filled: an identity, and a template filled with it; see
            `model.newscomments.by_identity`.
    """
    columns = [column for its in COLUMNS.values() for column in its]
    scores = score_all(judge, [example.text for _, example in filled])
    score = scores[:, columns].max(axis=1)
    positive = np.array([any(example.labels.values()) for _, example in filled])
    terms = np.array([term for term, _ in filled])
    return {
        term: {
            name: round(value, 4)
            for name, value in bias_aucs(positive, score, terms == term).items()
        }
        for term in np.unique(terms).tolist()
    }


def toxic_span_f1(
    judge: Judge, annotated: Sequence[tuple[str, frozenset[int]]]
) -> float:
    """Mean character F1 of the words shown as toxic, against what people marked."""
    scores = [
        span_f1(
            frozenset(
                i for s in judge.toxic_spans(text) for i in range(s.start, s.end)
            ),
            gold,
        )
        for text, gold in annotated
    ]
    return round(float(np.mean(scores)), 4)
