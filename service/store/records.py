"""What the store returns, and how decisions are written in columns.  No SQL here."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from model.finding import Attribute, Rule, Source, Span
from service.compact import dumps
from service.domain import (
    Article,
    Author,
    Comment,
    Decision,
    Kind,
    Outcome,
    Reason,
    Thresholds,
    Verdict,
    Waiting,
    Word,
)
from service.store.policies import Terms, terms_of


@dataclass(frozen=True, slots=True)
class Site:
    """A news site and the policy in force there, whose terms are as in `Terms`."""

    id: int
    name: str
    policy_version: int
    thresholds: Mapping[Rule, Thresholds]
    flagged_until_decided: Outcome
    words: tuple[Word, ...] = ()
    allowed: tuple[str, ...] = ()
    notices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def terms(self) -> Terms:
        """What its policy says."""
        return Terms(
            self.thresholds,
            self.flagged_until_decided,
            self.words,
            self.allowed,
            self.notices,
        )

    @property
    def policy(self) -> str:
        """The name under which decisions cite it, such as `default@3`."""
        return f"{self.name}@{self.policy_version}"


@dataclass(frozen=True, slots=True)
class Submission:
    """A judged comment on its way into the log.

    `text_hash` comes from `Store.text_hash`.  With `alike` (of `service.alike`) the
    text is kept; without, only the verdict and the hash are stored.
    """

    comment: Comment
    text_hash: bytes
    verdict: Verdict
    alike: bytes | None

    @property
    def waiting(self) -> Waiting | None:
        """Why a person has to look at it, if one has.

        A text in which nothing is seen is kept for one reason only: it is a sample.
        """
        if self.verdict.flagged:
            return Waiting.FLAGGED
        is_clean = self.verdict.outcome is Outcome.ACCEPT
        return Waiting.SAMPLE if is_clean and self.alike else None


@dataclass(frozen=True, slots=True)
class Recorded:
    """The decision that holds for a comment, and the hash of the text it judged."""

    text_hash: bytes
    decision: Decision


@dataclass(frozen=True, slots=True)
class CommentRecord:
    """All that is stored of a comment.

    `texts` maps a revision to its text, where that was kept.  `decisions` are all of
    them, oldest first; the last one holds.
    """

    id: str
    revision: int
    texts: Mapping[int, str]
    author: Author | None
    article: Article | None
    parent_id: str | None
    language: str | None
    received_at: datetime
    decisions: tuple[Decision, ...]

    @property
    def text(self) -> str | None:
        """The present revision's text; None where it was not kept."""
        return self.texts.get(self.revision)


def site_of(row: Row[Any]) -> Site:
    """Build the site from its row joined with its policy's."""
    terms = terms_of(row)
    return Site(
        row.id,
        row.name,
        row.policy_version,
        terms.thresholds,
        terms.flagged_until_decided,
        terms.words,
        terms.allowed,
        terms.notices,
    )


def comment_columns(comment: Comment) -> dict[str, Any]:
    """Spread out what a comment says of itself, except its id and text."""
    author, article = comment.author, comment.article
    return {
        "author_id": author.id if author else None,
        "author_name": author.name if author else None,
        "article_id": article.id if article else None,
        "article_url": article.url if article else None,
        "article_title": article.title if article else None,
        "parent_id": comment.parent_id,
        "language": comment.language,
    }


def author_of(row: Row[Any]) -> Author | None:
    """Build the author from a row of `comments`."""
    return None if row.author_id is None else Author(row.author_id, row.author_name)


def article_of(row: Row[Any]) -> Article | None:
    """Build the article from a row of `comments`."""
    if row.article_id is None:
        return None
    return Article(row.article_id, row.article_url, row.article_title)


def decision_columns(decision: Decision) -> dict[str, Any]:
    """Spread a decision over the columns of `decisions`, except its comment's key."""
    verdict = decision.verdict
    return {
        "revision": decision.revision,
        "outcome": verdict.outcome.value,
        "flagged": verdict.flagged,
        "reasons": _reasons_json(verdict.reasons) if verdict.reasons else "[]",
        "scores": None if verdict.scores is None else dumps(verdict.scores),
        "notice": verdict.notice,
        "model": verdict.model,
        "policy": verdict.policy,
        "decided_by": decision.decided_by,
        "decided_at": decision.decided_at,
        "kind": decision.kind.value,
        "rule": decision.rule and decision.rule.value,
        "note": decision.note,
    }


def decision_of(row: Row[Any]) -> Decision:
    """Build the decision that `decision_columns` spread; equal to the original."""
    verdict = Verdict(
        outcome=Outcome(row.outcome),
        flagged=row.flagged,
        reasons=tuple(_reason_of(item) for item in json.loads(row.reasons)),
        scores=None if row.scores is None else _scores_of(row.scores),
        notice=row.notice,
        model=row.model,
        policy=row.policy,
    )
    return Decision(
        verdict,
        row.decided_by,
        row.decided_at,
        row.revision,
        Kind(row.kind),
        None if row.rule is None else Rule(row.rule),
        row.note,
    )


def storable(text: str | None) -> str | None:
    """The same text, of the same length; PostgreSQL stores no NUL."""
    return text and text.replace("\0", "\ufffd")


def _reasons_json(reasons: Iterable[Reason]) -> str:
    return dumps([_reason_json(reason) for reason in reasons])


def _reason_json(reason: Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "attribute": reason.attribute,
        "source": reason.source,
        "score": reason.score,
        "threshold": reason.threshold,
        "spans": [[span.start, span.end] for span in reason.spans],
        "message": reason.message,
    } | ({"detail": reason.detail} if reason.detail else {})


def _reason_of(item: Mapping[str, Any]) -> Reason:
    rule, attribute = item["rule"], item["attribute"]
    return Reason(
        rule=None if rule is None else Rule(rule),
        attribute=None if attribute is None else Attribute(attribute),
        source=Source(item["source"]),
        score=item["score"],
        threshold=item["threshold"],
        spans=_spans_of(item["spans"]),
        message=item["message"],
        detail=item.get("detail", ""),
    )


def _spans_of(pairs: Iterable[list[int]]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in pairs)


def _scores_of(text: str) -> dict[Attribute, float]:
    return {Attribute(name): score for name, score in json.loads(text).items()}
