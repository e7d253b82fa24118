"""The table of operations: every route that sites and operators may rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from service.api.feedback_parsing import AppealInput, DecisionInput, ReportInput
from service.api.feedback_shapes import (
    AppealedAnswer,
    DecidedAnswer,
    ErasedAnswer,
    ReportedAnswer,
    StatementAnswer,
)
from service.api.paging import CURSOR, EVENTS, MAX_EVENTS
from service.api.parsing import MAX_ID, NO_CONTROL, OFFSETS, BatchInput, CommentInput
from service.api.problems import HTTP_KINDS, KINDS, Kind
from service.api.shapes import (
    AliveAnswer,
    BatchAnswer,
    CommentAnswer,
    DecisionAnswer,
    EventsAnswer,
    ModelAnswer,
    PolicyAnswer,
    ReadyAnswer,
)
from service.errors import (
    InvalidInput,
    MalformedBody,
    NotAuthenticated,
    NotPossible,
    StoreUnavailable,
    TooManyRequests,
    UnknownAuthor,
    UnknownComment,
)
from service.metrics import CONTENT_TYPE
from service.settings import Settings

INVALID = KINDS[InvalidInput]
MALFORMED = KINDS[MalformedBody]
NO_KEY = KINDS[NotAuthenticated]
NO_STORE = KINDS[StoreUnavailable]
TOO_MANY = KINDS[TooManyRequests]
NOT_POSSIBLE = KINDS[NotPossible]
UNKNOWN = KINDS[UnknownComment]
UNKNOWN_AUTHOR = KINDS[UnknownAuthor]
READING = (MALFORMED, HTTP_KINDS[400], HTTP_KINDS[413], HTTP_KINDS[415], INVALID)

OFFSETS_PARAMETER = {
    "name": "offsets",
    "in": "query",
    "description": "How `start` and `end` are counted: in Unicode code points, or in "
    "UTF-16 code units as JavaScript does.",
    "schema": {
        "type": "string",
        "enum": list(OFFSETS),
        "default": OFFSETS[0],
    },
}
AFTER_PARAMETER = {
    "name": "after",
    "in": "query",
    "description": "The cursor that was answered last time; without it, all from the "
    "first event on is read.",
    "schema": {"type": "string", "pattern": CURSOR},
}
LIMIT_PARAMETER = {
    "name": "limit",
    "in": "query",
    "description": "At most so many events.",
    "schema": {
        "type": "integer",
        "minimum": 1,
        "maximum": MAX_EVENTS,
        "default": EVENTS,
    },
}
COMMENT_ID = {
    "name": "id",
    "in": "path",
    "required": True,
    "description": "The site's own id, percent-encoded; it may hold slashes, but what "
    "ends in /report, /appeal, /decision or /statement is not found.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_ID,
        "pattern": NO_CONTROL,
    },
}

AUTHOR_ID = {
    **COMMENT_ID,
    "description": "The site's own id of the author, percent-encoded; it may hold "
    "slashes.",
    "example": "u-9",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the table of operations."""

    method: str
    path: str
    name: str
    summary: str
    answer: Any
    problems: tuple[Kind, ...] = ()
    parameters: tuple[Mapping[str, Any], ...] = ()
    body: Any = None
    limit: int = 0
    with_key: bool = True


def operations(settings: Settings) -> tuple[Operation, ...]:
    """Every operation that is documented."""
    keyed = (NO_KEY, TOO_MANY, NO_STORE)
    return (
        Operation(
            "post",
            "/v1/moderate",
            "moderate",
            "Judge a comment. With an id the decision is stored before it is answered; "
            "the same id and text get the decision that holds, the same id with "
            "another text is a new revision.",
            DecisionAnswer,
            (*READING, *keyed),
            (OFFSETS_PARAMETER,),
            CommentInput,
            settings.max_body,
        ),
        Operation(
            "post",
            "/v1/moderate/batch",
            "moderateBatch",
            f"Judge up to {settings.max_batch} comments; answers come in order. What "
            "is wrong with one comment stands in its place and does not touch the "
            "others. All that are stored are stored together.",
            BatchAnswer,
            (*READING, *keyed),
            (OFFSETS_PARAMETER,),
            BatchInput,
            settings.max_batch_body,
        ),
        Operation(
            "get",
            "/v1/comments/{id}",
            "getComment",
            "Look up a comment's decision and history.",
            CommentAnswer,
            (UNKNOWN, INVALID, *keyed),
            (COMMENT_ID, OFFSETS_PARAMETER),
        ),
        Operation(
            "delete",
            "/v1/comments/{id}",
            "eraseComment",
            "Erase a comment: its texts, what was said of it and who wrote it. Nothing "
            "is left but that it was decided. Sent again, it is a new comment.",
            ErasedAnswer,
            (UNKNOWN, *keyed),
            (COMMENT_ID,),
        ),
        Operation(
            "delete",
            "/v1/authors/{id}",
            "eraseAuthor",
            "Erase all comments of an author, and who and what they complained of.",
            ErasedAnswer,
            (UNKNOWN_AUTHOR, *keyed),
            (AUTHOR_ID,),
        ),
        Operation(
            "get",
            "/v1/decisions",
            "listDecisions",
            "Read what moderators, appeals and the site have decided, in order; the "
            "same events as webhooks tell. What can still be undone is not told yet.",
            EventsAnswer,
            (INVALID, *keyed),
            (AFTER_PARAMETER, LIMIT_PARAMETER),
        ),
        Operation(
            "get",
            "/v1/comments/{id}/statement",
            "getStatement",
            "State the reasons of the rejection that stands, as Article 17 of the EU "
            "Digital Services Act asks.",
            StatementAnswer,
            (UNKNOWN, NOT_POSSIBLE, INVALID, *keyed),
            (COMMENT_ID, OFFSETS_PARAMETER),
        ),
        Operation(
            "post",
            "/v1/comments/{id}/report",
            "reportComment",
            "Pass on a reader's complaint. What was accepted then waits for a "
            "moderator, and is kept until one has decided.",
            ReportedAnswer,
            (UNKNOWN, NOT_POSSIBLE, *READING, *keyed),
            (COMMENT_ID,),
            ReportInput,
            settings.max_body,
        ),
        Operation(
            "post",
            "/v1/comments/{id}/appeal",
            "appealComment",
            "Pass on a reader's objection to a rejection. It waits for a moderator, "
            "and the answer is an event.",
            AppealedAnswer,
            (UNKNOWN, NOT_POSSIBLE, *READING, *keyed),
            (COMMENT_ID,),
            AppealInput,
            settings.max_body,
        ),
        Operation(
            "post",
            "/v1/comments/{id}/decision",
            "decideComment",
            "Enter a decision that a person made in the site's own system. It holds at "
            "once and counts as training data.",
            DecidedAnswer,
            (UNKNOWN, *READING, *keyed),
            (COMMENT_ID,),
            DecisionInput,
            settings.max_body,
        ),
        Operation(
            "get",
            "/v1/policy",
            "getPolicy",
            "Show the policy in force on the key's site.",
            PolicyAnswer,
            keyed,
        ),
        Operation(
            "get",
            "/v1/model",
            "getModel",
            "Show the card of the model that judges.",
            ModelAnswer,
            keyed,
        ),
        Operation(
            "get",
            "/healthz",
            "isAlive",
            "Tell whether the process runs.",
            AliveAnswer,
            with_key=False,
        ),
        Operation(
            "get",
            "/readyz",
            "isReady",
            "Tell whether verdicts can be given, and what is missing.",
            ReadyAnswer,
            (HTTP_KINDS[503],),
            with_key=False,
        ),
        Operation(
            "get",
            "/metrics",
            "getMetrics",
            "Counts of all workers, for Prometheus.",
            CONTENT_TYPE,
            with_key=False,
        ),
        Operation(
            "get",
            "/openapi.json",
            "getDocument",
            "This document.",
            Mapping[str, Any],
            with_key=False,
        ),
        Operation(
            "get",
            "/docs",
            "getDocs",
            "The same for people.",
            "text/html; charset=utf-8",
            with_key=False,
        ),
    )
