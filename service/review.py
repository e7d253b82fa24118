"""What people do about comments: decide, undo, escalate, report, appeal.

Knows no HTTP and no SQL.  Judging is `service.moderation`, keeping
`service.store.reviews`; what moderators are shown is `service.store.desk`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from model.finding import Rule
from service.alike import alike as alike_of
from service.deciding import (
    UNDO_S,
    Act,
    check_appeal,
    check_undo,
    decided,
    disagreement,
    escalated,
    first_of,
    is_sampled,
    kind_of,
    stale,
    undone,
)
from service.domain import Comment, Kind, Outcome, Waiting
from service.errors import (
    InvalidInput,
    NotAllowed,
    NotPossible,
    StaleDecision,
    UnknownComment,
)
from service.store.accounts import Role
from service.store.cases import Appeal
from service.store.desk import Desk
from service.store.held import Held, Made
from service.store.records import Site
from service.store.reviews import Change, Reviews

SITE = "site"
"""`decided_by` of a decision by the site that names nobody."""
AT_ONCE = 500
"""Near-identical comments that are decided in one transaction: other writers wait."""
AT_MOST = 2_000
"""Near-identical comments that are decided with one; the rest stays in the queue."""


@dataclass(frozen=True, slots=True)
class Decided:
    """What holds now: the decision's number, and how many others were decided with it.

    `outcome` is not the one asked for where a second opinion differs from the first.
    """

    comment_id: str
    number: int
    outcome: Outcome
    like_it: int = 0


class Review:
    """What people may do, on every site.  Safe for threads.

    Every method raises UnknownComment for an id that the site never sent, and
    StoreUnavailable if the database cannot be written; then nothing was.
    """

    def __init__(
        self,
        desk: Desk,
        reviews: Reviews,
        *,
        second_share: float,
        text_hash: Callable[[str], bytes],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Wire the parts.

        Args:
            desk: what moderators read.
            reviews: what they write.
            second_share: of decisions on which another moderator is asked, in [0, 1].
            text_hash: of `Store.text_hash`.
            clock: the time now, with its time zone.
        """
        self.desk = desk
        self._reviews = reviews
        self._second_share = second_share
        self._text_hash = text_hash
        self._clock = clock

    def decide(
        self,
        site: Site,
        comment_id: str,
        outcome: Outcome,
        *,
        rule: Rule | None,
        note: str | None,
        seen: int,
        by: str,
        role: Role,
        alike: bool = False,
    ) -> Decided:
        """Approve or reject a comment, and answer what is appealed against.

        Args:
            site: on whose behalf.
            comment_id: which one.
            outcome: what becomes of it.
            rule: that it broke; needed to reject.
            note: for other moderators.
            seen: the number of the decision that held when they made up their mind.
            by: who decides.
            role: an editor decides what was escalated.
            alike: decide near-identical ones that wait, too, up to AT_MOST.  Of these,
                AT_ONCE and the comment itself are one transaction; the others follow.

        Raises:
            InvalidInput: a rule is missing, or given for what is approved.
            StaleDecision: somebody else decided first.
            NotAllowed: somebody else has to decide this.
        """
        act = Act(outcome, _rule(outcome, rule), note, by, self._clock())
        with self._reviews.change() as change:
            held = _held(change, site, comment_id)
            _check_seen(held, seen, act.at)
            made = self._made(change, site, held, act, role)
            like = change.like(held, act.at, AT_ONCE) if alike else []
            others = [_follower(site, one, act, held) for one in like]
            answer = _enter(change, [made, *others])[0]
        count = len(like)
        while alike and like and count < AT_MOST:
            like = self._decide_more(site, held, act, answer.number)
            count += len(like)
        return replace(answer, like_it=count)

    def decide_many(
        self,
        site: Site,
        picks: Sequence[tuple[str, int]],
        outcome: Outcome,
        *,
        rule: Rule | None,
        note: str | None,
        by: str,
        role: Role,
    ) -> Sequence[Decided | StaleDecision]:
        """Do what `decide` does for comments with the number seen of each.

        Returns:
            What holds for each, or who decided it first, in the order of the picks.

        Raises:
            InvalidInput: a rule is missing, or given for what is approved.
            NotAllowed: somebody else has to decide one of them; then none is decided.
        """
        act = Act(outcome, _rule(outcome, rule), note, by, self._clock())
        seen = dict(picks)
        answers: dict[str, Decided | StaleDecision] = {}
        with self._reviews.change() as change:
            held = change.held(site.id, seen)
            if held.keys() != seen.keys():
                raise UnknownComment("This site has no comment of one of these ids.")
            fresh = [one for one in held.values() if one.number == seen[one.id]]
            answers |= {one.id: stale(one, act.at) for one in held.values()}
            made = [self._made(change, site, one, act, role) for one in fresh]
            answers |= {one.comment_id: one for one in _enter(change, made)}
        return [answers[comment_id] for comment_id, _ in picks]

    def escalate(
        self, site: Site, comment_id: str, *, note: str | None, seen: int, by: str
    ) -> Decided:
        """Leave a comment to the editors; until one decides, what holds stays.

        Raises:
            StaleDecision: somebody else decided first.
            NotPossible: it was left to them already.
        """
        now = self._clock()
        with self._reviews.change() as change:
            held = _held(change, site, comment_id)
            _check_seen(held, seen, now)
            if held.waiting is Waiting.ESCALATED:
                raise NotPossible("This waits for an editor already.")
            return _enter(change, [escalated(held, by, now, note)])[0]

    def undo(self, site: Site, comment_id: str, *, number: int, by: str) -> None:
        """Put back what held before one's own decision, also for those decided with it.

        The site hears nothing of either, unless it may have heard of the first.

        Raises:
            StaleDecision: somebody else decided since.
            NotAllowed: somebody else decided.
            NotPossible: it is too late, or nothing that can be undone.
        """
        with self._reviews.change() as change:
            # Not before: it may have waited for other writers, and be too late by now.
            now = self._clock()
            held = _held(change, site, comment_id)
            _check_seen(held, number, now)
            check_undo(held, by, now)
            others = change.together(held, AT_ONCE, wait=False)
            self._undo(change, [held, *others], by, now)
        while self._undo_more(held, by, now):
            pass

    def report(
        self,
        site: Site,
        comment_id: str,
        *,
        reporter: str | None,
        words: str | None,
        comment: Comment | None = None,
    ) -> None:
        """Enter a reader's complaint; an accepted comment then waits to be looked at.

        Args:
            site: on whose behalf.
            comment_id: which one.
            reporter: the site's name for the reader, whose second complaint about the
                same revision changes nothing.
            words: what the reader says.
            comment: whose text is kept, if it is the one that was judged and was not.
        """
        now = self._clock()
        with self._reviews.change() as change:
            held = _held(change, site, comment_id)
            is_new = change.add_report(held, reporter, words, now)
            self._keep(change, held, comment)
            if is_new and held.decision.verdict.outcome is Outcome.ACCEPT:
                _wait(change, held, Waiting.REPORTED, now)

    def appeal(
        self, site: Site, comment_id: str, *, decision: int | None, words: str
    ) -> Appeal:
        """Enter a reader's objection to a rejection, also of what is held for review.

        Args:
            site: on whose behalf.
            comment_id: which one.
            decision: the number of the rejection that the reader was told of; None for
                whichever holds.
            words: what the reader says.

        Raises:
            NotPossible: the comment is not rejected, was changed since, or there was an
                appeal already.
        """
        now = self._clock()
        with self._reviews.change() as change:
            held = _held(change, site, comment_id)
            number = held.number if decision is None else decision
            told = change.decision(held, number) if number <= held.number else None
            check_appeal(held, told)
            if held.appeal or change.has_appeal(held, number):
                raise NotPossible("This decision has been appealed against already.")
            _wait(change, held, Waiting.APPEALED, now)
            return change.add_appeal(held, words, now)

    def decide_by_site(
        self,
        site: Site,
        comment_id: str,
        outcome: Outcome,
        *,
        rule: Rule | None,
        note: str | None,
        by: str | None,
        comment: Comment | None = None,
    ) -> Decided:
        """Enter what was decided in the site's own system, whatever held before.

        The same again changes nothing, so that a site may retry; but it answers what
        has come since: an appeal, a report.

        Args:
            site: on whose behalf.
            comment_id: which one.
            outcome: what becomes of it.
            rule: that it broke.
            note: for moderators.
            by: who decided.
            comment: as for `report`.

        Raises:
            InvalidInput: a rule is given for what is accepted.
        """
        now = self._clock()
        act = Act(outcome, rule, note, by or SITE, now)
        with self._reviews.change() as change:
            held = _held(change, site, comment_id)
            self._keep(change, held, comment)
            decision = decided(site, held, act, Kind.SITE)
            is_same = replace(held.decision, decided_at=now) == decision
            if is_same and held.waiting is None:
                return Decided(held.id, held.number, outcome)
            return _enter(change, [Made(held, decision, tell_at=now)])[0]

    def _made(
        self, change: Change, site: Site, held: Held, act: Act, role: Role
    ) -> Made:
        """The decision of somebody who may make it, and whom it waits for then."""
        _check_allowed(change, held, act.by, role)
        is_second = held.waiting is Waiting.SECOND
        kind = kind_of(held, act.by, change.reviewers(held) if is_second else ())
        made = Made(held, decided(site, held, act, kind), tell_at=_due(act.at))
        is_open = kind is Kind.REVIEW and held.waiting is not Waiting.ESCALATED
        if not is_open or not is_sampled(held, self._second_share):
            return made
        if not change.has_others(held.site_id, {act.by, *change.reviewers(held)}):
            return made  # Nobody is there to give a second opinion.
        return replace(made, waiting=Waiting.SECOND, waiting_since=act.at)

    def _decide_more(
        self, site: Site, led_by: Held, act: Act, number: int
    ) -> list[Held]:
        """Decide others with a comment, while its decision of this number holds."""
        with self._reviews.change() as change:
            if _held(change, site, led_by.id).number != number:
                return []  # It was undone meanwhile, say.
            like = change.like(led_by, act.at, AT_ONCE)
            if like:
                _enter(change, [_follower(site, one, act, led_by) for one in like])
            return like

    def _undo_more(self, led_by: Held, by: str, now: datetime) -> int:
        """Undo what was decided as one with a comment and was left; says how many."""
        with self._reviews.change() as change:
            others = change.together(led_by, AT_ONCE, wait=True)
            if others:
                self._undo(change, others, by, now)
            return len(others)

    def _undo(
        self, change: Change, undoing: Sequence[Held], by: str, now: datetime
    ) -> None:
        change.reopen(undoing)
        before = change.before(undoing)
        made = [undone(one, before[one.key], by, now) for one in undoing]
        _enter(change, [self._told(change, one) for one in made])

    def _told(self, change: Change, undoing: Made) -> Made:
        """Have the site told of an undoing where it may know of what is undone."""
        last = undoing.held.decision
        # By the time it is now: it may have been told while this waited for others.
        if last.kind is Kind.ESCALATION or change.take_back(undoing.held, self._clock):
            return undoing
        return replace(undoing, tell_at=undoing.decision.decided_at)

    def _keep(self, change: Change, held: Held, comment: Comment | None) -> None:
        """Keep a text if it is the one that was judged, and is yet to be kept."""
        if comment is None or held.is_kept:
            return
        if self._text_hash(comment.text) == held.text_hash:
            change.keep(held, comment.text, alike_of(comment.text))


def _rule(outcome: Outcome, rule: Rule | None) -> Rule | None:
    if outcome is Outcome.REJECT and rule is None:
        raise InvalidInput("/rule", "Name the rule that the comment broke.")
    return rule


def _held(change: Change, site: Site, comment_id: str) -> Held:
    held = change.held(site.id, [comment_id]).get(comment_id)
    if held is None:
        raise UnknownComment("This site has no comment of this id.")
    return held


def _check_seen(held: Held, seen: int, now: datetime) -> None:
    if held.number != seen:
        raise stale(held, now)


def _check_allowed(change: Change, held: Held, by: str, role: Role) -> None:
    if held.waiting is Waiting.ESCALATED and role is not Role.EDITOR:
        raise NotAllowed(f"An editor has to decide on {held.id}: it was escalated.")
    if held.appeal is None:
        return
    rejecters = change.rejecters(held)
    may = [Role.EDITOR] if held.waiting is Waiting.ESCALATED else list(Role)
    if by in rejecters and change.has_others(held.site_id, rejecters, may):
        raise NotAllowed(
            f"You rejected {held.id}: somebody else has to answer the appeal."
        )


def _follower(site: Site, held: Held, act: Act, led_by: Held) -> Made:
    """What becomes of a comment that is decided as one with another."""
    decision = decided(site, held, act, kind_of(held, act.by, ()))
    return Made(held, decision, tell_at=_due(act.at), together_with=led_by.key)


def _due(now: datetime) -> datetime:
    return now + timedelta(seconds=UNDO_S)


def _wait(change: Change, held: Held, waiting: Waiting, now: datetime) -> None:
    # Nobody waits for a sample: what has come now has not stood behind it until now.
    since = None if held.waiting is Waiting.SAMPLE else held.waiting_since
    change.wait(held, first_of(held.waiting, waiting), since or now)


def _enter(change: Change, made: Sequence[Made]) -> list[Decided]:
    """Enter decisions and what follows from them; answers what holds of each."""
    follow = {one.held.key: more for one in made if (more := disagreement(one))}
    silent = [replace(m, tell_at=None) if m.held.key in follow else m for m in made]
    for some in (silent, list(follow.values())):
        if some and not change.enter(some):
            raise RuntimeError("a comment was changed while it was locked")
    return [_decided(follow.get(one.held.key, one)) for one in made]


def _decided(made: Made) -> Decided:
    return Decided(made.held.id, made.number, made.decision.verdict.outcome)
