"""From findings to a verdict: the only place where a score meets a threshold.

Stores nothing and judges no text; the wording is that of `service.wording` and,
for readers, `service.notices`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from model.finding import DOUBTFUL, RULE_OF, Attribute, Finding, Rule, Source
from model.judge import Judgement
from model.verdicts import HALF
from service.domain import Outcome, Reason, Thresholds, Verdict
from service.errors import ConfigurationError
from service.notices import Clause, Wordings, clause_of, held_notice, notice_for
from service.wording import message

DIGITS = 4
"""Decimals of scores and thresholds, rounded before they meet: what is shown counts."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A site's thresholds, one version of them.

    A score at or above `reject` rejects, one at or above `flag` flags; a rule that is
    missing in `thresholds` has no consequence.  A text of which a share of at least
    `abstain` is unknown to the classifier is flagged whenever the classifier abstains.
    An attribute in `attributes` has thresholds of its own in place of its rule's.
    `floor` is the lowest score of a finding that can have a consequence, once rounded.
    """

    name: str
    thresholds: Mapping[Rule, Thresholds]
    abstain: float = 0.0
    flagged_until_decided: Outcome = Outcome.ACCEPT
    attributes: Mapping[Attribute, Thresholds] = field(default_factory=dict)
    floor: float = field(init=False)

    def __post_init__(self) -> None:
        limits = [
            limit
            for pair in (*self.thresholds.values(), *self.attributes.values())
            for limit in (pair.flag, pair.reject)
            if limit is not None
        ]
        object.__setattr__(self, "floor", min(limits, default=1.0) - HALF)

    def verdict(
        self,
        judgement: Judgement,
        *,
        model: str,
        language: str | None = None,
        notices: Wordings | None = None,
    ) -> Verdict:
        """Decide.  One finding that rejects is enough; flagging needs no majority.

        Args:
            judgement: what was seen in the text.
            model: the version of the model that saw it.
            language: of the comment, a BCP 47 tag: the notice is in it if we know it.
            notices: the site's own wording.
        """
        met = self._met(judgement.findings)
        rejects = any(rejecting for _, _, rejecting in met)
        flagged = bool(met) and not rejects
        held = flagged and self.flagged_until_decided is Outcome.REJECT
        outcome = Outcome.REJECT if rejects or held else Outcome.ACCEPT
        notice = None
        if rejects:
            notice = notice_for(_broken(met), language, notices)
        elif held:
            notice = held_notice(language, notices)
        return Verdict(
            outcome=outcome,
            flagged=flagged,
            reasons=tuple(_reason(*entry) for entry in met),
            scores=_rounded(judgement.scores),
            notice=notice,
            model=model,
            policy=self.name,
        )

    def _met(self, findings: Iterable[Finding]) -> list[Met]:
        """Findings that met a threshold, of one kind as one, strongest first."""
        kinds: dict[tuple[object, ...], list[Met]] = {}
        for finding in findings:
            finding, threshold, rejecting = self._weigh(finding)
            if threshold is not None:
                met = finding, threshold, rejecting
                kinds.setdefault(_kind(finding, rejecting), []).append(met)
        return sorted(map(_merged, kinds.values()), key=_strength)

    def _weigh(self, finding: Finding) -> tuple[Finding, float | None, bool]:
        """The finding with its rounded score, the highest threshold met, rejecting?"""
        score = round(finding.score, DIGITS)
        finding = replace(finding, score=score)
        if finding.rule is None:
            return finding, self.abstain if score >= self.abstain else None, False
        limits = self.thresholds.get(finding.rule)
        if finding.attribute is not None:
            limits = self.attributes.get(finding.attribute, limits)
        if limits is None:
            return finding, None, False
        if finding.detail == DOUBTFUL:
            limits = replace(limits, reject=None)
        if limits.reject is not None and score >= limits.reject:
            return finding, limits.reject, True
        met = limits.flag is not None and score >= limits.flag
        return finding, limits.flag if met else None, False


Met = tuple[Finding, float, bool]
"""A finding, the threshold it met, and whether that rejects."""


def make_policy(
    name: str,
    card: Mapping[str, Any],
    overrides: Mapping[Rule, Thresholds] | None = None,
    flagged_until_decided: Outcome = Outcome.ACCEPT,
) -> Policy:
    """The card's thresholds, a site's own in their place where it has set some.

    Args:
        card: `{"thresholds": {rule: {"flag": …, "reject": …}}, "attribute_thresholds":
            {attribute: …}, "abstain": …}`; a missing `abstain` is 0: every abstention
            flags.
        overrides: hold for all attributes of their rule.

    Raises:
        ConfigurationError: the card names an unknown rule or a senseless threshold.
    """
    try:
        thresholds = {
            Rule(rule): _thresholds(limits)
            for rule, limits in card["thresholds"].items()
        }
        attributes = {
            Attribute(attribute): _thresholds(limits)
            for attribute, limits in card.get("attribute_thresholds", {}).items()
            if RULE_OF[Attribute(attribute)] not in (overrides or {})
        }
        abstain = round(float(card.get("abstain", 0.0)), DIGITS)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"The model's card.json has unusable thresholds ({error!r}). "
            "Serve another model, or train it again."
        ) from error
    for rule, own in (overrides or {}).items():
        thresholds[rule] = Thresholds(_round(own.flag), _round(own.reject))
    return Policy(name, thresholds, abstain, flagged_until_decided, attributes)


def _thresholds(limits: Mapping[str, float | None]) -> Thresholds:
    return Thresholds(_round(limits["flag"]), _round(limits["reject"]))


def _round(threshold: float | None) -> float | None:
    return None if threshold is None else round(float(threshold), DIGITS)


def _rounded(
    scores: Mapping[Attribute, float] | None,
) -> Mapping[Attribute, float] | None:
    if scores is None:
        return None
    return {attribute: round(score, DIGITS) for attribute, score in scores.items()}


def _kind(finding: Finding, rejecting: bool) -> tuple[object, ...]:
    """What makes two findings one reason; lexicon words are one per rule."""
    attribute = None if finding.source is Source.LEXICON else finding.attribute
    return finding.source, finding.rule, attribute, finding.detail, rejecting


def _merged(alike: list[Met]) -> Met:
    """Findings of one kind as one: the strongest, with the places of all."""
    if len(alike) == 1:
        return alike[0]
    strongest, threshold, rejecting = max(alike, key=lambda met: met[0].score)
    spans = sorted({span for finding, _, _ in alike for span in finding.spans})
    return replace(strongest, spans=tuple(spans)), threshold, rejecting


def _strength(met: Met) -> tuple[bool, float, int]:
    finding, _, rejecting = met
    first = finding.spans[0].start if finding.spans else 0
    return not rejecting, -finding.score, first


def _reason(finding: Finding, threshold: float, rejecting: bool) -> Reason:
    return Reason(
        rule=finding.rule,
        attribute=finding.attribute,
        source=finding.source,
        score=finding.score,
        threshold=threshold,
        spans=finding.spans,
        message=message(finding, sure=rejecting),
        detail=finding.detail,
    )


def _broken(met: Iterable[Met]) -> Iterator[Clause | None]:
    """The clauses that are reason to reject, strongest first."""
    return (clause_of(found.rule, found.source) for found, _, sure in met if sure)
