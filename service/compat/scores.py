"""Verdicts as the probabilities that other services answer.  Knows no protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from model.finding import Attribute, Finding
from service.domain import Reason

UNKNOWN = 0.5
"""The score of an attribute where the classifier abstained: neither yes nor no."""


def probabilities(
    scores: Mapping[Attribute, float] | None, findings: Iterable[Finding | Reason]
) -> dict[Attribute, float]:
    """How probable each attribute is, by all that was seen in a text.

    Args:
        scores: the classifier's, calibrated; None where it abstained.
        findings: what was found; one counts where it says more than the classifier.

    Returns:
        A score in [0, 1] for every attribute.
    """
    known = dict.fromkeys(Attribute, UNKNOWN) if scores is None else dict(scores)
    for finding in findings:
        if finding.attribute is not None:
            known[finding.attribute] = max(known[finding.attribute], finding.score)
    return known
