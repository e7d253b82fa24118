"""What people's decisions on one comment say, read from its log.  No SQL here.

A decision that was undone counts as never made: the entry of `Kind.UNDO` comes right
after what it undoes.  Neither is an escalation a decision: who makes one leaves it to
others.  The one that a differing second opinion brings with it is undone with that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from model.finding import Rule
from service.domain import Kind, Outcome, Waiting
from service.store.tallies import Opinion, Pair, Proposal

PEOPLE = (Kind.REVIEW, Kind.APPEAL, Kind.SECOND, Kind.SITE)
"""The kinds of decisions that people make."""
NO_HURRY = (Waiting.SECOND, Waiting.SAMPLE)
"""What a comment may wait for while its decision stands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision, as far as figures need it.

    `rule` is of the strongest reason if the decision is automatic, else the one that
    the person named.  `waiting` is what a person found the comment waiting for, and
    `waiting_since` since when; None if it did not wait.  `is_copy` says that it was
    decided as one with another comment.  `model` is the version whose verdict it is, or
    whose verdict the person saw.
    """

    number: int
    revision: int
    kind: Kind
    outcome: Outcome
    flagged: bool
    rule: Rule | None
    by: str
    at: datetime
    waiting: Waiting | None = None
    waiting_since: datetime | None = None
    is_copy: bool = False
    model: str = ""

    @property
    def waited_s(self) -> int | None:
        """How long the comment had waited for a decision, in seconds.

        None if it did not: what waits for a second opinion has a decision already, and
        for a sample nobody waits.
        """
        if self.waiting_since is None or self.waiting in NO_HURRY:
            return None
        # Clocks of two machines may differ by a little.
        return max(0, round((self.at - self.waiting_since).total_seconds()))


@dataclass(frozen=True, slots=True)
class Fact:
    """What one person's decision says.

    `opinion` is None unless it is the first person's on this revision, and `pair`
    unless it is a second opinion.  `is_of_sample` says that it is a moderator's, the
    first on what moderators found as a sample.  What readers reported or the site's own
    system decided before that is none: it was not chosen by chance.
    """

    entry: Entry
    opinion: Opinion | None
    pair: Pair | None
    is_of_sample: bool

    @property
    def is_first_rejection(self) -> bool:
        """Whether this rejected what the automatic verdict had not."""
        return (
            self.opinion is not None
            and self.opinion.outcome is Outcome.REJECT
            and self.opinion.proposal is not Proposal.REJECT
        )


@dataclass(frozen=True, slots=True)
class Ruling:
    """What people's decisions on one revision come to.

    `entry` is the last of them and `verdict` the automatic one that they looked at.
    `came_by` is what the first person found the comment waiting for, who may have left
    it to the editors; None if it did not wait, or was a sample and the site's own
    system decided first.  `is_settled` is False while two people differ and no editor
    has decided.
    """

    entry: Entry
    verdict: Entry
    came_by: Waiting | None
    is_settled: bool


def facts(log: Sequence[Entry]) -> Iterator[Fact]:
    """Find what people decided on a comment, given all its decisions, oldest first."""
    whole = _not_undone(log)
    held = [entry for entry in whole if entry.kind is not Kind.ESCALATION]
    for i, entry in enumerate(held):
        if entry.kind in PEOPLE:
            before = [e for e in held[:i] if e.revision == entry.revision]
            opinion, pair = _opinion(entry, before), _pair(entry, before)
            later = [e for e in whole if e.revision == entry.revision][1:]
            is_sample = opinion is not None and _came_by(later) is Waiting.SAMPLE
            yield Fact(entry, opinion, pair, is_sample)


def rulings(log: Sequence[Entry]) -> dict[int, Ruling]:
    """What people think of each revision, by its number, where one of them decided.

    Args:
        log: all decisions on a comment, oldest first.
    """
    found: dict[int, Ruling] = {}
    for revision, group in groupby(_not_undone(log), lambda entry: entry.revision):
        verdict, *later = group
        decided = [entry for entry in later if entry.kind in PEOPLE]
        if decided:
            ruling = Ruling(decided[-1], verdict, _came_by(later), _is_settled(decided))
            found[revision] = ruling
    return found


def _came_by(later: Sequence[Entry]) -> Waiting | None:
    """How a comment came before people, by what the first of them did.

    Args:
        later: what was entered on one revision after the verdict; a decision is in it.
    """
    first = later[0]
    kind = next(entry.kind for entry in later if entry.kind in PEOPLE)
    is_chance = first.waiting is Waiting.SAMPLE and kind is Kind.REVIEW
    if is_chance or first.waiting not in (None, Waiting.SAMPLE):
        return first.waiting
    return Waiting.ESCALATED if first.kind is Kind.ESCALATION else None


def _is_settled(decided: Sequence[Entry]) -> bool:
    """Whether the last decision is more than an opinion that differs from the first."""
    if len(decided) < 2 or decided[-1].kind is not Kind.SECOND:
        return True
    return decided[-1].outcome is decided[-2].outcome


def _not_undone(log: Sequence[Entry]) -> list[Entry]:
    held: list[Entry] = []
    for entry in log:
        if entry.kind is Kind.UNDO:
            last = held.pop() if held else entry
            if held and _is_of_itself(last, held[-1]):
                held.pop()
        else:
            held.append(entry)
    return held


def _is_of_itself(entry: Entry, before: Entry) -> bool:
    """Whether an escalation was entered with the second opinion before it."""
    return (
        entry.kind is Kind.ESCALATION
        and before.kind is Kind.SECOND
        and (entry.by, entry.at) == (before.by, before.at)
    )


def _opinion(entry: Entry, before: Sequence[Entry]) -> Opinion | None:
    """The first person's decision on a revision, against the automatic verdict."""
    if [earlier.kind for earlier in before] != [Kind.AUTOMATIC]:
        return None
    verdict = before[0]
    named = entry.rule if entry.outcome is Outcome.REJECT else None
    return Opinion(verdict.rule, _proposal(verdict), entry.outcome, named)


def _proposal(verdict: Entry) -> Proposal:
    return Proposal.FLAG if verdict.flagged else Proposal(verdict.outcome.value)


def _pair(entry: Entry, before: Sequence[Entry]) -> Pair | None:
    """A second opinion with the first one, which must be somebody else's."""
    if entry.kind is not Kind.SECOND:
        return None
    reviews = [earlier for earlier in before if earlier.kind is Kind.REVIEW]
    if not reviews or reviews[-1].by == entry.by:
        return None
    return Pair(reviews[-1].outcome, entry.outcome)
