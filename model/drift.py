"""How far comments have moved away from those that a version was measured on.

Scores are counted in bins, so that days can be added up and nothing of a comment is
kept.  Leaves out where the comments of a site are counted, and who is told.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.dataset import Example, Examples, Split
from model.finding import RULE_OF, Attribute
from model.judge import Judge
from model.verdicts import DIGITS, Fate, Limits

EDGES = (0.01, 0.02, 0.04, 0.08, 0.15, 0.25, 0.4, 0.6, 0.8)
"""Scores at which a bin begins; the first begins at zero.  Closer together where most
comments lie, so that each bin holds some of any site's."""

BINS = len(EDGES) + 2
"""How many bins there are: those of scores, and the last for what has none."""

FATES = tuple(Fate)
"""In what order fates are counted."""

ABUSIVE = 0.1
"""Share of the reference that people would reject: see `reference`."""

MENTIONED, WARNED = 0.1, 0.25
"""Indices from which a change is small, and from which it is large (Siddiqi)."""


@dataclass(frozen=True, slots=True)
class Reference:
    """The shares expected: of scores, BINS of them, and of FATES; none is zero."""

    scores: tuple[float, ...]
    fates: tuple[float, ...]


def bin_of(scores: Mapping[Attribute, float] | Mapping[str, float] | None) -> int:
    """In which bin a comment is counted: by the strongest score that names a rule.

    Args:
        scores: by attribute, in [0, 1]; None where the classifier abstained.
    """
    if scores is None:
        return BINS - 1
    named: Mapping[Any, float] = scores
    strongest = max((named[a] for a in RULE_OF if a in named), default=0.0)
    return bisect_right(EDGES, round(strongest, DIGITS))


def shares(counts: Sequence[float]) -> tuple[float, ...]:
    """The share of each bin, none of which is zero; they sum to 1.

    Half a comment is added to each, so that a bin that happens to be empty is not taken
    for impossible.

    Source:
        R. E. Krichevsky and V. K. Trofimov, "The Performance of Universal Encoding",
        IEEE Trans. Inf. Theory 27 (1981), 199-207.
    """
    whole = sum(counts) + len(counts) / 2
    return tuple((count + 0.5) / whole for count in counts)


def population_stability_index(
    expected: Sequence[float], counts: Sequence[int]
) -> float:
    """How far counts lie from what is expected: 0 where they do not.

    Below 0.1 is commonly called no change, from 0.25 on a large one.  Of comments that
    have not changed at all it comes to (k - 1) * (1 / n + 1 / m) on average, where n of
    them are counted and the expectation rests on m: some hundreds are needed.

    Args:
        expected: shares of k bins, each above 0; they sum to 1.
        counts: of the same bins; their shares are `shares`.

    Raises:
        ValueError: a share is not above 0, or there are more bins here than there.

    Source:
        N. Siddiqi, "Credit Risk Scorecards" (2006), "System Stability Report"; its
        distribution: B. Yurdakul, "Statistical Properties of Population Stability
        Index", Western Michigan University, 2018.
    """
    if min(expected, default=0.0) <= 0:
        raise ValueError("every bin must be expected to hold something")
    pairs = zip(shares(counts), expected, strict=True)
    return sum((actual - share) * math.log(actual / share) for actual, share in pairs)


def reference(judge: Judge, data: Examples) -> dict[str, Any]:
    """What a version makes of comments as a news site gets them, for its card.

    Of the validation part it takes our own comments but for those made of templates:
    they alone are written as readers of a news site write.  Held-out comments of a
    forum and of Reddit lie near them (stormfront 0.09, misogyny 0.11).  Talk pages of
    an encyclopaedia, longer and calmer, lie far away (jigsaw 2.4, context 3.1), and
    they are more than half of all validation data.  Of our own comments four in ten are
    abuse, though, for they teach what the rule is and not how often it is broken; so
    they are weighed until a tenth is, as in jigsaw.  That share matters little: against
    comments of which 3 or 20 % are abuse, the index stays at or below 0.04.

    Args:
        judge: of the version, with the thresholds in its card.
        data: as `model.measuring.gather` gives it.

    Returns:
        Shares of scores between `edges`, the last those of abstentions, and of fates by
        the card's thresholds; and what they are `of`.
    """
    comments = [e for e in data.part(Split.VALIDATION) if _is_comment(e)]
    limits = Limits.from_card(judge.card)
    judged = [judge.judge(e.text, floor=limits.floor) for e in comments]
    weights = _weights([e.labels[Attribute.TOXICITY] for e in comments])
    bins = [bin_of(judgement.scores) for judgement in judged]
    fates = [FATES.index(limits.fate(judgement)) for judgement in judged]
    by_fate = shares(np.bincount(fates, weights, len(FATES)).tolist())
    return {
        "edges": list(EDGES),
        "scores": _rounded(shares(np.bincount(bins, weights, BINS).tolist())),
        "fates": dict(zip(FATES, _rounded(by_fate), strict=True)),
        "of": {"own comments": len(comments), "abusive": ABUSIVE},
    }


def reference_of(card: Mapping[str, Any]) -> Reference | None:
    """What a card says is expected; None where it says nothing, or of other bins."""
    stated = card.get("reference")
    if not stated or tuple(stated["edges"]) != EDGES:
        return None
    fates = tuple(stated["fates"][fate] for fate in FATES)
    return Reference(tuple(stated["scores"]), fates)


def _is_comment(example: Example) -> bool:
    corpus = example.corpus
    return corpus.startswith("own/") and corpus != "own/templates"


def _weights(abusive: Sequence[int]) -> NDArray[np.float64]:
    """Weights that sum to how many there are, and of which ABUSIVE is abuse."""
    is_abusive = np.array(abusive) == 1
    among = np.where(is_abusive, is_abusive.sum(), (~is_abusive).sum())
    wanted = np.where(is_abusive, ABUSIVE, 1 - ABUSIVE)
    weights: NDArray[np.float64] = wanted * len(is_abusive) / among
    return weights


def _rounded(numbers: Sequence[float]) -> list[float]:
    return [round(number, 6) for number in numbers]
