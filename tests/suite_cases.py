"""Reads the functional suite's cases, and puts them to the judge as it is served.

What share of them has to be right is the business of `tests/test_suite.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from model.evaluation import bias_aucs
from model.evasion import EVASIONS
from model.finding import Rule
from model.judge import Judge, load_judge
from model.newscomments import by_identity
from service.domain import Outcome, Verdict
from service.policy import Policy, make_policy

SUITE = Path(__file__).parent / "suite"

MAY_ABSTAIN = frozenset({"hinglish-clean", "malayalam-romanised-clean"})
"""Kinds for which a flag is right that names no clause: the classifier abstained."""


@dataclass(frozen=True, slots=True)
class Case:
    """A comment of the suite, whether it has to be stopped, and what it breaks."""

    text: str
    rejected: bool
    kind: str
    rules: frozenset[Rule] = frozenset()


@dataclass(frozen=True, slots=True)
class Disguise:
    """A sentence with a blank, and the abusive word that belongs there."""

    text: str
    word: str

    def plain(self) -> str:
        return self.text.format(self.word)

    def evaded(self, name: str) -> str:
        """The sentence with its word disguised, the same way in every run."""
        chance = Random(f"{name} {self.text} {self.word}")  # noqa: S311
        return self.text.format(EVASIONS[name](self.word, chance))


@dataclass(frozen=True, slots=True)
class Examiner:
    """The served judge, and the policy of a site that has set nothing of its own."""

    judge: Judge
    policy: Policy

    def verdict(self, text: str) -> Verdict:
        version = self.judge.model_version
        return self.policy.verdict(self.judge.judge(text), model=version)

    def stops(self, text: str) -> bool:
        """Whether a comment is rejected, or flagged for a person to see."""
        verdict = self.verdict(text)
        return verdict.flagged or verdict.outcome is Outcome.REJECT

    def score(self, text: str) -> float:
        """The strongest finding that names a rule: what the policy decides by."""
        findings = self.judge.judge(text, floor=0.0).findings
        return max((f.score for f in findings if f.rule is not None), default=0.0)

    def is_right(self, case: Case) -> bool:
        if case.kind in MAY_ABSTAIN:
            return not any(reason.rule for reason in self.verdict(case.text).reasons)
        return self.stops(case.text) == case.rejected

    def wrong(self, cases: Iterable[Case]) -> list[str]:
        return [case.text for case in cases if not self.is_right(case)]

    def passed(self, texts: Iterable[str]) -> list[str]:
        return [text for text in texts if not self.stops(text)]

    def misnamed(self, cases: Iterable[Case]) -> list[str]:
        """Comments stopped for reasons of which none is a clause that they break."""
        return [
            case.text
            for case in cases
            if self.stops(case.text)
            and not case.rules & {r.rule for r in self.verdict(case.text).reasons}
        ]


def rows(name: str) -> Iterator[dict[str, Any]]:
    with (SUITE / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


@cache
def cases() -> tuple[Case, ...]:
    return tuple(
        Case(
            row["text"],
            row["rejected"],
            row["kind"],
            frozenset(map(Rule, row["rules"])),
        )
        for name in ("plain.jsonl", "innocent.jsonl", "languages.jsonl")
        for row in rows(name)
    )


def of_kind(kind: str) -> list[Case]:
    return [case for case in cases() if case.kind == kind]


def innocent() -> list[Case]:
    return [c for c in cases() if not c.rejected and c.kind not in MAY_ABSTAIN]


@cache
def disguises() -> tuple[Disguise, ...]:
    return tuple(Disguise(row["text"], row["word"]) for row in rows("evasion.jsonl"))


def evaded(name: str) -> list[str]:
    return [disguise.evaded(name) for disguise in disguises()]


@cache
def fairness() -> tuple[tuple[str, Case], ...]:
    """Every template filled with every identity, beside the identity's name."""
    return tuple(
        (term, Case(e.text, any(e.labels.values()), "fairness"))
        for term, e in by_identity()
    )


def bpsn(examiner: Examiner) -> dict[str, float]:
    """BPSN AUC of each identity; the background are all other identities."""
    terms, filled = zip(*fairness(), strict=True)
    truth = [case.rejected for case in filled]
    scores = [examiner.score(case.text) for case in filled]
    return {
        term: bias_aucs(truth, scores, [term == its for its in terms])["bpsn"]
        for term in dict.fromkeys(terms)
    }


@cache
def served() -> Examiner:
    judge = load_judge()
    return Examiner(judge, make_policy("default@1", judge.card))
