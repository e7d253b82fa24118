"""What decisions teach a model that is there already, attribute by attribute.

What something else than the classifier saw is no lesson for the classifier.  Leaves out
how much a decision counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.finding import ATTRIBUTES, DOUBTFUL, RULE_OF, Attribute, Rule, Source
from model.judge import ATTRIBUTE_OF, Judge
from model.labels import Label
from model.lessons import taught
from model.verdicts import Limits

Floats = NDArray[np.float64]

LEADING = [ATTRIBUTES.index(attribute) for attribute in ATTRIBUTE_OF.values()]
TOXICITY = ATTRIBUTES.index(Attribute.TOXICITY)
INSULT = ATTRIBUTES.index(Attribute.INSULT)
THREAT = ATTRIBUTES.index(Attribute.THREAT)


def targets(judge: Judge, told: Sequence[Label], thought: Floats) -> Floats:
    """What labels teach of each attribute.

    What a strong word or contact details explain already teaches nothing: a telephone
    number is no insult.  Nor is a threat that the model sees.  A rejection for no rule
    breaks one of them: it is shared among those that lead a rule, by how probable they
    were, as only their union is known.

    Args:
        judge: of the model.
        told: n labels.
        thought: what the model makes of them, shape (n, attributes), in (0, 1).

    Returns:
        Shape (n, attributes): probabilities, and NaN for nothing.

    Source:
        The union: J. Pearl, "Probabilistic Reasoning in Intelligent Systems" (1988),
        section 4.3.2 (noisy or).
    """
    threats = _threats(judge, thought)
    wanted = np.full((len(told), len(ATTRIBUTES)), np.nan)
    for i, label in enumerate(told):
        for attribute, value in taught(label).items():
            wanted[i, ATTRIBUTES.index(attribute)] = value
        explained = _explained(judge, label.text)
        if label.rejected and label.rule is None and not explained:
            p = thought[i, LEADING]
            wanted[i, LEADING] = p / (1 - np.prod(1 - p))
        if label.rejected and threats[i]:
            wanted[i, INSULT] = np.nan
        if explained:
            wanted[i, TOXICITY] = np.nan
        for attribute, rule in RULE_OF.items():
            if rule in explained:
                wanted[i, ATTRIBUTES.index(attribute)] = np.nan
    return wanted


def _threats(judge: Judge, thought: Floats) -> NDArray[np.bool_]:
    """Which comments the model flags as threats, shape (n,)."""
    limits = Limits.from_card(judge.card)
    limit = limits.attributes.get(Attribute.THREAT, limits.rules[Rule.PERSONAL])
    if limit.flag is None:
        return np.zeros(len(thought), dtype=bool)
    seen: NDArray[np.bool_] = thought[:, THREAT] >= limit.flag
    return seen


def _explained(judge: Judge, text: str) -> frozenset[Rule]:
    """The rules that something else than the classifier says are broken."""
    return frozenset(
        finding.rule
        for finding in judge.judge(text, floor=1.0).findings
        if finding.rule is not None
        and finding.source is not Source.CLASSIFIER
        and finding.detail != DOUBTFUL
    )
