"""What a reader who follows a link from a notice gets to see, and may do there.

Knows no HTTP, and words nothing: the page is `service.reader.pages`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from service.domain import Decision, Outcome
from service.errors import NotPossible, UnknownComment
from service.reader.grounds import standing
from service.reader.links import Links, Opened
from service.review import Review
from service.store.cases import Appeal, Case
from service.store.records import Site
from service.store.sites import Sites

NOBODY = ""
"""Who looks: no moderator, so that all who look are others."""


class State(StrEnum):
    """What has become of the decision that a link is about."""

    OPEN = "open"
    """It holds, and may be appealed."""
    HEARD = "heard"
    """It holds, and has been appealed."""
    CHANGED = "changed"
    """Another one holds."""
    OVER = "over"
    """The link's time is over."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A link that was followed.

    `decision` is the one that it is about, `number` its place in the log, and `holds`
    what stands now: the same, or another one.  `appeal` is the reader's objection to
    it, answered or not.
    """

    state: State
    link: Opened
    site: Site
    case: Case
    decision: Decision
    number: int
    holds: Decision
    appeal: Appeal | None

    @property
    def is_accepted(self) -> bool:
        """Whether the comment is accepted now."""
        return self.holds.verdict.outcome is Outcome.ACCEPT


class Visits:
    """Follows links.  Safe for threads.

    Its methods raise UnknownComment for a link that is not ours or whose comment is
    gone, and StoreUnavailable when the database does not answer.
    """

    def __init__(
        self,
        links: Links,
        sites: Sites,
        review: Review,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Wire the parts.  `clock` gives the time now, with its time zone."""
        self._links = links
        self._sites = sites
        self._review = review
        self._clock = clock

    def look(self, token: str) -> Visit:
        """See what has become of the decision that a link is about."""
        link = self._links.read(token)
        if link is None:
            raise UnknownComment("This link is not valid.")
        site = self._site(link.site_id)
        now = self._clock()
        case = self._review.desk.case(
            site.id, link.comment_id, by=NOBODY, now=now, with_reports=False
        )
        if case is None:
            raise UnknownComment("The comment that this link is about is gone.")
        return _visit(link, site, case, now)

    def appeal(self, token: str, words: str) -> Visit:
        """Object to the decision that a link is about.

        Raises:
            NotPossible: it no longer holds, was objected to before, or the link's time
                is over; nothing was changed.
        """
        visit = self.look(token)
        if visit.state is not State.OPEN:
            raise NotPossible("This decision can no longer be appealed by this link.")
        comment_id, number = visit.link.comment_id, visit.number
        self._review.appeal(visit.site, comment_id, decision=number, words=words)
        return self.look(token)

    def _site(self, site_id: int) -> Site:
        for site in self._sites.all():
            if site.id == site_id:
                return site
        raise UnknownComment("The site that this link is about is gone.")


def _visit(link: Opened, site: Site, case: Case, now: datetime) -> Visit:
    log = case.decisions
    numbers = [
        number
        for number, decision in enumerate(log, start=1)
        if decision.decided_at == link.decided_at
        and decision.verdict.outcome is Outcome.REJECT
    ]
    if not numbers:
        raise UnknownComment("The decision that this link is about is gone.")
    meant, holds = standing(log[: numbers[-1]]), standing(log)
    theirs = [a for a in case.appeals if standing(log[: a.decision]) == meant]
    appeal = theirs[-1] if theirs else None
    if now >= link.until:
        state = State.OVER
    elif meant != holds:
        state = State.CHANGED
    else:
        state = State.HEARD if appeal else State.OPEN
    return Visit(state, link, site, case, log[meant], meant + 1, log[holds], appeal)
