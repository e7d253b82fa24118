"""What becomes of a comment by the thresholds of a version's card.

The same as `service.policy` decides for a site that has set nothing of its own, so that
a version can be examined without the service; a test holds the two equal.  Leaves out
reasons, wording, and what a site may set.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from model.finding import DOUBTFUL, RULE_OF, Attribute, Finding, Rule
from model.judge import Judge, Judgement

DIGITS = 4
"""Decimals to which scores and thresholds are rounded before they meet."""
HALF: float = 0.5 * 10**-DIGITS
"""How much a score may gain by being rounded."""


class Fate(StrEnum):
    """What becomes of a comment; FLAG has people look at it."""

    ACCEPT = "accept"
    FLAG = "flag"
    REJECT = "reject"

    @property
    def is_stopped(self) -> bool:
        """Whether it is rejected, or flagged for people to see."""
        return self is not Fate.ACCEPT


@dataclass(frozen=True, slots=True)
class Limit:
    """Scores from which something is flagged or rejected; None: never."""

    flag: float | None
    reject: float | None


@dataclass(frozen=True, slots=True)
class Limits:
    """A card's thresholds.

    An attribute in `attributes` has limits of its own in place of its rule's; a rule in
    neither has no consequence.  A text of which a share of at least `abstain` is
    unknown is flagged where the classifier abstains.
    """

    rules: Mapping[Rule, Limit]
    attributes: Mapping[Attribute, Limit]
    abstain: float

    @classmethod
    def from_card(cls, card: Mapping[str, Any]) -> Limits:
        """Those of a version's card.

        Raises:
            KeyError, TypeError, ValueError: it states none, or senseless ones.
        """
        of_attributes = card.get("attribute_thresholds", {})
        return cls(
            {Rule(name): _limit(row) for name, row in card["thresholds"].items()},
            {Attribute(name): _limit(row) for name, row in of_attributes.items()},
            round(float(card.get("abstain", 0.0)), DIGITS),
        )

    @property
    def floor(self) -> float:
        """The lowest score of a finding that can have a consequence, once rounded."""
        limits = (*self.rules.values(), *self.attributes.values())
        scores = [s for limit in limits for s in (limit.flag, limit.reject)]
        return min((s for s in scores if s is not None), default=1.0) - HALF

    def fate(self, judgement: Judgement) -> Fate:
        """One finding that rejects is enough; so is one that flags."""
        met = set(map(self._consequence, judgement.findings))
        if Fate.REJECT in met:
            return Fate.REJECT
        return Fate.FLAG if Fate.FLAG in met else Fate.ACCEPT

    def named(self, judgement: Judgement) -> frozenset[Rule]:
        """The rules for which it is rejected or flagged; none where it abstained."""
        return frozenset(
            finding.rule
            for finding in judgement.findings
            if finding.rule is not None and self._consequence(finding).is_stopped
        )

    def _consequence(self, finding: Finding) -> Fate:
        score = round(finding.score, DIGITS)
        if finding.rule is None:
            return Fate.FLAG if score >= self.abstain else Fate.ACCEPT
        limit = self.rules.get(finding.rule)
        if finding.attribute is not None:
            limit = self.attributes.get(finding.attribute, limit)
        if limit is None:
            return Fate.ACCEPT
        is_sure = finding.detail != DOUBTFUL
        if is_sure and limit.reject is not None and score >= limit.reject:
            return Fate.REJECT
        flags = limit.flag is not None and score >= limit.flag
        return Fate.FLAG if flags else Fate.ACCEPT


def fates(judge: Judge, texts: Iterable[str]) -> list[Fate]:
    """What becomes of each text by the judge's own card."""
    limits = Limits.from_card(judge.card)
    return [limits.fate(judge.judge(text, floor=limits.floor)) for text in texts]


def risk(judgement: Judgement) -> float:
    """The strongest view that names a rule, in [0, 1]: what is decided by.

    It does not depend on the floor that the text was judged with.
    """
    scores = judgement.scores or {}
    seen = [f.score for f in judgement.findings if f.rule is not None]
    return max([*seen, *(scores[a] for a in RULE_OF if a in scores)], default=0.0)


def _limit(row: Mapping[str, float | None]) -> Limit:
    return Limit(_rounded(row["flag"]), _rounded(row["reject"]))


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(float(score), DIGITS)
