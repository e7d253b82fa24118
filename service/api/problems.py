"""Problem documents (RFC 9457): the table of every kind, and their JSON.

Error handlers are in `service.api.hooks`; nothing here reads a request.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, Literal, NotRequired

from flask import Response
from pydantic import Field
from typing_extensions import TypedDict  # pydantic asks for it below Python 3.12

from service import errors

MEDIA_TYPE = "application/problem+json"
DOCS = "/docs"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem.  `slug` names it in `type` and on the documentation page."""

    slug: str
    status: HTTPStatus
    title: str
    advice: str

    @property
    def type(self) -> str:
        """A URI reference that identifies the kind and leads to its description."""
        return f"{DOCS}#{self.slug}"


KINDS: Mapping[type[errors.RefrainError], Kind] = {
    errors.MalformedBody: Kind(
        "malformed-body",
        HTTPStatus.BAD_REQUEST,
        "The body is no JSON",
        "Send one JSON value in UTF-8, without byte order mark, NaN or Infinity, and "
        "not nested deeper than 200 levels.",
    ),
    errors.InvalidInput: Kind(
        "invalid-input",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A field is wrong",
        "`errors` names every field by its JSON Pointer, and query parameters as "
        "`?name`. Nothing was judged or stored.",
    ),
    errors.DuplicateId: Kind(
        "duplicate-id",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "An id stands twice in the batch",
        "The first comment of the id was judged; this later one was not. Send it again "
        "if it is a new revision.",
    ),
    errors.NotAuthenticated: Kind(
        "not-authenticated",
        HTTPStatus.UNAUTHORIZED,
        "No valid API key",
        "Send `Authorization: Bearer` and an API key of your site. Keys are made by "
        "`flask create-key`.",
    ),
    errors.WrongSignature: Kind(
        "wrong-signature",
        HTTPStatus.UNAUTHORIZED,
        "No valid signature",
        "Add the secret that Coral signs with by `flask add-coral-secret`, and let no "
        "proxy change the body. Secrets that were just added count within 5 seconds.",
    ),
    errors.NotAllowed: Kind(
        "not-allowed",
        HTTPStatus.FORBIDDEN,
        "This account may not do that",
        "An editor may, or give the account the right.",
    ),
    errors.TooManyAttempts: Kind(
        "too-many-attempts",
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many attempts",
        "Wait for the time in `Retry-After`.",
    ),
    errors.TooManyRequests: Kind(
        "too-many-requests",
        HTTPStatus.TOO_MANY_REQUESTS,
        "The key has sent too many requests",
        "Nothing was judged or stored. Send it again after the time in `Retry-After`; "
        "`RateLimit` and `RateLimit-Policy` tell beforehand how many are left, and of "
        "how many.",
    ),
    errors.UnknownComment: Kind(
        "unknown-comment",
        HTTPStatus.NOT_FOUND,
        "No such comment",
        "Ids are the site's own, percent-encoded in the path. What was sent without an "
        "id is not stored.",
    ),
    errors.UnknownAuthor: Kind(
        "unknown-author",
        HTTPStatus.NOT_FOUND,
        "No such author",
        "Ids are the site's own, percent-encoded in the path, as they were sent in "
        "`author.id`. Of what was sent without, no author is known.",
    ),
    errors.StaleDecision: Kind(
        "stale-decision",
        HTTPStatus.CONFLICT,
        "Somebody else decided first",
        "Read the comment again and decide anew.",
    ),
    errors.StalePolicy: Kind(
        "stale-policy",
        HTTPStatus.CONFLICT,
        "The rules were changed in the meantime",
        "Look at the present version, and make the change to that one.",
    ),
    errors.NotPossible: Kind(
        "not-possible",
        HTTPStatus.CONFLICT,
        "The comment is in no state for that",
        "Only what was rejected can be appealed, and only once for each decision; what "
        "is complained of has to be there to be read. `detail` says what is missing.",
    ),
    errors.StoreUnavailable: Kind(
        "store-unavailable",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The database cannot be used just now",
        "Nothing was stored and no decision was made. Send the same request again "
        "after the time in `Retry-After`: ids make that safe.",
    ),
}
"""The one table from error to status, for every error that a request can meet."""

HTTP_KINDS: Mapping[int, Kind] = {
    400: Kind(
        "bad-request",
        HTTPStatus.BAD_REQUEST,
        "The request cannot be read",
        "It was cut short or is no proper HTTP.",
    ),
    404: Kind(
        "not-found",
        HTTPStatus.NOT_FOUND,
        "No such path",
        "Nothing is served here.",
    ),
    405: Kind(
        "method-not-allowed",
        HTTPStatus.METHOD_NOT_ALLOWED,
        "The path knows other methods",
        "`Allow` lists them.",
    ),
    413: Kind(
        "too-large",
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large",
        "The limits stand with each path. The body was not read.",
    ),
    415: Kind(
        "unsupported-media-type",
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body is not sent as JSON",
        "Send `Content-Type: application/json`, and no `Content-Encoding` that "
        "changes the body.",
    ),
    500: Kind(
        "internal-error",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "A fault of this service",
        "It has been logged. Nothing was accepted: treat the comment as undecided.",
    ),
    503: Kind(
        "not-ready",
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The service is not ready",
        "`checks` names what is missing.",
    ),
}


class FieldProblem(TypedDict):
    """What is wrong with one field."""

    pointer: Annotated[
        str,
        Field(
            description="JSON Pointer (RFC 6901) into the body; empty for all of it. "
            "`?name` for a query parameter."
        ),
    ]
    detail: str


class CheckAnswer(TypedDict):
    """How one check of what the service needs has ended."""

    name: Literal["database", "schema", "disk", "model", "follower"]
    status: Annotated[
        Literal["ok", "warning", "failed", "unknown"],
        Field(description="`failed` alone keeps the service from being ready."),
    ]
    detail: NotRequired[Annotated[str, Field(description="What is wrong.")]]


class Problem(TypedDict):
    """Problem details as in RFC 9457."""

    type: Annotated[str, Field(description="The kind, and where it is described.")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    errors: NotRequired[list[FieldProblem]]
    checks: NotRequired[list[CheckAnswer]]


def of_kind(kind: Kind, detail: str) -> Problem:
    """A problem of which no more can be said than a sentence."""
    return {
        "type": kind.type,
        "title": kind.title,
        "status": kind.status.value,
        "detail": detail,
    }


def of_error(error: errors.RefrainError) -> Problem:
    """The problem that a deliberate error is to the caller."""
    problem = of_kind(KINDS[type(error)], str(error))
    if isinstance(error, errors.InvalidInput):
        problem["errors"] = [
            {"pointer": pointer, "detail": detail} for pointer, detail in error.fields
        ]
    return problem


def of_status(status: int, detail: str) -> Problem:
    """The problem behind a status that HTTP itself, or Flask, asked for."""
    if kind := HTTP_KINDS.get(status):
        return of_kind(kind, detail)
    phrase = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": phrase, "status": status, "detail": detail}


def response(problem: Problem, headers: Mapping[str, Any] | None = None) -> Response:
    """Answer with a problem document."""
    return Response(
        json.dumps(problem),
        status=problem["status"],
        headers=headers,
        content_type=MEDIA_TYPE,
    )
