"""From domain values to JSON, in the shapes of `service.api.shapes`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import accumulate
from pathlib import PurePath
from typing import Any

from model.finding import Span
from service.api.shapes import (
    ArticleAnswer,
    AuthorAnswer,
    CommentAnswer,
    DecisionAnswer,
    ModelAnswer,
    PolicyAnswer,
    ReasonAnswer,
    SpanAnswer,
    VerdictAnswer,
)
from service.domain import Article, Author, Decision, Reason
from service.policy import Policy
from service.store.records import CommentRecord

PATH_KEYS = frozenset({"path", "paths", "folder", "file", "files"})


def decision_answer(
    comment_id: str | None,
    text: str,
    decision: Decision,
    *,
    appeal_url: str | None = None,
    utf16: bool = False,
) -> DecisionAnswer:
    """The design's answer about one comment; `utf16` counts as JavaScript does."""
    return {
        "id": comment_id,
        **_verdict(decision, text, utf16),
        "appeal_url": appeal_url,
    }


def comment_answer(
    record: CommentRecord, *, appeal_url: str | None = None, utf16: bool = False
) -> CommentAnswer:
    """Everything that is stored of a comment."""
    last = record.decisions[-1]
    return {
        "id": record.id,
        **_verdict(last, record.texts.get(last.revision), utf16),
        "appeal_url": appeal_url,
        "text": record.text,
        "revision": record.revision,
        "author": _author(record.author),
        "article": _article(record.article),
        "parent_id": record.parent_id,
        "language": record.language,
        "received_at": record.received_at.isoformat(),
        "history": [
            {
                **_verdict(decision, record.texts.get(decision.revision), utf16),
                "number": number,
                "revision": decision.revision,
                "kind": decision.kind,
                "rule": decision.rule,
                "decided_at": decision.decided_at.isoformat(),
            }
            for number, decision in enumerate(record.decisions, start=1)
        ],
    }


def reasons_answer(
    reasons: Iterable[Reason], text: str | None, *, utf16: bool = False
) -> list[ReasonAnswer]:
    """Reasons with the places they point to, and what stands there if that is known."""
    place = utf16_places(text or "") if utf16 else int
    return [
        {
            "rule": reason.rule,
            "attribute": reason.attribute,
            "source": reason.source,
            "score": reason.score,
            "threshold": reason.threshold,
            "spans": [_span(span, text, place) for span in reason.spans],
            "message": reason.message,
        }
        for reason in reasons
    ]


def policy_answer(policy: Policy, sentence: str) -> PolicyAnswer:
    """The thresholds in force on a site."""
    return {
        "policy": policy.name,
        "sentence": sentence,
        "rules": {
            rule: {"flag": limits.flag, "reject": limits.reject}
            for rule, limits in policy.thresholds.items()
        },
        "abstain": policy.abstain,
        "flagged_until_decided": policy.flagged_until_decided,
    }


def model_answer(version: str, card: Mapping[str, Any]) -> ModelAnswer:
    """The model's card, without anything that tells where files lie."""
    return {"model": version, "card": _without_paths(card)}


def utf16_places(text: str) -> Callable[[int], int]:
    """From code points to UTF-16 code units: one pass, whatever the number of spans."""
    if text.isascii():
        return int
    units = accumulate((1 + (character > "\uffff") for character in text), initial=0)
    return list(units).__getitem__


def _verdict(decision: Decision, text: str | None, utf16: bool) -> VerdictAnswer:
    verdict = decision.verdict
    scores: Any = verdict.scores  # Its keys are the attributes' names.
    return {
        "decision": verdict.outcome,
        "flagged": verdict.flagged,
        "decided_by": decision.decided_by,
        "reasons": reasons_answer(verdict.reasons, text, utf16=utf16),
        "scores": scores,
        "notice": verdict.notice,
        "model": verdict.model,
        "policy": verdict.policy,
    }


def _span(span: Span, text: str | None, place: Callable[[int], int]) -> SpanAnswer:
    return {
        "start": place(span.start),
        "end": place(span.end),
        "text": None if text is None else text[span.start : span.end],
    }


def _author(author: Author | None) -> AuthorAnswer | None:
    return {"id": author.id, "name": author.name} if author else None


def _article(article: Article | None) -> ArticleAnswer | None:
    if article is None:
        return None
    return {"id": article.id, "url": article.url, "title": article.title}


def _without_paths(card: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what names a file, be it by its key or by its form."""
    return {
        key: _without_paths(value) if isinstance(value, Mapping) else value
        for key, value in card.items()
        if key not in PATH_KEYS and not _is_path(value)
    }


def _is_path(value: object) -> bool:
    return isinstance(value, str) and PurePath(value).is_absolute()
