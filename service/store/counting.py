"""Counting what a day of some sites comes to, by query.  What is counted: `Tally`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any, TypeVarTuple

from sqlalchemy import Connection, Row, Select, and_, bindparam, case, func, or_, select

from model.drift import BINS, FATES, bin_of
from model.finding import Source
from model.text import fold
from model.verdicts import Fate
from service.domain import Kind, Outcome, Waiting
from service.store.entries import COLUMNS, entry_of
from service.store.opinions import PEOPLE, Fact, facts
from service.store.schema import comments, decisions, texts
from service.store.tallies import NOTHING, Heat, Samples, Spread, Tally

Columns = TypeVarTuple("Columns")
Made = Sequence[tuple[int, Fact]]
"""What people decided, each with the comment's key."""

MOST_TERM = 40  # characters
MOST_LOOKED_AT = 2_000
"""Of how many comments of a day a `Spread` is counted, or so: each is read singly."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Decisions on some sites from `start` to before `end`.

    Their keys lie from `low` to below `high`; some of those are of other times.
    """

    site_ids: tuple[int, ...]
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
    watched = _watched(connection, values, made)
    entries = [fact.entry for _, fact in made]
    approvals = sum(entry.outcome is Outcome.ACCEPT for entry in entries)
    waits = (entry.waited_s for entry in entries)
    firsts = {(key, fact.entry.number) for key, fact in made if fact.is_first_rejection}
    return replace(
        watched,
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


def glance(connection: Connection, stretch: Stretch) -> Tally:
    """Count no more of a stretch of time than verdicts, samples and spreads.

    In half the time that `count` takes.
    """
    if stretch.low >= stretch.high:
        return NOTHING
    values = asdict(stretch)
    made = list(_made_by_people(connection, values, stretch))
    return _watched(connection, values, made)


def _watched(connection: Connection, values: Mapping[str, Any], made: Made) -> Tally:
    verdicts, drawn = _verdicts(connection, values)
    outcomes = [fact.entry.outcome for _, fact in made if fact.is_of_sample]
    return replace(
        verdicts,
        samples=Samples(len(outcomes), outcomes.count(Outcome.REJECT), drawn),
        spreads=_spreads(connection, values, verdicts.volume),
    )


def _verdicts(connection: Connection, values: Mapping[str, Any]) -> tuple[Tally, int]:
    """The verdicts by what they were, and how many of them were drawn as samples."""
    row = connection.execute(VERDICTS, values).one()
    flagged, rejected = row.flagged or 0, row.rejected or 0
    return Tally(row.all - flagged - rejected, flagged, rejected), row.drawn or 0


def _spreads(
    connection: Connection, values: Mapping[str, Any], volume: int
) -> dict[str, Spread]:
    """How verdicts spread, by model; of many comments, some that a hash of keys draws.

    Not every so manieth: sites that take turns would have all of theirs or none.
    """
    drawn = HASHES * MOST_LOOKED_AT // max(volume, MOST_LOOKED_AT)
    scores: dict[str, Counter[int]] = {}
    fates: dict[str, Counter[Fate]] = {}
    for row in connection.execute(SPREADS, {**values, "drawn": drawn}):
        read = None if row.scores is None else json.loads(row.scores)
        scores.setdefault(row.model, Counter())[bin_of(read)] += 1
        fate = Fate.FLAG if row.flagged else Fate(row.outcome)
        fates.setdefault(row.model, Counter())[fate] += 1
    return {
        model: Spread(
            tuple(scores[model][i] for i in range(BINS)),
            tuple(fates[model][fate] for fate in FATES),
        )
        for model in scores
    }


def _articles(connection: Connection, values: Mapping[str, Any]) -> dict[str, Heat]:
    rows = connection.execute(ARTICLES, values)
    return {row.article_id: Heat(row.title, row.flagged, row.rejected) for row in rows}


def _made_by_people(
    connection: Connection, values: Mapping[str, Any], stretch: Stretch
) -> Iterator[tuple[int, Fact]]:
    """What people decided on that day, with the comment's key."""
    rows = connection.execute(LOGS, values)
    for key, log in groupby(rows, lambda row: int(row.comment_key)):
        for fact in facts([entry_of(row) for row in log]):
            if stretch.start <= fact.entry.at < stretch.end:
                yield key, fact


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


# The sum keeps SQLite, which knows no better, from walking through all comments of a
# site by their index: 15 times as long as from the decisions of one day of sixty.
OF_SITES = (comments.c.site_id + 0).in_(bindparam("site_ids", expanding=True))
OF_DAY = and_(
    decisions.c.key >= bindparam("low"),
    decisions.c.key < bindparam("high"),
    decisions.c.decided_at >= bindparam("start", type_=decisions.c.decided_at.type),
    decisions.c.decided_at < bindparam("end", type_=decisions.c.decided_at.type),
)
HASHES = 10_007  # A prime, so that keys at equal distances are spread as well.
IS_DRAWN = (decisions.c.key % HASHES * 7_919) % HASHES < bindparam("drawn")
IS_AUTOMATIC = decisions.c.kind == Kind.AUTOMATIC.value
IS_REJECTION = and_(
    decisions.c.outcome == Outcome.REJECT.value, decisions.c.flagged.is_(False)
)
FLAGGED = func.sum(case((decisions.c.flagged, 1), else_=0)).label("flagged")
REJECTED = func.sum(case((IS_REJECTION, 1), else_=0)).label("rejected")
IS_SAMPLE = decisions.c.waiting == Waiting.SAMPLE.value
DRAWN = func.sum(case((IS_SAMPLE, 1), else_=0)).label("drawn")


def _of_sites(statement: Select[*Columns]) -> Select[*Columns]:
    return statement.join(comments, comments.c.key == decisions.c.comment_key).where(
        OF_SITES, OF_DAY
    )


# Built once: SQLAlchemy then finds their compiled form without walking them again.
VERDICTS = _of_sites(
    select(func.count().label("all"), FLAGGED, REJECTED, DRAWN).select_from(decisions)
).where(IS_AUTOMATIC)
SPREADS = _of_sites(
    select(
        decisions.c.model, decisions.c.outcome, decisions.c.flagged, decisions.c.scores
    ).select_from(decisions)
).where(IS_AUTOMATIC, IS_DRAWN)
ARTICLES = (
    _of_sites(
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
DECIDED_BY_PEOPLE = _of_sites(select(decisions.c.comment_key)).where(
    decisions.c.kind.in_([kind.value for kind in PEOPLE])
)
LOGS = (
    select(*COLUMNS)
    .where(decisions.c.comment_key.in_(DECIDED_BY_PEOPLE))
    .order_by(decisions.c.comment_key, decisions.c.number)
)
REJECTIONS = (
    _of_sites(
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
