"""What a card says of a comment, made ready for templates.  Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from markupsafe import Markup

from model.finding import Attribute, Rule
from service.desk.filters import SOURCES
from service.desk.marking import (
    Unseen,
    mark_up,
    marks_of,
    plain,
    quotes,
    shorten,
    unseen,
    visible,
)
from service.desk.moments import ago
from service.domain import Decision, Kind, Outcome, Waiting
from service.store.cases import Card

PARENT = 280  # characters of the comment that is answered
TITLE = 120  # characters of an article's title

ATTRIBUTES: Mapping[Attribute, str] = MappingProxyType(
    {attribute: attribute.capitalize().replace("_", " ") for attribute in Attribute}
)


@dataclass(frozen=True, slots=True)
class Why:
    """One reason: what was seen, where it is quoted from, and how sure that is."""

    name: str
    message: str
    source: str
    score: float
    threshold: float
    quotes: list[Markup]


@dataclass(frozen=True, slots=True)
class Shown:
    """A card and what is shown of it.

    `html` is the whole text and `excerpt` the parts of a long one, both marked; None
    where the text was not kept or is short.  `suggested` is the rule that the judge
    sees broken.  `is_blind` hides who decided before, so that a second opinion is one.
    """

    card: Card
    html: Markup | None
    excerpt: Markup | None
    unseen: tuple[Unseen, ...]
    why: list[Why]
    scores: list[tuple[str, float]]
    suggested: Rule | None
    is_blind: bool


def show(card: Card) -> Shown:
    """Make a card ready to be shown."""
    text, verdict = card.text, card.automatic.verdict
    # Spans count characters of the text that was judged, which an edit replaces.
    is_judged = text is not None and card.automatic.revision == card.revision
    marks = marks_of(verdict.reasons) if is_judged else ()
    ruled = [reason.rule for reason in verdict.reasons if reason.rule]
    return Shown(
        card=card,
        html=None if text is None else mark_up(text, marks),
        excerpt=None if text is None else shorten(text, marks),
        unseen=() if text is None else unseen(text),
        why=[
            Why(
                reason.rule.value if reason.rule else "unknown",
                reason.message,
                SOURCES[reason.source],
                reason.score,
                reason.threshold,
                quotes(text, reason) if text is not None and is_judged else [],
            )
            for reason in verdict.reasons
        ],
        scores=sorted(
            (
                (ATTRIBUTES[name], score)
                for name, score in (verdict.scores or {}).items()
            ),
            key=lambda pair: -pair[1],
        ),
        suggested=ruled[0] if ruled else None,
        is_blind=card.waiting is Waiting.SECOND,
    )


def author_of(card: Card) -> str:
    """What the author is called."""
    if card.author is None:
        return "No name"
    return card.author.name or card.author.id


def happened(decision: Decision) -> str:
    """Say in a few words who decided what, and how."""
    verdict = decision.verdict
    by = plain(decision.decided_by)
    if decision.kind is Kind.AUTOMATIC:
        return _judged(decision)
    if decision.kind is Kind.ESCALATION:
        return f"Left to an editor by {by}"
    rule = f" as {decision.rule.value}" if decision.rule else ""
    is_accept = verdict.outcome is Outcome.ACCEPT
    if decision.kind is Kind.UNDO:
        return f"Undone by {by}: {'accepted' if is_accept else 'rejected'} as before"
    if decision.kind is Kind.APPEAL:
        granted = "Appeal granted" if is_accept else "Appeal turned down"
        return f"{granted} by {by}{rule and f', rejected{rule}'}"
    done = "Approved" if is_accept else f"Rejected{rule}"
    more = {Kind.SECOND: ", as a second opinion", Kind.SITE: ", on the site"}
    return f"{done} by {by}{more.get(decision.kind, '')}"


def _judged(decision: Decision) -> str:
    verdict = decision.verdict
    if not verdict.flagged:
        is_accept = verdict.outcome is Outcome.ACCEPT
        return "Accepted automatically" if is_accept else "Rejected automatically"
    if verdict.outcome is Outcome.ACCEPT:
        return "Flagged and published until decided"
    return "Flagged and held until decided"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number with its noun: `1 report`, `2,000 reports`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def times(number: int) -> str:
    """How often: `once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(number, f"{number:,} times")


FILTERS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "ago": ago,
        "author_of": author_of,
        "counted": counted,
        "happened": happened,
        "mark_up": mark_up,
        "plain": plain,
        "times": times,
        "visible": visible,
    }
)
"""For templates."""
