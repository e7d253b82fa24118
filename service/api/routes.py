"""The JSON API for sites, /v1: parse, call one use case, answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from wsgiref.types import WSGIEnvironment

from flask import Blueprint, Flask, Response, request
from werkzeug.routing import BaseConverter

from service.api.answers import (
    comment_answer,
    decision_answer,
    model_answer,
    policy_answer,
)
from service.api.parsing import OFFSETS, is_id, parse_batch, parse_comment
from service.api.problems import of_error
from service.api.reading import read_json
from service.auth import authenticate, bearer_hash
from service.compact import dumps
from service.domain import Comment
from service.errors import InvalidInput, UnknownComment
from service.limiting.admission import admit
from service.services import Services, services
from service.store.records import Site
from service.wording import SITE_RULE

JSON = "application/json"
MODERATE = "/v1/moderate"
FAILED = "refrain.failed"
"""Where in the environment the error is that a request has met before it came here."""

bp = Blueprint("api", __name__, url_prefix="/v1")


class CommentId(BaseConverter):
    """An id in a path: anything, slashes too, for ids are the site's own."""

    regex = ".+"
    part_isolating = False


class WholeId(CommentId):
    """An id at the end of a path, where those of `service.api.feedback` end otherwise.

    Without this, every method but theirs would seem to be asked of another comment.
    """

    regex = r".+(?<!/report)(?<!/appeal)(?<!/decision)(?<!/statement)"


def register(app: Flask) -> None:
    """Add the API to an app."""
    app.url_map.converters |= {"comment_id": CommentId, "whole_id": WholeId}
    # Sites' ids may hold two slashes; a redirect would turn them into one.
    app.url_map.merge_slashes = False
    app.register_blueprint(bp)


@bp.post("/moderate")
def moderate() -> Response:
    """Judge a comment; with an id the decision is stored before it is answered."""
    if FAILED in request.environ:
        raise request.environ[FAILED]
    body = judged(services(), request.environ, counts_utf16)
    return Response(body, content_type=JSON)


def judged(
    parts: Services, environ: WSGIEnvironment, utf16: Callable[[], bool]
) -> bytes:
    """The whole of `moderate` without Flask, for `service.api.express` too.

    `utf16` says how to count, and may raise, once the key has been found good.
    """
    site = site_of_bearer(parts, environ)
    limits, in_utf16 = parts.settings, utf16()
    comment = parse_comment(
        read_json(environ, limits.max_body), max_text=limits.max_text
    )
    decision = parts.moderation.moderate(site, comment)
    parts.metrics.verdict(decision.verdict)
    shown = decision_answer(
        comment.id,
        comment.text,
        decision,
        appeal_url=parts.links.appeal(site.id, comment.id, decision),
        utf16=in_utf16,
    )
    return dumps(shown).encode()


@bp.post("/moderate/batch")
def moderate_batch() -> Response:
    """Judge several comments; what is wrong with one does not touch the others."""
    parts, site = opened()
    limits, utf16 = parts.settings, counts_utf16()
    parsed = parse_batch(
        read_json(request.environ, limits.max_batch_body),
        max_text=limits.max_text,
        max_comments=limits.max_batch,
    )
    comments = [one for one in parsed if isinstance(one, Comment)]
    decisions = iter(parts.moderation.moderate_many(site, comments))
    results: list[Any] = []
    for one in parsed:
        if isinstance(one, InvalidInput):
            results.append(of_error(one))
            continue
        decision = next(decisions)
        parts.metrics.verdict(decision.verdict)
        url = parts.links.appeal(site.id, one.id, decision)
        results.append(
            decision_answer(one.id, one.text, decision, appeal_url=url, utf16=utf16)
        )
    return answer({"results": results})


@bp.get("/comments/<whole_id:comment_id>")
def comment(comment_id: str) -> Response:
    """Tell what is stored of a comment: the decision that holds, and its history."""
    parts, site = opened()
    utf16 = counts_utf16()
    if not is_id(comment_id):
        raise UnknownComment("No comment can have this id.")
    record = parts.moderation.find(site, comment_id)
    url = parts.links.appeal(site.id, record.id, record.decisions[-1])
    return answer(comment_answer(record, appeal_url=url, utf16=utf16))


@bp.get("/policy")
def policy() -> Response:
    """Tell the thresholds in force on the key's site."""
    parts, site = opened()
    return answer(policy_answer(parts.moderation.policy(site), SITE_RULE))


@bp.get("/model")
def model() -> Response:
    """Show the card of the model that judges."""
    parts, _ = opened()
    bench = parts.moderation.bench
    return answer(model_answer(bench.version, bench.card))


def opened() -> tuple[Services, Site]:
    """The parts of the app and the site whose key was sent.

    Raises:
        NotAuthenticated: no key, or one that opens nothing.
        TooManyRequests: it has sent as many as it may.
    """
    parts = services()
    return parts, site_of_bearer(parts, request.environ)


def site_of_bearer(parts: Services, environ: WSGIEnvironment) -> Site:
    """The site whose key the `Authorization` header bears; the request is counted.

    Raises:
        NotAuthenticated: no key, or one that opens nothing.
        TooManyRequests: it has sent as many as it may.
    """
    bearer = bearer_hash(environ.get("HTTP_AUTHORIZATION"))
    site = authenticate(parts.store, bearer)
    admit(parts.limiter, environ, bearer)
    return site


def counts_utf16() -> bool:
    """Whether positions are wanted in UTF-16 code units.

    Raises:
        InvalidInput: a query parameter is unknown, repeated or has no known value.
    """
    if not request.query_string:
        return False
    for name, values in request.args.lists():
        if name != "offsets":
            raise InvalidInput(f"?{name[:100]}", "is not a known parameter")
        if len(values) > 1 or values[0] not in OFFSETS:
            raise InvalidInput("?offsets", f"must be one of {', '.join(OFFSETS)}")
    return request.args.get("offsets") == "utf16"


def answer(value: object) -> Response:
    """Answer 200 with a value as JSON."""
    return Response(dumps(value), content_type=JSON)
