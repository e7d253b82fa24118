"""Comments about to be changed and what they are changed to, and both as columns.

No SQL here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from service.domain import Decision, Kind, Verdict, Waiting
from service.store.cards import automatic_of, waiting_of
from service.store.cases import Appeal
from service.store.records import decision_columns, decision_of, storable


@dataclass(frozen=True, slots=True)
class Held:
    """A comment that nobody else can change until the transaction ends.

    `decision` is the one that holds and `number` its place in the log; `automatic` is
    the present revision's that no person made.  `appeal` is one to be answered.
    """

    key: int
    site_id: int
    id: str
    revision: int
    number: int
    decision: Decision
    automatic: Decision
    waiting: Waiting | None
    waiting_since: datetime | None
    appeal: Appeal | None
    text_hash: bytes
    is_kept: bool
    alike: bytes | None
    language: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """A decision that is to hold from now on, and what the comment waits for then.

    Where `tell_at` is given, the site is told from then on.  `together_with` is the key
    of the comment that it was decided as one with.
    """

    held: Held
    decision: Decision
    waiting: Waiting | None = None
    waiting_since: datetime | None = None
    tell_at: datetime | None = None
    together_with: int | None = None

    @property
    def number(self) -> int:
        """Its place in the log."""
        return self.held.number + 1

    @property
    def answers(self) -> bool:
        """Whether it answers an appeal."""
        kinds = (Kind.APPEAL, Kind.SITE)
        return self.held.appeal is not None and self.decision.kind in kinds

    @property
    def event(self) -> str:
        """What the site is told."""
        if self.answers:
            return "appeal.answered"
        return f"comment.{self.decision.verdict.outcome.value}ed"


@dataclass(frozen=True, slots=True)
class Before:
    """What held before a decision, and what the comment waited for then.

    `is_reported` says whether readers have complained since that decision.
    """

    verdict: Verdict
    waiting: Waiting | None
    waiting_since: datetime | None
    is_reported: bool


def held_of(row: Row[Any], log: Mapping[int, Decision], appeal: Appeal | None) -> Held:
    """Build what is held from its row of `comments` and the rest that is known.

    Args:
        row: of `comments`.
        log: at least the decision that holds and the newest automatic one, by number.
        appeal: to be answered.
    """
    return Held(
        key=row.key,
        site_id=row.site_id,
        id=row.id,
        revision=row.revision,
        number=row.decision,
        decision=log[row.decision],
        automatic=automatic_of(log.values()),
        waiting=waiting_of(row),
        waiting_since=row.waiting_since,
        appeal=appeal,
        text_hash=row.text_hash,
        is_kept=row.kept,
        alike=row.alike,
        language=row.language,
    )


def before_of(rows: Sequence[Row[Any]], *, is_reported: bool) -> Before:
    """Build it from the last two rows of a comment's log, the newest first."""
    last = rows[0]
    # An escalation repeats what held; what stands before it may never have.
    old = last if Kind(last.kind) is Kind.ESCALATION else rows[1]
    verdict = decision_of(old).verdict
    return Before(verdict, waiting_of(last), last.waiting_since, is_reported)


def present_columns(made: Made) -> dict[str, Any]:
    """What becomes of the row of `comments`, and which state of it that follows."""
    verdict = made.decision.verdict
    return {
        "held_key": made.held.key,
        "held_number": made.held.number,
        "decision": made.number,
        "outcome": verdict.outcome.value,
        "flagged": verdict.flagged,
        "waiting": made.waiting and made.waiting.value,
        "waiting_since": made.waiting_since,
    }


def log_columns(made: Made) -> dict[str, Any]:
    """The row that is appended to `decisions`."""
    held = made.held
    return decision_columns(made.decision) | {
        "comment_key": held.key,
        "number": made.number,
        "note": storable(made.decision.note),
        "waiting": held.waiting and held.waiting.value,
        "waiting_since": held.waiting_since,
        "together_with": made.together_with,
    }
