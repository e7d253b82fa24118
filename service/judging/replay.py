"""Replay: what another model or policy would make of comments that people decided.

Judges them anew, with the present model and policy as well, for those may have changed
since.  Stores nothing.  Of comments nobody decided on nothing is known here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from model.labels import Label
from model.verdicts import Fate
from service.domain import Comment
from service.judging.bench import Bench
from service.judging.shadow import fate
from service.store.records import Site

SAMPLE = "sample"
"""The kind of labels that stand for what was accepted and nobody looked at."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A model, and by their names sites as they would be with some policy."""

    bench: Bench
    sites: Mapping[str, Site]

    def fate(self, label: Label) -> Fate:
        """What would become of a comment; what the judge breaks on is flagged."""
        site, comment = self.sites[label.site], Comment(label.text)
        return fate(self.bench.verdict(site, comment, lambda error: None))


@dataclass(frozen=True, slots=True)
class Replayed:
    """A comment with what becomes of it now, and what would then.

    `weight` is how many comments it stands for.
    """

    label: Label
    weight: float
    now: Fate
    then: Fate


@dataclass(frozen=True, slots=True)
class Figures:
    """How a setup does by what people decided.

    Each is a number of comments, counted by weight.  People rejected `rejected`, of
    which `missed` are neither rejected nor flagged; they accepted `accepted`, of which
    `wrongly_rejected` are rejected and `wrongly_held` flagged.  Of all, `flagged` go to
    the queue.
    """

    rejected: float
    missed: float
    accepted: float
    wrongly_rejected: float
    wrongly_held: float
    flagged: float

    @property
    def comments(self) -> float:
        """All of them."""
        return self.rejected + self.accepted


def replay(
    labels: Iterable[Label], now: Setup, then: Setup, *, sample_weight: float
) -> list[Replayed]:
    """Judge comments by two setups.

    Args:
        labels: of sites that both setups have.
        now: what judges at present.
        then: what is tried.
        sample_weight: how many comments a sample stands for, at least 1.
    """
    return [
        Replayed(
            label,
            sample_weight if label.kind == SAMPLE else 1.0,
            now.fate(label),
            then.fate(label),
        )
        for label in labels
    ]


def figures(
    replayed: Sequence[Replayed], fate_of: Callable[[Replayed], Fate]
) -> Figures:
    """Count what one of the setups does.

    Args:
        replayed: what both do.
        fate_of: which of the two.
    """

    def count(rejected: bool, *fates: Fate) -> float:
        return sum(
            one.weight
            for one in replayed
            if one.label.rejected is rejected and fate_of(one) in fates
        )

    return Figures(
        rejected=count(True, *Fate),
        missed=count(True, Fate.ACCEPT),
        accepted=count(False, *Fate),
        wrongly_rejected=count(False, Fate.REJECT),
        wrongly_held=count(False, Fate.FLAG),
        flagged=count(True, Fate.FLAG) + count(False, Fate.FLAG),
    )
