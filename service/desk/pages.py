"""The desk as a whole: its blueprint, what holds for all its pages, and its parts.

Every part is a module with a blueprint `bp`, whose paths start below /desk and whose
endpoints are called `desk.<name of bp>.<function>`.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, g, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError, CSRFProtect  # type: ignore[import-untyped]
from werkzeug.exceptions import NotFound
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from service.desk import (
    accounts,
    cases,
    deciding,
    errors,
    lists,
    queue,
    session,
    sign_in,
)
from service.desk.overview import page as overview
from service.desk.paths import ROOT, path
from service.desk.rules import page as rules
from service.desk.session import (
    KEY,
    moderators,
    open_sites,
    present_site,
    somebody,
)
from service.domain import Waiting
from service.services import NAME, services
from service.store.cases import COUNTED
from service.store.records import Site

PARTS = (
    sign_in.bp,
    accounts.bp,
    queue.bp,
    deciding.bp,
    cases.bp,
    lists.bp,
    overview.bp,
    rules.bp,
)

MAX_BODY = 1024 * 1024
"""The largest form, in bytes: the words of a site are the longest."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; "
    "script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}

SECTIONS = {
    "queue": "Queue",
    "appeals": "Appeals",
    "accepted": "Accepted",
    "rejected": "Rejected",
    "overview": "Overview",
    "rules": "Rules",
}
"""The pages that every site has: the part of the path after the site, and its title."""

csrf = CSRFProtect()


def register(app: Flask) -> None:
    """Add the desk to an app."""
    session.set_up(app)
    # Only of what passes `protect` below; the API knows no cookies to be misused.
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_TIME_LIMIT=None,  # As long as the session.
        # It compares with the host, which a proxy may have changed; see `protect`.
        WTF_CSRF_SSL_STRICT=False,
    )
    csrf.init_app(app)
    app.register_blueprint(_desk())
    proxies = app.extensions[NAME].settings.proxies
    if proxies:
        trusted = ProxyFix(
            app.wsgi_app, x_for=proxies, x_proto=proxies, x_prefix=proxies
        )
        app.wsgi_app = trusted  # type: ignore[method-assign]


def _desk() -> Blueprint:
    desk = Blueprint("desk", __name__, url_prefix=ROOT)
    errors.register(desk)
    desk.before_request(protect)
    desk.after_request(finish)
    desk.context_processor(context)
    for part in PARTS:
        desk.register_blueprint(part)
    desk.add_url_rule("/<path:rest>", view_func=nothing, methods=METHODS)
    return desk


def protect() -> None:
    """Let a request change something only if it was sent from a page of ours.

    Raises:
        CSRFError: it lacks the session's token, or the browser says that another site
            has sent it.
        StoreUnavailable: the database does not answer, so there are no sessions.
    """
    services().store.key_for(KEY)
    request.max_content_length = MAX_BODY
    if request.method not in ("GET", "HEAD"):
        if request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none"):
            raise CSRFError("The request comes from another site.")
        csrf.protect()


def finish(answer: Response) -> Response:
    """Give a page its headers."""
    answer.headers.update(HEADERS)
    return answer


def context() -> dict[str, Any]:
    """What the layout shows around a page; without the database, only a frame."""
    account = None if g.get("is_away") else somebody()
    if account is None:
        return {"path": path, "account": None}
    nav = {
        "site": present_site(),
        "sites": open_sites(),
        "section": request.path.split("/")[3 if "site" in g else 2],
        "names": SECTIONS,
        "count": waiting,
    }
    return {"path": path, "account": account, "nav": nav}


def waiting(site: Site) -> dict[str, str]:
    """How much waits on a site, by the section that shows it."""
    counts = services().review.desk.counts(site.id)
    return {
        "queue": _shown(sum(counts.values())),
        "appeals": _shown(counts[Waiting.APPEALED]),
    }


def _shown(count: int) -> str:
    return f"{count:,}" if count < COUNTED else f"{COUNTED:,}+"


@moderators
def nothing(rest: str) -> ResponseReturnValue:
    """Answer paths that do not exist, so that this is a page as well."""
    raise NotFound
