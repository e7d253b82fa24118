"""The functional suite: cases by kind, and how a judge does on them.

The cases stand in `model/exam/`, whose README tells how they were written; nothing
learns from them.  They ship, because a candidate is examined wherever it is trained.
What share of them has to be right is said by `tests/test_suite.py` for the version that
ships, and by `model.gate` for a candidate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from model.evasion import EVASIONS
from model.finding import Rule
from model.judge import Judge, Judgement
from model.newscomments import by_identity
from model.verdicts import Fate, Limits, risk

FOLDER = Path(__file__).parent / "exam"

MAY_ABSTAIN = frozenset({"hinglish-clean", "malayalam-romanised-clean"})
"""Kinds for which a flag is right that names no clause: the classifier abstained."""


@dataclass(frozen=True, slots=True)
class Case:
    """A comment of the suite, whether it has to be stopped, and what it breaks.

    Cases of one `group` were written as one sentence, and tell as much as one.
    """

    text: str
    rejected: bool
    kind: str
    rules: frozenset[Rule]
    group: str


@dataclass(frozen=True, slots=True)
class Disguise:
    """A sentence with a blank, and the abusive word that belongs there."""

    text: str
    word: str

    def plain(self) -> str:
        """The sentence with its word as it is."""
        return self.text.format(self.word)

    def evaded(self, name: str) -> str:
        """The sentence with its word disguised, the same way in every run."""
        # Drawn by a seed on purpose: no secret.
        chance = Random(f"{name} {self.text} {self.word}")  # noqa: S311 # nosec B311
        return self.text.format(EVASIONS[name](self.word, chance))


class Examiner:
    """What a judge makes of texts by its own card; each text is judged once."""

    def __init__(self, judge: Judge) -> None:
        self.judge = judge
        self._limits = Limits.from_card(judge.card)
        self._judged: dict[str, Judgement] = {}

    def fate(self, text: str) -> Fate:
        """What becomes of a comment."""
        return self._limits.fate(self._judgement(text))

    def stops(self, text: str) -> bool:
        """Whether a comment is rejected, or flagged for a person to see."""
        return self.fate(text).is_stopped

    def score(self, text: str) -> float:
        """The strongest view that names a rule, in [0, 1]."""
        return risk(self._judgement(text))

    def is_right(self, case: Case) -> bool:
        """Whether a case is stopped as it has to be, or passes as it has to."""
        if case.kind in MAY_ABSTAIN:
            return not self._limits.named(self._judgement(case.text))
        return self.stops(case.text) == case.rejected

    def wrong(self, cases: Iterable[Case]) -> list[str]:
        """Texts of the cases that are not right."""
        return [case.text for case in cases if not self.is_right(case)]

    def passed(self, texts: Iterable[str]) -> list[str]:
        """Texts that are not stopped."""
        return [text for text in texts if not self.stops(text)]

    def misnamed(self, cases: Iterable[Case]) -> list[str]:
        """Comments stopped for reasons of which none is a clause that they break."""
        return [
            case.text
            for case in cases
            if self.stops(case.text)
            and not case.rules & self._limits.named(self._judgement(case.text))
        ]

    def _judgement(self, text: str) -> Judgement:
        known = self._judged.get(text)
        if known is None:
            known = self.judge.judge(text, floor=self._limits.floor)
            self._judged[text] = known
        return known


@cache
def cases() -> tuple[Case, ...]:
    """All cases that stand in the files as they are."""
    return tuple(
        Case(
            row["text"],
            row["rejected"],
            row["kind"],
            frozenset(map(Rule, row["rules"])),
            group=row["text"],
        )
        for name in ("plain.jsonl", "innocent.jsonl", "languages.jsonl")
        for row in _rows(name)
    )


def of_kind(kind: str) -> list[Case]:
    """The cases of one kind."""
    return [case for case in cases() if case.kind == kind]


def innocent() -> list[Case]:
    """Those to be accepted for what they say, not for being unknown."""
    return [c for c in cases() if not c.rejected and c.kind not in MAY_ABSTAIN]


@cache
def disguises() -> tuple[Disguise, ...]:
    """The sentences whose word is disguised."""
    return tuple(Disguise(row["text"], row["word"]) for row in _rows("evasion.jsonl"))


def evaded(name: str) -> list[str]:
    """Every sentence with its word in one disguise."""
    return [disguise.evaded(name) for disguise in disguises()]


@cache
def evasions() -> tuple[Case, ...]:
    """Every sentence in every disguise; the disguises of a sentence are one group."""
    return tuple(
        Case(d.evaded(name), True, name, frozenset(), group=d.plain())
        for d in disguises()
        for name in EVASIONS
    )


@cache
def fairness() -> tuple[tuple[str, Case], ...]:
    """Every template filled with every identity, beside the identity's name.

    The fillings of a template are one group.
    """
    return tuple(
        (
            term,
            Case(e.text, any(e.labels.values()), "fairness", frozenset(), str(e.group)),
        )
        for term, e in by_identity()
    )


def bpsn(examiner: Examiner) -> dict[str, float]:
    """BPSN AUC of each identity; the background are all other identities."""
    terms = dict.fromkeys(term for term, _ in fairness())
    aucs = bpsn_pairs(examiner).mean(axis=(1, 2))
    return dict(zip(terms, aucs.tolist(), strict=True))


def bpsn_pairs(examiner: Examiner) -> NDArray[np.float64]:
    """How often demeaning templates on others score above innocent ones on an identity.

    Returns:
        Shape (identities, demeaning templates, innocent templates), in [0, 1]; ties
        count half.  The mean over both kinds of templates is the identity's BPSN AUC,
        and their weighted mean that of templates drawn as often as the weights say.
    """
    filled = [case for _, case in fairness()]
    templates = len({case.group for case in filled})
    rejected = np.array([case.rejected for case in filled[:templates]])
    scores = np.array([examiner.score(case.text) for case in filled])
    scores = scores.reshape(-1, templates)
    abuse = scores[:, None, rejected, None]
    innocent = scores[None, :, None, ~rejected]
    wins = (abuse > innocent) + 0.5 * (abuse == innocent)
    of_others = wins.sum(axis=0) - np.einsum("iiab->iab", wins)
    pairs: NDArray[np.float64] = of_others / (len(scores) - 1)
    return pairs


def _rows(name: str) -> Iterator[dict[str, Any]]:
    with (FOLDER / name).open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
