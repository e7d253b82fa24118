"""Which comments a list shows, and in what order, as conditions on their rows.

Runs nothing: `service.store.desk` does.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Row,
    ScalarSelect,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from service.domain import Kind, Outcome, Waiting
from service.errors import InvalidInput
from service.store.cases import Filters, Order
from service.store.schema import comments, decisions, texts

GROUPED = (Waiting.REPORTED, Waiting.FLAGGED, Waiting.SAMPLE)
"""What is decided as one with its like; the others are each for somebody special."""

OTHER = comments.alias("other")
"""A comment that is compared with one of `comments`."""

HEAD = 200
"""How many rows of a list are read to see what it is like."""
FLOOD = 20
"""How many copies of a text among these make a flood."""

_PLACE = re.compile(r"(\d{1,18})-(\d{1,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ends: at what time (in microseconds since 1970) and which key."""

    time: int
    key: int

    def __str__(self) -> str:
        return f"{self.time}-{self.key}"


def place_of(after: str | None) -> Place | None:
    """Read what `str` made of a place.

    Raises:
        InvalidInput: it made no such thing.
    """
    if after is None:
        return None
    found = _PLACE.fullmatch(after)
    if found is None:
        raise InvalidInput("?after", "No page of this list ends there.")
    return Place(int(found[1]), int(found[2]))


def waits(table: FromClause) -> ColumnElement[bool]:
    """Whether a comment is in the queue."""
    return table.c.waiting.is_not(None)


def is_grouped(table: FromClause) -> ColumnElement[bool]:
    """Whether a comment waits for something that is decided as one with its like."""
    kinds = [waiting.value for waiting in GROUPED]
    # The first condition says nothing new, but that an index of what waits will do.
    return waits(table) & table.c.waiting.in_(kinds)


def is_like(
    table: FromClause, site_id: ColumnElement[int], alike: ColumnElement[bytes]
) -> ColumnElement[bool]:
    """Whether a comment is decided as one with those that are alike.

    With the sum, which changes nothing, only the index that begins with `alike` will do
    for this: SQLite has no statistics, and might go through all of the site.
    """
    of_site = table.c.site_id + 0 == site_id
    return and_(of_site, table.c.alike == alike, is_grouped(table))


def is_kept(outcome: Outcome) -> ColumnElement[bool]:
    """Whether a comment's text is kept and its outcome this."""
    return comments.c.kept & (comments.c.outcome == outcome.value)


def matches(table: FromClause, filters: Filters) -> list[ColumnElement[bool]]:
    """What a comment has to meet, but for the site."""
    columns = table.c
    equal = {
        columns.waiting: filters.waiting and filters.waiting.value,
        columns.rule: filters.rule and filters.rule.value,
        columns.source: filters.source and filters.source.value,
        columns.article_id: filters.article,
        columns.author_id: filters.author,
        columns.language: filters.language,
    }
    met = [column == value for column, value in equal.items() if value is not None]
    if filters.least is not None:
        met.append(columns.score >= filters.least)
    if filters.most is not None:
        met.append(columns.score <= filters.most)
    if filters.words is not None:
        met.append(_says(table, filters.words))
    return met


def _says(table: FromClause, words: str) -> ColumnElement[bool]:
    """Whether the present text holds some words in their order, whatever the case.

    SQLite knows the case of ASCII letters only; so the usual ways to write others.
    """
    ways = {words}
    if not words.isascii():
        ways |= {words.lower(), words.upper(), words.title(), words.capitalize()}
    text = (
        select(texts.c.text)
        .where(texts.c.comment_key == table.c.key, texts.c.revision == table.c.revision)
        .correlate(table)
        .scalar_subquery()
    )
    if words.lower() == words.upper():
        return text.contains(words, autoescape=True)  # As most of India writes.
    return or_(*(text.icontains(way, autoescape=True) for way in sorted(ways)))


def is_for(by: str) -> ColumnElement[bool]:
    """Whether somebody may decide it: no second opinion where they gave the first."""
    own = (
        select(decisions.c.key)
        .where(
            decisions.c.comment_key == comments.c.key,
            decisions.c.revision == comments.c.revision,
            decisions.c.kind == Kind.REVIEW.value,
            decisions.c.decided_by == by,
        )
        .limit(1)
        .correlate(comments)
        .scalar_subquery()
    )
    # Not EXISTS, of which PostgreSQL makes a table of all that somebody ever decided.
    return (comments.c.waiting != Waiting.SECOND.value) | own.is_(None)


def is_first(site_id: int, filters: Filters, order: Order) -> ColumnElement[bool]:
    """Whether no near-identical comment that matches comes earlier in the order.

    Asks for the nearest such one.  Walking there passes only what does not match and
    lies between the two; so the walks from all of a group are as long as the group.
    """
    place = tuple_(OTHER.c.waiting_since, OTHER.c.key)
    here = tuple_(comments.c.waiting_since, comments.c.key)
    newest = order is Order.NEWEST
    earlier: ScalarSelect[Any] = (
        select(OTHER.c.key)
        .where(
            is_like(OTHER, literal(site_id), comments.c.alike),
            place > here if newest else place < here,
            *matches(OTHER, filters),
        )
        .order_by(*ordered(OTHER, Order.OLDEST if newest else Order.NEWEST))
        .limit(1)
        .correlate(comments)
        .scalar_subquery()
    )
    return or_(~is_grouped(comments), earlier.is_(None))


def is_no_flood(head: Sequence[Row[Any]]) -> ColumnElement[bool]:
    """Pass over copies of a text that floods the head of a list.

    `is_first` would be asked of each copy, at ten times the cost.  What is in the head
    is not passed over, and so neither is the first copy.
    """
    keys = [row.key for row in head]
    kinds = {waiting.value for waiting in GROUPED}
    alikes = [row.alike for row in head if row.alike and row.waiting in kinds]
    floods = [alike for alike, count in Counter(alikes).items() if count >= FLOOD]
    return or_(
        comments.c.alike.is_(None),
        comments.c.alike.not_in(floods),
        comments.c.key.in_(keys),
        ~is_grouped(comments),
    )


def ordered(table: FromClause, order: Order) -> tuple[ColumnElement[Any], ...]:
    """In order of waiting; of what came at once, in that of the keys."""
    since, key = table.c.waiting_since, table.c.key
    if order is Order.NEWEST:
        return since.desc(), key.desc()
    return since, key


def beyond(place: Place, order: Order) -> ColumnElement[bool]:
    """Whether a comment comes after a place in the order of waiting."""
    here = tuple_(comments.c.waiting_since, comments.c.key)
    there = tuple_(literal(place.time, BigInteger), literal(place.key, BigInteger))
    return here < there if order is Order.NEWEST else here > there


def up_to(limit: int, rows: Select[Any]) -> ScalarSelect[int]:
    """Count rows, but no further than a limit."""
    some = rows.limit(limit).subquery()
    return select(func.count()).select_from(some).scalar_subquery()
