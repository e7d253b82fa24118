"""The page of one rejected comment, for its reader: why, and how to object.

Opened by a signed link, in the comment's language; works without scripts and cookies.
The token in the path is a secret of the reader's, so it also proves who sends a form.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import (
    Blueprint,
    Flask,
    Response,
    make_response,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge

from service.api import hooks
from service.api.feedback_parsing import MAX_WORDS
from service.api.parsing import is_blank
from service.desk.marking import mark_up, marks_of, quotes, visible
from service.domain import Decision
from service.errors import NotPossible, StoreUnavailable, UnknownComment
from service.notices import (
    ENGLISH,
    LANGUAGES,
    SPOKEN,
    Clause,
    clause_of,
    language_of,
    notice_for,
)
from service.reader.grounds import clauses_of, is_automatic, relied_on
from service.reader.links import PATH
from service.reader.visits import State, Visit
from service.reader.wording import PAGES
from service.services import services

MAX_FORM = 64 * 1024
"""Longest form, in bytes; MAX_WORDS characters take 24,000 at most."""
SHOWN = 20_000
"""Longest words that are given back to be made shorter, in characters."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    # Who has the address has the key: it goes to no other server and in no index.
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}

bp = Blueprint("reader", __name__, url_prefix=PATH.rstrip("/"))


def register(app: Flask) -> None:
    """Add the page to an app."""
    app.register_blueprint(bp)


@bp.get("/<token>")
def show(token: str) -> Response:
    """Show what has become of the decision that the link is about."""
    visit = services().visits.look(token)
    is_over = visit.state is State.OVER
    return _page(visit, HTTPStatus.GONE if is_over else HTTPStatus.OK)


@bp.post("/<token>")
def appeal(token: str) -> Response:
    """Take the reader's objection, and lead back to the page."""
    visits, words = services().visits, _words()
    visit = visits.look(token)
    if visit.state is State.OPEN and (fault := _fault(words, _language(visit))):
        return _page(visit, HTTPStatus.UNPROCESSABLE_ENTITY, words, fault)
    try:
        visits.appeal(token, words)
    except NotPossible:  # Heard before, or decided by somebody since the page came.
        return _page(visits.look(token), HTTPStatus.CONFLICT)
    back = url_for("reader.show", token=token)
    return make_response("", HTTPStatus.SEE_OTHER, {"Location": back})


@bp.after_request
def _finish(response: Response) -> Response:
    response.headers.update(HEADERS)
    return response


@bp.errorhandler(UnknownComment)
def _unknown(error: UnknownComment) -> Response:
    """Answer a link that is not ours or whose comment is gone, and not which."""
    said = PAGES[_preferred()]
    return _closed(_preferred(), said.broken, [said.broken_more], HTTPStatus.NOT_FOUND)


@bp.errorhandler(StoreUnavailable)
def _unavailable(error: StoreUnavailable) -> Response:
    """Ask the reader to come again; counted and logged as everywhere."""
    said, status = PAGES[_preferred()], HTTPStatus.SERVICE_UNAVAILABLE
    response = _closed(_preferred(), said.failed, [said.failed_more], status)
    response.headers["Retry-After"] = hooks.refuse(error).headers["Retry-After"]
    return response


def _words() -> str:
    """What the reader wrote; of a form that is too large, something too long."""
    request.max_content_length = request.max_form_memory_size = MAX_FORM
    try:
        words = request.form.get("words", "")
    except RequestEntityTooLarge:
        return "?" * (SHOWN + 1)
    # Browsers send two characters for each line break.
    return words.replace("\r\n", "\n")


def _fault(words: str, language: str) -> str | None:
    said = PAGES[language]
    if len(words) > MAX_WORDS:
        return said.long.format(limit=f"{MAX_WORDS:,}")
    return said.blank if is_blank(words) else None


def _page(
    visit: Visit, status: HTTPStatus, words: str = "", fault: str | None = None
) -> Response:
    language = _language(visit)
    if visit.state is not State.OPEN:
        title, lines = _outcome(visit, language)
        is_heard = visit.state is State.HEARD
        theirs = visit.appeal.words if is_heard and visit.appeal else None
        return _closed(language, title, lines, status, theirs)
    decision, card = visit.decision, visit.case.card
    text = visit.case.texts.get(decision.revision)
    reasons = relied_on(decision)
    html = render_template(
        "reader.html",
        language=language,
        said=PAGES[language],
        explanation=_explanation(decision, language),
        card=card,
        text=None if text is None else mark_up(text, marks_of(reasons)),
        whys=_whys(decision, text, language),
        has_places=any(reason.spans for reason in reasons),
        title=visible(card.article.title or "", 200) if card.article else "",
        decision=decision,
        is_automatic=is_automatic(decision),
        until=PAGES[language].moment(visit.link.until),
        limit=f"{MAX_WORDS:,}",
        words=words if len(words) <= SHOWN else "",
        fault=fault,
    )
    return make_response(html, status)


def _closed(
    language: str,
    title: str,
    lines: list[str],
    status: HTTPStatus,
    words: str | None = None,
) -> Response:
    """A page on which nothing is left to do."""
    html = render_template(
        "reader_done.html",
        language=language,
        said=PAGES[language],
        title=title,
        lines=lines,
        words=words and mark_up(words),
    )
    return make_response(html, status)


def _outcome(visit: Visit, language: str) -> tuple[str, list[str]]:
    """What is said of a decision that cannot be appealed: title and paragraphs."""
    said, until = PAGES[language], PAGES[language].moment(visit.link.until)
    if visit.state is State.OVER:
        return said.over, [said.over_more.format(until=until)]
    if visit.state is State.HEARD:
        return said.heard, [said.heard_more.format(until=until)]
    is_answered = visit.appeal is not None and visit.appeal.answer is not None
    title = said.answered if is_answered else said.changed
    if visit.is_accepted:
        return title, [said.accepted_now]
    return title, [said.rejected_now, _explanation(visit.holds, language)]


def _explanation(decision: Decision, language: str) -> str:
    """What the site was given to tell the reader."""
    return decision.verdict.notice or notice_for(clauses_of(decision), language)


def _whys(
    decision: Decision, text: str | None, language: str
) -> list[tuple[str, list[Markup]]]:
    """The clauses that were broken, each with the passages that broke it."""
    found: dict[Clause, list[Markup]] = {clause: [] for clause in clauses_of(decision)}
    for reason in relied_on(decision):
        clause = clause_of(reason.rule, reason.source)
        if text is not None and clause:
            found[clause] += quotes(text, reason)
    phrases = SPOKEN[language].clauses
    return [(phrases[clause], _whole(places)) for clause, places in found.items()]


def _whole(places: list[Markup]) -> list[Markup]:
    """Each passage once, and none that is part of another."""
    different = list(dict.fromkeys(places))
    return [
        place
        for place in different
        if not any(place != other and place in other for other in different)
    ]


def _language(visit: Visit) -> str:
    return language_of(visit.case.card.language)


def _preferred() -> str:
    """The reader's language as the browser says it, where no comment does."""
    wanted = (
        tag.partition("-")[0].lower() for tag in request.accept_languages.values()
    )
    return next((primary for primary in wanted if primary in LANGUAGES), ENGLISH)
