"""What people's decisions on one comment say, read from its log.  No SQL here.

A decision that was undone counts as never made: the entry of `Kind.UNDO` comes right
after what it undoes.  Neither is an escalation a decision: who makes one leaves it to
others.  The one that a differing second opinion brings with it is undone with that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from model.finding import Rule
from service.domain import Kind, Outcome, Waiting
from service.store.tallies import Opinion, Pair, Proposal

PEOPLE = (Kind.REVIEW, Kind.APPEAL, Kind.SECOND, Kind.SITE)
"""The kinds of decisions that people make."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A decision, as far as figures need it.

    `rule` is of the strongest reason if the decision is automatic, else the one that
    the person named.  `waiting` is what a person found the comment waiting for, and
    `waiting_since` since when; None if it did not wait.  `is_copy` says that it was
    decided as one with another comment.
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

    @property
    def waited_s(self) -> int | None:
        """How long the comment had waited for a decision, in seconds.

        None if it did not: what waits for a second opinion has a decision already.
        """
        if self.waiting_since is None or self.waiting is Waiting.SECOND:
            return None
        # Clocks of two machines may differ by a little.
        return max(0, round((self.at - self.waiting_since).total_seconds()))


@dataclass(frozen=True, slots=True)
class Fact:
    """What one person's decision says.

    `opinion` is None unless it is the first person's on this revision, and `pair`
    unless it is a second opinion.
    """

    entry: Entry
    opinion: Opinion | None
    pair: Pair | None

    @property
    def is_first_rejection(self) -> bool:
        """Whether this rejected what the automatic verdict had not."""
        return (
            self.opinion is not None
            and self.opinion.outcome is Outcome.REJECT
            and self.opinion.proposal is not Proposal.REJECT
        )


def facts(log: Sequence[Entry]) -> Iterator[Fact]:
    """Find what people decided on a comment, given all its decisions, oldest first."""
    held = _not_undone(log)
    for i, entry in enumerate(held):
        if entry.kind in PEOPLE:
            before = [e for e in held[:i] if e.revision == entry.revision]
            yield Fact(entry, _opinion(entry, before), _pair(entry, before))


def _not_undone(log: Sequence[Entry]) -> list[Entry]:
    held: list[Entry] = []
    for entry in log:
        if entry.kind is Kind.UNDO:
            last = held.pop() if held else entry
            if held and _is_of_itself(last, held[-1]):
                held.pop()
        else:
            held.append(entry)
    return [entry for entry in held if entry.kind is not Kind.ESCALATION]


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
