"""What moderators ask of the store and are shown, as frozen values.  No SQL here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from model.finding import Rule, Source
from service.domain import Article, Author, Decision, Waiting

COUNTED = 10_000
"""Up to how many matching comments are counted; there may be more."""
RECORDED = 1_000
"""Up to how many are counted that are like a comment, or of the same author."""

REPORTS = 100
"""Up to how many of a comment's reports are shown, the newest."""


class Order(StrEnum):
    """Which comments of a queue come first, by how long they have waited."""

    NEWEST = "newest"
    OLDEST = "oldest"


@dataclass(frozen=True, slots=True)
class Filters:
    """Which comments of a list are wanted; None asks for all.

    `rule`, `source` and the score from `least` to `most` (in [0, 1], ends included) are
    those of the strongest automatic reason.  `article` and `author` are the site's ids.
    `words` stand in the text as they are, in whatever case.
    """

    waiting: Waiting | None = None
    rule: Rule | None = None
    source: Source | None = None
    article: str | None = None
    author: str | None = None
    language: str | None = None
    least: float | None = None
    most: float | None = None
    words: str | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """A reader's objection to a decision; `answer` is the decision that answered it."""

    key: int
    decision: int
    answer: int | None
    words: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Report:
    """A reader's complaint about one revision of a comment."""

    reporter: str | None
    words: str | None
    created_at: datetime
    revision: int


@dataclass(frozen=True, slots=True)
class AuthorRecord:
    """How an author's comments on this site stand now, each up to RECORDED."""

    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True)
class Look:
    """Who has a comment open just now, and until when that is taken to be so."""

    moderator: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """A comment as moderators see it in a list.

    `decision` is the one that holds and `number` its place in the log; `automatic` is
    the one of the present revision that no person made, with reasons, spans and scores.
    `text` and `parent_text` are None where they were not kept.  `like_it` counts the
    others that would be decided with it, up to RECORDED.  `reports` counts those of the
    present revision.  `appeal` is one to be answered.  `look` is somebody else's.
    """

    key: int
    id: str
    revision: int
    number: int
    decision: Decision
    automatic: Decision
    waiting: Waiting | None
    waiting_since: datetime | None
    text: str | None
    parent_text: str | None
    author: Author | None
    article: Article | None
    parent_id: str | None
    language: str | None
    received_at: datetime
    like_it: int
    reports: int
    appeal: Appeal | None
    author_record: AuthorRecord | None
    look: Look | None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list.

    `after` asks for the next part; None if there is none.  `total` counts all that
    match, up to COUNTED; near-identical ones, of which one is shown, each count.
    """

    cards: tuple[Card, ...]
    after: str | None
    total: int


@dataclass(frozen=True, slots=True)
class Case:
    """All that is known of one comment.

    `decisions` are all, oldest first, so that the one at index 0 has number 1; the last
    one holds.  `texts` maps a revision to its text, where that was kept.  `reports` are
    the newest, up to REPORTS, and `reports_in_all` counts all of them, up to RECORDED;
    neither where they were not asked for.
    """

    card: Card
    decisions: tuple[Decision, ...]
    texts: Mapping[int, str]
    appeals: tuple[Appeal, ...]
    reports: tuple[Report, ...] = ()
    reports_in_all: int = 0
