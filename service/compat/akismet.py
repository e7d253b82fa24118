"""Akismet's API, versions 1.1 and 1.2, answered by this site's judge and policy.

A client of Akismet's needs another address and a key of the site.  Spam is not known
here: `true` says that the site's policy rejects or flags what the comment says, so that
it lands where people look at it, and `false` that it can be published.  Of all that
clients send, the content is judged, as it is and as the HTML that it may be; neither an
address nor a name is.

Nothing is stored of a comment that is only asked about.  What people submit as spam or
ham is a label: it is stored with its text, author and page.  Its id is the one that
`X-akismet-guid` has told.

Answers are plain text with status 200, also where a request is wrong: then they are
`invalid`, and `X-akismet-debug-help` says why.  Only where this service is at fault,
too much was sent, or there is no such path, the status says so as well: clients that
look at it would take an `invalid` for a wrong key, and those that do not look find no
verdict in the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from flask import Blueprint, Flask, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from service.api.parsing import MAX_TITLE, is_blank
from service.api.routes import answer
from service.auth import PREFIX
from service.compat import failing, usage
from service.compat.forms import EXPANSION, parse_form, read_form
from service.compat.keys import site_of
from service.compat.markup import without_tags
from service.compat.taught import article_at, made_id, teach
from service.domain import Author, Comment, Outcome, Verdict
from service.errors import InvalidInput, NotAuthenticated
from service.limiting.admission import admit, caller_of
from service.services import Services, services
from service.settings import Settings
from service.store.records import Site
from service.store.sites import Sites

NAME = "akismet"
"""Who has told of a decision, and what ids of comments begin with."""
VALID = "valid"
INVALID = "invalid"
SPAM = "true"
HAM = "false"
THANKS = "Thanks for making the web a better place."
"""Clients compare every letter of it."""

KEYS = ("api_key", "key")
CHARSET = "blog_charset"
SPAMMERS = frozenset({"viagra-test-123", "akismet-guaranteed-spam"})
SPAMMER_AT = "akismet-guaranteed-spam@example.com"
ALWAYS_HAM = "administrator"
"""With these authors and this role, integrations are tried out."""
IDENTITY = ("permalink", "comment_author", "comment_author_email", "comment_content")
"""What tells one comment from another."""
NO = frozenset({"", "0", "false"})
MAX_FORM = 1024 * 1024
ESCAPED = 12
"""Bytes of a form for a character of a text, at most."""
RESERVE = 64 * 1024
"""Bytes for all else that a form has."""

Fields = Mapping[str, str]

bp = Blueprint(NAME, __name__)


def register(app: Flask) -> None:
    """Add these routes to an app."""
    app.register_blueprint(bp)


@bp.post("/1.1/verify-key")
def verify_key() -> Response:
    """Tell whether the key opens a site; none that does not comes here."""
    opened()
    return plain(VALID)


@bp.post("/1.1/comment-check")
def comment_check() -> Response:
    """Tell whether people should look at a comment before it is published."""
    try:
        parts, site, sent = opened()
    except RequestEntityTooLarge as error:
        return unread(error)
    guid = {"X-akismet-guid": id_of(parts, sent)}
    text = sent.get("comment_content", "")
    if is_trial(sent):
        return plain(SPAM, guid)
    if sent.get("user_role") == ALWAYS_HAM or is_blank(text):
        return plain(HAM, guid)
    if len(text) > parts.settings.max_text:
        return plain(SPAM, guid)  # Nobody has read it: people have to.
    verdict = worst(parts.moderation.glance(site, form) for form in forms_of(text))
    parts.metrics.verdict(verdict)
    if is_blatant(verdict, parts.settings.akismet_discard):
        guid["X-akismet-pro-tip"] = "discard"
    return plain(SPAM if verdict.reasons else HAM, guid)


@bp.post("/1.1/submit-spam")
def submit_spam() -> Response:
    """Take down that a person rejected a comment."""
    return submitted(Outcome.REJECT)


@bp.post("/1.1/submit-ham")
def submit_ham() -> Response:
    """Take down that a person accepted a comment."""
    return submitted(Outcome.ACCEPT)


@bp.route("/1.2/key-sites", methods=["GET", "POST"])
def key_sites() -> Response:
    """Tell what the key's site came to in a month, as JSON or CSV."""
    parts, site, sent = opened()
    now = datetime.now(UTC)
    first = usage.month_of(sent.get("month", ""), now.date())
    month = f"{first:%Y-%m}"
    row = usage.row(site, usage.tally(parts.store.database, site, first, now))
    rows = [row] if sent.get("filter", "") in site.name else []
    page = usage.page_of(sent.get("limit", ""), sent.get("offset", ""), len(rows))
    rows = rows[page["offset"] :][: page["limit"]]
    if sent.get("format") == "csv":
        return Response(usage.as_csv(rows, month, page), content_type="text/csv")
    return answer({month: rows, **page})


@bp.route("/1.2/usage-limit", methods=["GET", "POST"])
def usage_limit() -> Response:
    """Tell that there is no limit, and how much was sent this month."""
    parts, site, _ = opened()
    now = datetime.now(UTC)
    first = now.date().replace(day=1)
    return answer(usage.limits(usage.tally(parts.store.database, site, first, now)))


def opened() -> tuple[Services, Site, Fields]:
    """The parts of the app, the site whose key was sent, and what else was.

    Raises:
        NotAuthenticated: no key, or one that opens nothing.
        TooManyRequests: it has sent as many as it may.
        HTTPException: the body is no form, or too large.
    """
    parts = services()
    if request.method == "POST":
        form = read_form(request.environ, longest(parts.settings))
    else:
        form = request.query_string
    sent = parse_form(form, CHARSET)
    return parts, site_of_sent(parts, sent), sent


def site_of_sent(parts: Services, sent: Fields) -> Site:
    """The site of a request: its key is in a field, or is the first label of the host.

    Raises:
        NotAuthenticated: there is no key and no site for such clients, or one that
            opens nothing.
        TooManyRequests: it has sent as many as it may.
    """
    named = [sent[name] for name in KEYS if name in sent]
    key = next(filter(None, named), "")
    host = request.environ.get("HTTP_HOST", "").partition(".")[0]
    if not named and host.startswith(PREFIX):
        named, key = [host], host
    site = site_of(parts, request.environ, key)
    if site is None and not named and parts.settings.akismet_site:
        site = _keyless(parts)
        if site is not None:
            caller = caller_of("akismet", site.id)
            admit(parts.limiter, request.environ, caller)
    if site is None:
        raise NotAuthenticated("The key opens no site.")
    return site


def longest(settings: Settings) -> int:
    """The bytes of a form that are read: of any text that is judged, and much more.

    For what is not read has no key, and an `invalid` is no verdict.
    """
    text = ESCAPED * settings.max_text + RESERVE
    return max(MAX_FORM, EXPANSION * settings.max_body, text)


def unread(error: RequestEntityTooLarge) -> Response:
    """Have people read what is too long to be received, if a site is known without it.

    Raises:
        RequestEntityTooLarge: none is.
    """
    try:
        site_of_sent(services(), {})
    except NotAuthenticated:
        raise error from None
    return plain(SPAM)


def forms_of(text: str) -> list[str]:
    """What a content may mean: itself, and what is seen of it if it is HTML."""
    seen = without_tags(text)
    return [text] if seen == text.strip() or is_blank(seen) else [text, seen]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict that most speaks against publishing."""
    return max(verdicts, key=_badness)


def is_trial(sent: Fields) -> bool:
    """Whether a client tries out what happens to spam."""
    return (
        sent.get("comment_author") in SPAMMERS
        or sent.get("comment_author_email") == SPAMMER_AT
    )


def is_blatant(verdict: Verdict, threshold: float | None) -> bool:
    """Whether a comment is rejected with a score that no person need look at it."""
    if threshold is None or verdict.flagged or verdict.outcome is Outcome.ACCEPT:
        return False
    return verdict.reasons[0].score >= threshold


def submitted(outcome: Outcome) -> Response:
    """Learn what a person decided, if there is something to learn from."""
    parts, site, sent = opened()
    comment = labelled(parts, sent)
    if comment is not None and sent.get("is_test", "").lower() in NO:
        teach(parts, site, comment, outcome, rule=None, by=NAME)
    return plain(THANKS)


def labelled(parts: Services, sent: Fields) -> Comment | None:
    """The comment that was decided on; None if there is nothing to learn from it.

    So it is without content, which Akismet judges by other things, and with more of it
    than a comment may have here.
    """
    text = sent.get("comment_content", "")
    if is_blank(text) or len(text) > parts.settings.max_text:
        return None
    return Comment(
        text,
        id_of(parts, sent),
        author=author_of(parts, sent),
        article=article_at(sent.get("permalink", "")),
    )


def author_of(parts: Services, sent: Fields) -> Author | None:
    """Who wrote a comment, known by a hash: addresses are not stored."""
    name = sent.get("comment_author", "")
    known_by = sent.get("comment_author_email", "") or name
    if not known_by:
        return None
    is_name = 0 < len(name) <= MAX_TITLE and name.isprintable()
    return Author(made_id(parts.store, "author", known_by), name if is_name else None)


def id_of(parts: Services, sent: Fields) -> str:
    """The id of a comment: the same for the same author, page and content."""
    return made_id(parts.store, NAME, *(sent.get(name, "") for name in IDENTITY))


def plain(said: str, headers: Mapping[str, str] | None = None) -> Response:
    """Answer in plain text."""
    return Response(said, headers=headers, content_type="text/plain; charset=utf-8")


def shape(status: int, said: str, error: Exception) -> Response:
    """Answer an error."""
    if status in (404, 405, 429) or status >= 500:
        failed = plain(said)
        failed.status_code = status
        return failed
    return plain(INVALID, {"X-akismet-debug-help": said})


failing.register(bp, shape, "/1.1", "/1.2")


def _badness(verdict: Verdict) -> tuple[bool, bool, float]:
    reasons = verdict.reasons
    is_rejected = bool(reasons) and not verdict.flagged
    return is_rejected, verdict.flagged, reasons[0].score if reasons else 0.0


def _keyless(parts: Services) -> Site | None:
    """The site of clients that send no key."""
    try:
        return Sites(parts.store.database).find(parts.settings.akismet_site)
    except InvalidInput:
        return None
