"""What a person's decision says and what follows from it, as pure functions.

Reads and writes nothing; `service.review` does, and asks who may decide.
"""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from model.finding import Rule
from service.domain import Decision, Kind, Outcome, Waiting
from service.errors import InvalidInput, NotAllowed, NotPossible, StaleDecision
from service.notices import clause_of, notice_for
from service.store.held import Before, Held, Made
from service.store.records import Site

UNDO_S = 10
"""How long the site is not told of a decision, so that it can be undone unseen."""
GRACE_S = 2
"""How much later an undoing may arrive: it was asked for in time."""
JUDGED = (Kind.REVIEW, Kind.APPEAL, Kind.SECOND)
"""How moderators say what they think of a comment."""

_PRIORITY = list(Waiting)


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody decides: the outcome, for which rule, with what to note.

    Raises:
        InvalidInput: an accepted comment broke no rule.
    """

    outcome: Outcome
    rule: Rule | None
    note: str | None
    by: str
    at: datetime

    def __post_init__(self) -> None:
        if self.outcome is Outcome.ACCEPT and self.rule is not None:
            raise InvalidInput("/rule", "What is approved has broken no rule.")


def kind_of(held: Held, by: str, reviewers: Container[str]) -> Kind:
    """How somebody decides a comment in its present state.

    Args:
        held: the comment.
        by: who decides.
        reviewers: who has reviewed it before, and so has no second opinion to give.
    """
    if held.appeal:
        return Kind.APPEAL
    if held.waiting is Waiting.SECOND and by not in reviewers:
        return Kind.SECOND
    return Kind.REVIEW


def decided(site: Site, held: Held, act: Act, kind: Kind) -> Decision:
    """The decision to be entered.

    Reasons, scores, model and policy are those of the automatic one: what the person
    saw, and what a model may be measured by.
    """
    verdict = replace(
        held.automatic.verdict,
        outcome=act.outcome,
        flagged=False,
        notice=_notice(site, held, act),
    )
    return Decision(
        verdict, act.by, act.at, held.revision, kind, act.rule, act.note or None
    )


def escalated(held: Held, by: str, at: datetime, note: str | None = None) -> Made:
    """What held stays, until an editor decides."""
    decision = Decision(
        held.decision.verdict,
        by,
        at,
        held.revision,
        Kind.ESCALATION,
        held.decision.rule,
        note or None,
    )
    return Made(held, decision, Waiting.ESCALATED, held.waiting_since or at)


def disagreement(made: Made) -> Made | None:
    """What follows a second opinion other than the first: the first stays, escalated.

    The log has both opinions then, and the last entry still is what holds.
    """
    held, second = made.held, made.decision
    if second.kind is not Kind.SECOND or not _differs(second, held.decision):
        return None
    return escalated(
        replace(held, number=made.number), second.decided_by, second.decided_at
    )


def undone(held: Held, before: Before, by: str, at: datetime) -> Made:
    """What held before holds again, and the comment waits as it did.

    What readers have reported since then waits to be looked at, too.
    """
    decision = Decision(before.verdict, by, at, held.revision, Kind.UNDO)
    waiting, since = before.waiting, before.waiting_since
    is_reported = before.is_reported or held.waiting is Waiting.REPORTED
    if is_reported and before.verdict.outcome is Outcome.ACCEPT:
        waiting = first_of(waiting, Waiting.REPORTED)
        since = since or held.waiting_since or at
    return Made(held, decision, waiting, since)


def is_sampled(held: Held, share: float) -> bool:
    """Whether a second opinion is wanted on what is decided now.

    Drawn by a hash, so that it is the same whoever asks and however often.
    """
    name = f"{held.site_id}\n{held.id}\n{held.number + 1}".encode()
    drawn = int.from_bytes(blake2b(name, digest_size=8).digest())
    return drawn < share * 2**64


def first_of(waiting: Waiting | None, more: Waiting) -> Waiting:
    """What a comment waits for when there is one reason more."""
    return min(waiting or more, more, key=_PRIORITY.index)


def check_undo(held: Held, by: str, now: datetime) -> None:
    """Whether somebody can undo what holds.

    Raises:
        NotAllowed: somebody else decided.
        NotPossible: it is too late, or nothing that can be undone.
    """
    last = held.decision
    if last.kind not in (*JUDGED, Kind.ESCALATION):
        raise NotPossible("Only what a moderator decided can be undone.")
    if last.decided_by != by:
        raise NotAllowed(f"{last.decided_by} decided this: only they can undo it.")
    if now - last.decided_at > timedelta(seconds=UNDO_S + GRACE_S):
        raise NotPossible(
            f"A decision can be undone for {UNDO_S} seconds. Decide anew instead."
        )
    if held.appeal and held.appeal.decision == held.number:
        raise NotPossible("The reader has appealed by now. Answer that instead.")


def check_appeal(held: Held, told: Decision | None) -> None:
    """Whether a reader can object to what they were told; None is no decision.

    Raises:
        NotPossible: the comment is not rejected, or was changed since.
    """
    if held.decision.verdict.outcome is Outcome.ACCEPT:
        raise NotPossible("Only what was rejected can be appealed against.")
    if told is None or told.verdict.outcome is Outcome.ACCEPT:
        raise NotPossible("There is no such rejection.")
    if told.revision != held.revision:
        raise NotPossible("The comment was changed since and judged anew.")


def stale(held: Held, now: datetime) -> StaleDecision:
    """Say that something else was decided meanwhile, by whom, and how long ago."""
    last = held.decision
    ago = _ago(now - last.decided_at)
    if last.kind is Kind.AUTOMATIC:
        said = f"The comment was changed {ago} ago and judged anew."
    elif last.kind is Kind.UNDO:
        said = f"{last.decided_by} took the decision back {ago} ago."
    elif last.kind is Kind.ESCALATION:
        said = f"Already passed on to the editors by {last.decided_by} {ago} ago."
    else:
        said = f"Already decided by {last.decided_by} {ago} ago."
    return StaleDecision(said, last.decided_by, last.decided_at)


def _differs(one: Decision, other: Decision) -> bool:
    return one.verdict.outcome is not other.verdict.outcome


def _notice(site: Site, held: Held, act: Act) -> str | None:
    """What the reader is told; where no rule is named, of what the judge saw."""
    if act.outcome is Outcome.ACCEPT:
        return None
    reasons = held.automatic.verdict.reasons
    seen = [r for r in reasons if act.rule in (None, r.rule)]
    clauses = [clause_of(reason.rule, reason.source) for reason in seen]
    broken = clauses or [clause_of(act.rule)]
    return notice_for(broken, held.language, site.notices)


def _ago(time: timedelta) -> str:
    seconds = max(0, int(time.total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
