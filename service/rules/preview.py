"""What other thresholds would have made of past comments; stores nothing.

They are tried on the scores that are stored of all comments, whether or not their texts
were kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from model.finding import RULE_OF, Finding, Source
from model.judge import Judgement
from service.domain import Outcome, Verdict
from service.policy import Policy
from service.store.past import Decided


@dataclass(frozen=True, slots=True)
class Shift:
    """A number of comments as it is, and as it would be."""

    before: int
    after: int

    @property
    def more(self) -> int:
        """How many more it would be; below 0 for fewer."""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Preview:
    """What thresholds would do to past comments.

    `comments` were looked at, `by_people` of them decided by a person.  `let_through`
    counts those that are rejected now and would neither be rejected nor flagged any
    more, `overruled` those that a person approved and that would be rejected.
    """

    comments: int
    by_people: int
    flagged: Shift
    rejected: Shift
    let_through: int
    overruled: int


def preview(past: Iterable[Decided], now: Policy, then: Policy) -> Preview:
    """Compare what two policies make of past comments.

    Of contact details that met no threshold at the time nothing is known.
    """
    rows = [(one, _fate(now, one.verdict), _fate(then, one.verdict)) for one in past]
    return Preview(
        comments=len(rows),
        by_people=sum(one.is_by_person for one, _, _ in rows),
        flagged=_shift((was.flagged, will.flagged) for _, was, will in rows),
        rejected=_shift((_rejects(was), _rejects(will)) for _, was, will in rows),
        let_through=sum(
            one.outcome is Outcome.REJECT and _stops(was) and not _stops(will)
            for one, was, will in rows
        ),
        overruled=sum(
            one.is_by_person
            and one.outcome is Outcome.ACCEPT
            and _rejects(will)
            and not _rejects(was)
            for one, was, will in rows
        ),
    )


def _fate(policy: Policy, verdict: Verdict) -> Verdict:
    return policy.verdict(judgement_of(verdict), model=verdict.model)


def judgement_of(verdict: Verdict) -> Judgement:
    """What was seen in a text, as far as its stored verdict tells."""
    findings = [
        Finding(r.rule, r.attribute, r.source, r.score, (), r.detail)
        for r in verdict.reasons
        if r.source is not Source.CLASSIFIER or r.rule is None
    ]
    scores = verdict.scores
    if scores is not None:
        findings += [
            Finding(rule, attribute, Source.CLASSIFIER, scores[attribute])
            for attribute, rule in RULE_OF.items()
        ]
    return Judgement(tuple(findings), scores)


def _shift(pairs: Iterable[tuple[bool, bool]]) -> Shift:
    before = after = 0
    for was, will in pairs:
        before += was
        after += will
    return Shift(before, after)


def _rejects(verdict: Verdict) -> bool:
    """Whether it rejects for good; what is only held is flagged."""
    return verdict.outcome is Outcome.REJECT and not verdict.flagged


def _stops(verdict: Verdict) -> bool:
    return verdict.flagged or _rejects(verdict)
