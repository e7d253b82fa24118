"""How the entries of comments' logs are read: which columns, and what they say.

Runs nothing.  What people decided by them is found in `service.store.opinions`.
"""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Row

from model.finding import Rule
from service.domain import Kind, Outcome, Waiting
from service.store.opinions import Entry
from service.store.schema import decisions

COLUMNS = (
    decisions.c.comment_key,
    decisions.c.number,
    decisions.c.revision,
    decisions.c.kind,
    decisions.c.outcome,
    decisions.c.flagged,
    decisions.c.reasons,
    decisions.c.rule,
    decisions.c.decided_by,
    decisions.c.decided_at,
    decisions.c.waiting,
    decisions.c.waiting_since,
    decisions.c.together_with,
    decisions.c.model,
)


def entry_of(row: Row[*tuple[Any, ...]]) -> Entry:
    """Build an entry from a row of COLUMNS."""
    kind = Kind(row.kind)
    rule = _strongest(row.reasons) if kind is Kind.AUTOMATIC else row.rule
    return Entry(
        number=row.number,
        revision=row.revision,
        kind=kind,
        outcome=Outcome(row.outcome),
        flagged=row.flagged,
        rule=None if rule is None else Rule(rule),
        by=row.decided_by,
        at=row.decided_at,
        waiting=None if row.waiting is None else Waiting(row.waiting),
        waiting_since=row.waiting_since,
        is_copy=row.together_with is not None,
        model=row.model,
    )


def _strongest(reasons: str) -> str | None:
    """The rule of the first reason, the strongest; None where there is none."""
    rules = [reason["rule"] for reason in json.loads(reasons)]
    return rules[0] if rules else None
