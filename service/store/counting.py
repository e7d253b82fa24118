"""Counting what one day of a site comes to, by query.  What is counted: `Tally`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVarTuple

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, func, or_, select

from model.finding import Rule, Source
from model.text import fold
from service.domain import Kind, Outcome, Waiting
from service.store.opinions import PEOPLE, Entry, Fact, facts
from service.store.schema import comments, decisions, texts
from service.store.tallies import NOTHING, Heat, Tally

Columns = TypeVarTuple("Columns")

MOST_TERM = 40  # characters


@dataclass(frozen=True, slots=True)
class Stretch:
    """Decisions from `start` to before `end`.

    Their keys lie from `low` to below `high`; some of those are of other times.
    """

    site_id: int
    low: int
    high: int
    start: datetime
    end: datetime


def count(connection: Connection, stretch: Stretch) -> Tally:
    """Count what was decided in a stretch of time."""
    if stretch.low >= stretch.high:
        return NOTHING
    values = asdict(stretch)
    made = list(_made_by_people(connection, values, stretch))
    entries = [fact.entry for _, fact in made]
    approvals = sum(entry.outcome is Outcome.ACCEPT for entry in entries)
    waits = (entry.waited_s for entry in entries)
    firsts = {(key, fact.entry.number) for key, fact in made if fact.is_first_rejection}
    return replace(
        _verdicts(connection, values),
        articles=_articles(connection, values),
        approvals=approvals,
        rejections=len(entries) - approvals,
        waits=tuple(sorted(wait for wait in waits if wait is not None)),
        opinions=Counter(
            fact.opinion for _, fact in made if fact.opinion and not fact.entry.is_copy
        ),
        pairs=Counter(fact.pair for _, fact in made if fact.pair),
        terms=_terms(connection.execute(REJECTIONS, values), firsts),
    )


def _verdicts(connection: Connection, values: Mapping[str, Any]) -> Tally:
    row = connection.execute(VERDICTS, values).one()
    flagged, rejected = row.flagged or 0, row.rejected or 0
    return Tally(row.all - flagged - rejected, flagged, rejected)


def _articles(connection: Connection, values: Mapping[str, Any]) -> dict[str, Heat]:
    rows = connection.execute(ARTICLES, values)
    return {row.article_id: Heat(row.title, row.flagged, row.rejected) for row in rows}


def _made_by_people(
    connection: Connection, values: Mapping[str, Any], stretch: Stretch
) -> Iterator[tuple[int, Fact]]:
    """What people decided on that day, with the comment's key."""
    rows = connection.execute(LOGS, values)
    for key, log in groupby(rows, lambda row: int(row.comment_key)):
        for fact in facts([_entry(row) for row in log]):
            if stretch.start <= fact.entry.at < stretch.end:
                yield key, fact


def _entry(row: Row[*tuple[Any, ...]]) -> Entry:
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
    )


def _strongest(reasons: str) -> str | None:
    """The rule of the first reason, the strongest; None where there is none."""
    rules = [reason["rule"] for reason in json.loads(reasons)]
    return rules[0] if rules else None


def _terms(
    rows: Iterable[Row[*tuple[Any, ...]]], firsts: set[tuple[int, int]]
) -> dict[str, int]:
    counted: Counter[str] = Counter()
    for row in rows:
        is_automatic = row.kind == Kind.AUTOMATIC.value
        if is_automatic or (row.comment_key, row.number) in firsts:
            counted.update(set(_words(row.reasons, row.text)))
    return dict(counted)


def _words(reasons: str, text: str) -> Iterator[str]:
    """The words that the lexicon saw, as it reads them, in one line each."""
    for reason in json.loads(reasons):
        if reason["source"] == Source.LEXICON.value:
            for start, end in reason["spans"]:
                word = " ".join(fold(text[start:end]).text.split())
                if word:
                    yield word[:MOST_TERM]


# The sum keeps SQLite, which knows no better, from walking through all comments of the
# site by their index: 15 times as long as from the decisions of one day of sixty.
OF_SITE = comments.c.site_id + 0 == bindparam("site_id")
OF_DAY = and_(
    decisions.c.key >= bindparam("low"),
    decisions.c.key < bindparam("high"),
    decisions.c.decided_at >= bindparam("start", type_=decisions.c.decided_at.type),
    decisions.c.decided_at < bindparam("end", type_=decisions.c.decided_at.type),
)
IS_AUTOMATIC = decisions.c.kind == Kind.AUTOMATIC.value
IS_REJECTION = and_(
    decisions.c.outcome == Outcome.REJECT.value, decisions.c.flagged.is_(False)
)
FLAGGED = func.sum(case((decisions.c.flagged, 1), else_=0)).label("flagged")
REJECTED = func.sum(case((IS_REJECTION, 1), else_=0)).label("rejected")


def _of_site(statement: Select[*Columns]) -> Select[*Columns]:
    return statement.join(comments, comments.c.key == decisions.c.comment_key).where(
        OF_SITE, OF_DAY
    )


# Built once: SQLAlchemy then finds their compiled form without walking them again.
VERDICTS = _of_site(
    select(func.count().label("all"), FLAGGED, REJECTED).select_from(decisions)
).where(IS_AUTOMATIC)
ARTICLES = (
    _of_site(
        select(
            comments.c.article_id,
            func.max(comments.c.article_title).label("title"),
            FLAGGED,
            REJECTED,
        ).select_from(decisions)
    )
    .where(
        IS_AUTOMATIC,
        or_(decisions.c.flagged, IS_REJECTION),
        comments.c.article_id.is_not(None),
    )
    .group_by(comments.c.article_id)
)
DECIDED_BY_PEOPLE = _of_site(select(decisions.c.comment_key)).where(
    decisions.c.kind.in_([kind.value for kind in PEOPLE])
)
LOGS = (
    select(
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
    )
    .where(decisions.c.comment_key.in_(DECIDED_BY_PEOPLE))
    .order_by(decisions.c.comment_key, decisions.c.number)
)
REJECTIONS = (
    _of_site(
        select(
            decisions.c.comment_key,
            decisions.c.number,
            decisions.c.kind,
            decisions.c.reasons,
            texts.c.text,
        ).select_from(decisions)
    )
    .join(
        texts,
        and_(
            texts.c.comment_key == decisions.c.comment_key,
            texts.c.revision == decisions.c.revision,
        ),
    )
    .where(IS_REJECTION)
)
