"""Comments with a log, as moderators and readers find them in the store."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from model.finding import Rule
from service.domain import (
    AUTOMATIC,
    Article,
    Author,
    Decision,
    Kind,
    Outcome,
    Verdict,
    Waiting,
)
from service.store.cases import Appeal, Card, Case
from tests.fixtures_store import NOON
from tests.samples import REJECTED

MINUTE = timedelta(minutes=1)
TEXT = "I think, fuck this, fuck that."


def entry(
    minute: int,
    outcome: Outcome = Outcome.REJECT,
    kind: Kind = Kind.REVIEW,
    *,
    rule: Rule | None = None,
    revision: int = 1,
    verdict: Verdict = REJECTED,
) -> Decision:
    """A decision made some minutes after noon."""
    by = AUTOMATIC if kind is Kind.AUTOMATIC else "ann"
    verdict = replace(verdict, outcome=outcome)
    return Decision(verdict, by, NOON + minute * MINUTE, revision, kind, rule)


def case_of(
    *log: Decision,
    appeals: tuple[Appeal, ...] = (),
    language: str | None = None,
) -> Case:
    """A comment with these decisions and nothing waiting."""
    automatic = [decision for decision in log if decision.kind is Kind.AUTOMATIC]
    card = Card(
        key=1,
        id="c-1",
        revision=log[-1].revision,
        number=len(log),
        decision=log[-1],
        automatic=automatic[-1],
        waiting=Waiting.APPEALED if appeals else None,
        waiting_since=None,
        text=TEXT,
        parent_text=None,
        author=Author("u-1"),
        article=Article("a-1", "https://example.org/a", "On rivers"),
        parent_id=None,
        language=language,
        received_at=NOON,
        like_it=0,
        reports=0,
        appeal=appeals[-1] if appeals else None,
        author_record=None,
        look=None,
    )
    return Case(card, log, {log[-1].revision: TEXT}, appeals)
