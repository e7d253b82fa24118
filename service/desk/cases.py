"""A comment's own page: everything that is known of it, and deciding anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from service.desk.cards import show
from service.desk.differences import differences
from service.desk.listing import WORDS
from service.desk.marking import mark_up
from service.desk.paths import path
from service.desk.session import moderators, signed_in
from service.desk.undoing import undoable
from service.domain import Kind
from service.errors import UnknownComment
from service.services import services
from service.store.cases import RECORDED, Case
from service.store.records import Site

COMPARED = 10
"""The newest revisions, each compared with the one before; older ones are left out."""

bp = Blueprint("cases", __name__)


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision's text, with what changed since the one before."""

    number: int
    html: Markup | None
    said: str


@bp.get("/<site>/comments/<comment_id:comment_id>")
@moderators
def page(site: Site, comment_id: str) -> ResponseReturnValue:
    """Show a comment, its history, revisions, appeals and reports."""
    desk, by, now = services().review.desk, signed_in().name, datetime.now(UTC)
    case = desk.case(site.id, comment_id, by=by, now=now)
    if case is None:
        raise UnknownComment("This site has no comment of this id.")
    # Opening the page is looking, with or without the script.
    desk.look(site.id, comment_id, by=by, now=now)
    return render_template(
        "desk/comment.html",
        **WORDS,
        AUTOMATIC=Kind.AUTOMATIC,
        case=case,
        shown=show(case.card),
        reports_said=_reports_said(case),
        revisions=revisions(case.texts, case.card.revision),
        site=site,
        now=now,
        back=path(site.name, "comments", comment_id),
        undo=undoable(site, now),
    )


def _reports_said(case: Case) -> str:
    """How many reports there are besides those shown; empty if these are all."""
    shown, in_all = len(case.reports), case.reports_in_all
    if in_all <= shown:
        return ""
    more = " or more" if in_all >= RECORDED else ""
    return f"The newest {shown} of {in_all:,}{more}."


def revisions(texts: Mapping[int, str], last: int) -> list[Revision]:
    """The newest revisions, newest first; none of a comment that was never changed."""
    if last == 1:
        return []
    numbers = range(last, max(last - COMPARED, 0), -1)
    return [_revision(texts, number) for number in numbers]


def _revision(texts: Mapping[int, str], number: int) -> Revision:
    new, old = texts.get(number), texts.get(number - 1)
    if new is None:
        return Revision(number, None, "")
    if number == 1:
        return Revision(number, mark_up(new), "As it was first sent.")
    if old is None:
        return Revision(number, mark_up(new), "The text before was not kept.")
    compared = f"Compared with revision {number - 1}."
    return Revision(number, differences(old, new), compared)
