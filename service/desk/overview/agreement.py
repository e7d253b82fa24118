"""How far people agree with the model and with each other, from counted opinions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from model.finding import Rule
from service.desk.overview.figures import share
from service.domain import Outcome
from service.store.tallies import Opinion, Pair, Proposal

OUTCOMES = (Outcome.ACCEPT, Outcome.REJECT)


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a number of comments."""

    part: int
    whole: int

    @property
    def share(self) -> float | None:
        """In [0, 1]; None of no comments."""
        return share(self.part, self.whole)


@dataclass(frozen=True, slots=True)
class Agreement:
    """What people made of what the model proposed.

    `firm`: what it accepted or rejected by itself, and people left so.
    `rejected` and `accepted`: the two parts of that.
    `doubts`: what it flagged, naming a rule, and people rejected.
    `named`: what it had a rule for and people rejected, naming the same one.
    """

    firm: Part
    rejected: Part
    accepted: Part
    doubts: Part
    named: Part


def agreement(opinions: Mapping[Opinion, int]) -> Agreement:
    """Compare people's decisions with the automatic verdicts."""

    def part(
        among: Callable[[Opinion], bool], agreed: Callable[[Opinion], bool]
    ) -> Part:
        whole = {opinion: n for opinion, n in opinions.items() if among(opinion)}
        agreeing = sum(n for opinion, n in whole.items() if agreed(opinion))
        return Part(agreeing, sum(whole.values()))

    return Agreement(
        firm=part(lambda o: o.proposal is not Proposal.FLAG, _is_upheld),
        rejected=part(lambda o: o.proposal is Proposal.REJECT, _is_upheld),
        accepted=part(lambda o: o.proposal is Proposal.ACCEPT, _is_upheld),
        doubts=part(
            lambda o: o.proposal is Proposal.FLAG and o.rule is not None, _is_rejected
        ),
        named=part(
            lambda o: o.rule is not None and _is_rejected(o),
            lambda o: o.named is o.rule,
        ),
    )


def by_rule(opinions: Mapping[Opinion, int]) -> dict[Rule | None, Agreement]:
    """The same for each rule that a verdict's strongest reason named, and for none."""
    return {
        rule: agreement({o: n for o, n in opinions.items() if o.rule is rule})
        for rule in (*Rule, None)
    }


def square(pairs: Mapping[Pair, int]) -> list[list[int]]:
    """How often the first opinion was one of OUTCOMES and the second another."""
    return [
        [pairs.get(Pair(first, second), 0) for second in OUTCOMES] for first in OUTCOMES
    ]


def _is_upheld(opinion: Opinion) -> bool:
    return opinion.proposal.value == opinion.outcome.value


def _is_rejected(opinion: Opinion) -> bool:
    return opinion.outcome is Outcome.REJECT
