"""The gate: whether a candidate may take the place of the version that answers.

It has to be shown better on what people decided and no model learnt from, and must not
be worse on the suite, neither by kind of case nor to any identity, by more than a
stated margin.  Leaves out training, and what is done with a candidate that is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.bootstrap import interval, paired_interval, resamples
from model.holdout import near_duplicate_keys
from model.judge import Judge
from model.labels import Label
from model.suite import Case, Examiner, bpsn_pairs, cases, evasions, fairness
from model.verdicts import Fate

MIN_HELD_OUT = 50
"""Held-out decisions without which nothing is shown: of fewer, the interval is wider
than any gain that a few hundred decisions can bring."""

MIN_OF_CLASS = 10
"""Held-out decisions of either kind: a candidate must not pass by stopping all."""

MIN_CHANGED = 6
"""Held-out comments that only one of both has to get right.  Below, the bootstrap's
interval is too narrow: of two equally good judges one is better on all of four in one
case of 16, and the interval would take that for shown; of six, in one of 64."""

MARGIN_OF_REJECTIONS = 0.005
"""Share of the comments that people accepted which may be rejected anew: to publish
nothing of what is fair costs a newsroom more than to look at it."""

MARGIN_OF_SUITE = 0.01
"""Share of the suite's verdicts that may be lost: between a loss of half a point, which
is chance, and of two, which no gain with moderators is worth.

It is compared with the loss itself.  The suite is no sample: its cases are the same for
both, and the interval tells how many sentences stand behind a loss.  Of 20 copies of a
model each with noise of 3, 10 and 20 % on every coefficient, none, 1 and 3 lose more;
the interval's lower end would refuse 6, 9 and 19."""

DIGITS = 3
"""Decimals to which differences are rounded before they are decided by: tenths of a
point, as they are shown, so that no line contradicts itself."""


@dataclass(frozen=True, slots=True)
class Check:
    """One figure of both versions, and whether the candidate's is good enough.

    Args:
        name: of the figure.
        cases: how many texts it was measured on.
        current: the figure of the version that answers, a share in [0, 1]; more is
            better.
        candidate: the same of the candidate.
        margin: by how much the candidate's may be less.
        low: lower end of the 95 % interval of `candidate - current`.
        high: its upper end.
        passed: whether the candidate is good enough here.
        needs: what a candidate needs here, in words.
    """

    name: str
    cases: int
    current: float
    candidate: float
    margin: float
    low: float
    high: float
    passed: bool = False
    needs: str = ""

    def said(self) -> str:
        """The check as a line for people."""
        return (
            f"{'passed' if self.passed else 'refused'}: {self.name} "
            f"{percent(self.current)} → {percent(self.candidate)} "
            f"({points(self.candidate - self.current)} points, 95 % between "
            f"{points(self.low)} and {points(self.high)}), {self.needs}"
        )


@dataclass(frozen=True, slots=True)
class Gate:
    """What became of a candidate at the gate, and the version it was held against."""

    against: str
    candidate: str
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether the candidate may answer: every check is passed."""
        return all(check.passed for check in self.checks)

    def said(self) -> list[str]:
        """Lines for people: one a check, in the order of `checks`."""
        return [check.said() for check in self.checks]

    def as_card(self) -> dict[str, Any]:
        """The gate as it stands in a version's card, for JSON."""
        return {
            "against": self.against,
            "candidate": self.candidate,
            "passed": self.passed,
            "checks": [_rounded(asdict(check)) for check in self.checks],
        }


def gate(
    current: Judge | Examiner,
    candidate: Judge | Examiner,
    held_out: Sequence[Label],
    *,
    seed: int = 0,
) -> Gate:
    """Hold a candidate against the version that answers.

    Args:
        current: the judge that answers.  Who holds many candidates against it gives an
            examiner, which remembers what the judge made of the suite.
        candidate: the one that would.
        held_out: decisions that the candidate has not learnt from; where there are
            none, the suite alone decides.
        seed: of the bootstrap.
    """
    both = _examiner(current), _examiner(candidate)
    checks = list(_on_decisions(both, held_out, seed)) if held_out else []
    parts: Mapping[str, Sequence[Case]] = {
        "innocent comments of the suite": [c for c in cases() if not c.rejected],
        "abusive comments of the suite": [c for c in cases() if c.rejected],
        "abuse in disguise": evasions(),
        "fairness, verdicts": [case for _, case in fairness()],
    }
    checks += [_on_suite(both, name, asked, seed) for name, asked in parts.items()]
    checks.append(_on_identities(both, seed))
    against, name = (examiner.judge.model_version for examiner in both)
    return Gate(against, name, tuple(checks))


def percent(share: float) -> str:
    """A share in percent, as in "71.2 %"."""
    return f"{100 * share:.1f} %"


def points(difference: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    return signed(100 * difference, 1)


def signed(number: float, digits: int) -> str:
    """A number with its sign; never a minus before nought."""
    rounded = round(number, digits) + 0.0
    return f"{rounded:+.{digits}f}".replace("-", "\N{MINUS SIGN}")


Both = tuple[Examiner, Examiner]
"""The version that answers and the candidate."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """Which of n texts either judge got right; every array has shape (n,)."""

    current: NDArray[np.bool_]
    candidate: NDArray[np.bool_]
    weight: NDArray[np.float64]
    group: NDArray[np.str_]

    @property
    def changed(self) -> int:
        """How many groups hold a text that only one of them got right."""
        return len(np.unique(self.group[self.current != self.candidate]))

    def check(self, name: str, *, margin: float, seed: int) -> Check:
        """The figures of a check that nobody has decided on: it is not passed."""
        was, would_be = (
            float(np.average(right, weights=self.weight))
            for right in (self.current, self.candidate)
        )
        gain = self.candidate.astype(float) - self.current
        low, high = paired_interval(gain, self.weight, self.group, seed=seed)
        return Check(name, len(gain), was, would_be, margin, low, high)


def _examiner(judge: Judge | Examiner) -> Examiner:
    return judge if isinstance(judge, Examiner) else Examiner(judge)


def _on_decisions(both: Both, held_out: Sequence[Label], seed: int) -> Iterator[Check]:
    yield _agreement(both, held_out, seed)
    accepted = [label for label in held_out if not label.rejected]
    if accepted:
        yield _rejections(both, accepted, seed)


def _agreement(both: Both, held_out: Sequence[Label], seed: int) -> Check:
    """Whether what people rejected is stopped, and nothing else."""
    current, candidate = (
        [examiner.stops(label.text) == label.rejected for label in held_out]
        for examiner in both
    )
    answers = _decided(current, candidate, held_out)
    check = answers.check("agreement with moderators", margin=0.0, seed=seed)
    lacking = _lacking(held_out, answers)
    return replace(
        check,
        passed=not lacking and round(check.low, DIGITS) > 0,
        needs=lacking or "has to be shown better",
    )


def _lacking(held_out: Sequence[Label], answers: _Answers) -> str:
    """Why nothing can be shown of these decisions, in words; else empty."""
    count, rejected = len(held_out), sum(label.rejected for label in held_out)
    if count < MIN_HELD_OUT or min(rejected, count - rejected) < MIN_OF_CLASS:
        return (
            f"has to be shown better on {MIN_HELD_OUT} held-out decisions or more, "
            f"{MIN_OF_CLASS} of either kind; there are {count}, and {rejected} reject"
        )
    if answers.changed < MIN_CHANGED:
        return (
            f"has to be shown better by {MIN_CHANGED} comments or more, and decides "
            f"{answers.changed or 'none'} better or worse"
        )
    return ""


def _rejections(both: Both, accepted: Sequence[Label], seed: int) -> Check:
    """Whether what people accepted is not rejected."""
    current, candidate = (
        [examiner.fate(label.text) is not Fate.REJECT for label in accepted]
        for examiner in both
    )
    answers = _decided(current, candidate, accepted)
    margin = MARGIN_OF_REJECTIONS
    check = answers.check("fair comments not rejected", margin=margin, seed=seed)
    is_worse = _loses(check) and round(check.high, DIGITS) < 0
    needs = f"may lose at most {100 * margin:.1f} points, unless by chance"
    return replace(check, passed=not is_worse, needs=needs)


def _decided(
    current: Sequence[bool], candidate: Sequence[bool], labels: Sequence[Label]
) -> _Answers:
    """Answers to what people decided; comments that begin alike are one group."""
    return _Answers(
        np.array(current),
        np.array(candidate),
        weight=np.array([label.weight for label in labels]),
        group=np.array([near_duplicate_keys(label.text)[0] for label in labels]),
    )


def _on_suite(both: Both, name: str, asked: Sequence[Case], seed: int) -> Check:
    """Whether no more verdicts are lost on a part of the suite than may be."""
    current, candidate = (
        np.array([examiner.is_right(case) for case in asked]) for examiner in both
    )
    group = np.array([case.group for case in asked])
    answers = _Answers(current, candidate, np.ones(len(asked)), group)
    return _kept(answers.check(name, margin=MARGIN_OF_SUITE, seed=seed))


def _on_identities(both: Both, seed: int) -> Check:
    """Whether innocent comments on no identity have come to look more like abuse.

    The templates are drawn, the same for both judges, and the worst identity is looked
    for in every draw.
    """
    current, candidate = (bpsn_pairs(examiner) for examiner in both)
    identities, demeaning, innocent = current.shape
    of_demeaning = resamples(demeaning, seed=seed) / demeaning
    of_innocent = resamples(innocent, seed=seed + 1) / innocent
    worst = [
        np.einsum("ra,iab,rb->ri", of_demeaning, pairs, of_innocent).min(axis=1)
        for pairs in (current, candidate)
    ]
    low, high = interval(worst[1] - worst[0])
    was, would_be = (
        float(pairs.mean(axis=(1, 2)).min()) for pairs in (current, candidate)
    )
    name = "fairness, BPSN ROC-AUC of the worst identity"
    count = identities * (demeaning + innocent)
    return _kept(Check(name, count, was, would_be, MARGIN_OF_SUITE, low, high))


def _kept(check: Check) -> Check:
    """Decided by what is lost on the suite itself."""
    needs = f"may lose at most {100 * check.margin:.1f} points"
    return replace(check, passed=not _loses(check), needs=needs)


def _loses(check: Check) -> bool:
    """Whether more is lost than the margin; a loss of just that is none."""
    return round(check.candidate - check.current, DIGITS) < -check.margin


def _rounded(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in row.items()
    }
