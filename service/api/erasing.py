"""Erasing, /v1: a comment, or all that an author wrote, at the request of the site."""

from __future__ import annotations

from flask import Blueprint, Flask, Response

from service.api.feedback_shapes import ErasedAnswer
from service.api.parsing import is_id
from service.api.routes import answer, opened
from service.domain import Kind
from service.errors import UnknownAuthor, UnknownComment
from service.store.erasing import Erased

BY = Kind.SITE.value
"""Who is said to have erased it."""

bp = Blueprint("erasing", __name__, url_prefix="/v1")


def register(app: Flask) -> None:
    """Add these routes to an app, after those of `service.api.routes`."""
    app.register_blueprint(bp)


@bp.delete("/comments/<whole_id:comment_id>")
def comment(comment_id: str) -> Response:
    """Erase a comment; asked once more, it finds nothing left to erase."""
    parts, site = opened()
    if not is_id(comment_id):
        raise UnknownComment("No comment can have this id.")
    return answer(shown(parts.erasure.comment(site.id, comment_id, by=BY)))


@bp.delete("/authors/<comment_id:id>")
def author(id: str) -> Response:
    """Erase all that an author wrote and what they complained of."""
    parts, site = opened()
    if not is_id(id):
        raise UnknownAuthor("No author can have this id.")
    return answer(shown(parts.erasure.author(site.id, id, by=BY)))


def shown(erased: Erased) -> ErasedAnswer:
    """What was erased, in numbers."""
    return {
        "comments": erased.comments,
        "texts": erased.texts,
        "reports": erased.reports,
        "appeals": erased.appeals,
        "models": sorted(erased.versions),
    }
