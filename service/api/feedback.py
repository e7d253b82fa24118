"""What comes back about a comment, /v1: complaints, appeals, the site's own decisions.

And what a rejection rests on, as a statement of reasons.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, request

from service.api.feedback_parsing import parse_appeal, parse_decision, parse_report
from service.api.feedback_shapes import AppealedAnswer, DecidedAnswer, ReportedAnswer
from service.api.parsing import is_id
from service.api.reading import read_json
from service.api.routes import answer, counts_utf16, opened
from service.domain import Comment, Kind, Outcome
from service.errors import NotPossible, UnknownComment
from service.reader.statements import statement as state
from service.reader.visits import NOBODY
from service.services import Services
from service.store.records import Site

bp = Blueprint("feedback", __name__, url_prefix="/v1/comments")


def register(app: Flask) -> None:
    """Add these routes to an app, after those of `service.api.routes`."""
    app.register_blueprint(bp)


@bp.post("/<comment_id:comment_id>/report")
def report(comment_id: str) -> Response:
    """Take down a reader's complaint; what was accepted then waits for a moderator."""
    parts, site, body = _sent(comment_id)
    limit = parts.settings.max_text
    parsed, comment = parse_report(body, comment_id, max_text=limit)
    outcome = _known(parts, site, comment_id, comment)
    parts.review.report(
        site, comment_id, reporter=parsed.reporter, words=parsed.words, comment=comment
    )
    shown: ReportedAnswer = {"id": comment_id, "decision": outcome}
    return answer(shown)


@bp.post("/<comment_id:comment_id>/appeal")
def appeal(comment_id: str) -> Response:
    """Take down a reader's objection, which then waits for a moderator."""
    parts, site, body = _sent(comment_id)
    parsed = parse_appeal(body)
    made = parts.review.appeal(
        site, comment_id, decision=parsed.decision, words=parsed.words
    )
    shown: AppealedAnswer = {
        "id": comment_id,
        "number": made.decision,
        "created_at": made.created_at.isoformat(),
    }
    return answer(shown)


@bp.post("/<comment_id:comment_id>/decision")
def decision(comment_id: str) -> Response:
    """Enter a decision that was made in the site's own system; it holds at once."""
    parts, site, body = _sent(comment_id)
    parsed = parse_decision(body)
    made = parts.review.decide_by_site(
        site,
        comment_id,
        parsed.decision,
        rule=parsed.rule,
        note=parsed.note,
        by=parsed.by,
    )
    shown: DecidedAnswer = {
        "id": comment_id,
        "decision": made.outcome,
        "number": made.number,
        "kind": Kind.SITE,
    }
    return answer(shown)


@bp.get("/<comment_id:comment_id>/statement")
def statement(comment_id: str) -> Response:
    """State the reasons of the rejection that stands."""
    parts, site = opened()
    utf16, now = counts_utf16(), datetime.now(UTC)
    desk = parts.review.desk
    case = desk.case(site.id, comment_id, by=NOBODY, now=now, with_reports=False)
    if case is None:
        raise UnknownComment("This site has no comment of this id.")
    url = parts.links.appeal(site.id, comment_id, case.decisions[-1])
    reported = desk.first_reports(case.card.key)
    return answer(
        state(case, first_reports=reported, appeal_url=url, now=now, utf16=utf16)
    )


def _sent(comment_id: str) -> tuple[Services, Site, bytes]:
    """The parts of the app, the site whose key was sent, and the body.

    Raises:
        NotAuthenticated: no key, or one that opens nothing.
        UnknownComment: no comment can have this id.
    """
    parts, site = opened()
    if not is_id(comment_id):
        raise UnknownComment("No comment can have this id.")
    return parts, site, read_json(request.environ, parts.settings.max_body)


def _known(
    parts: Services, site: Site, comment_id: str, comment: Comment | None
) -> Outcome:
    """What holds for a comment that is complained of, judged if that is to be done.

    Raises:
        UnknownComment: the site never sent it, nor does it now.
        NotPossible: a moderator would have nothing to read.
    """
    if comment is not None:
        return parts.moderation.moderate(site, comment).verdict.outcome
    record = parts.moderation.find(site, comment_id)
    if record.text is None:
        raise NotPossible("Its text is not kept: send it along in `comment`.")
    return record.decisions[-1].verdict.outcome
