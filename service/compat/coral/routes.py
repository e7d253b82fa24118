"""Coral's external moderation phase, and its webhooks.

A signature tells which site asks.  Coral publishes a comment that it gets no proper
answer about; so once one is signed, whatever goes wrong holds the comment for people:
no time left, no database, a rate limit, a text that is too long, a bug.  Where the
secrets were never read, for the database is down since the start, that is answered
unseen to anybody who sends a signature, right or wrong: it tells nothing and changes
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import NamedTuple, cast

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from service.api.hooks import STARTED
from service.api.parsing import is_blank
from service.api.reading import read_body
from service.api.routes import answer
from service.compat.coral.budget import Busy, Late, Pool
from service.compat.coral.events import parse_event
from service.compat.coral.keyring import Keyring
from service.compat.coral.phase import HELD, answer_of
from service.compat.coral.reading import TooLong, Unreadable, parse_comment
from service.compat.coral.signature import HEADER, signatures, signer
from service.domain import Comment, Verdict
from service.errors import StoreUnavailable, WrongSignature
from service.limiting.admission import caller_of, is_admitted
from service.logs import outline
from service.services import NAME, Services, services
from service.store.coral import CoralSecrets, Secret
from service.store.records import Site

PARTS = "refrain.coral"
"""Where in an app's `extensions` its `Coral` is."""
MAX_BODY = 256 * 1024
EXPANSION = 12
"""Bytes of a request that are read, or so many for each character of the longest text:
many times what a comment has."""
WAITING = 0.5
WAITING_S = 0.01
"""Share of the time left that the database is waited for, but so long at least."""
RESERVE = 0.2
RESERVE_S = 0.02
"""Share of the budget, and how much of it at most, that is left for an answer to get
out while other threads compute."""

bp = Blueprint("coral", __name__, url_prefix="/coral")


class Coral(NamedTuple):
    """What lives as long as the process."""

    keyring: Keyring
    pool: Pool
    waiting_s: float
    max_body: int


class TooMany(Exception):
    """More is asked than the rate limit has room for."""


def register(app: Flask) -> None:
    """Add the routes to an app, and what they need."""
    parts = app.extensions[NAME]
    app.extensions[PARTS] = Coral(
        Keyring(CoralSecrets(parts.store.database).all, partial(_tell, parts)),
        # Room for those that nobody waits for any more, beside those that come.
        Pool(2 * parts.settings.threads),
        waiting_s(parts.settings.coral_budget_ms / 1000),
        max(MAX_BODY, EXPANSION * parts.settings.max_text),
    )
    app.register_blueprint(bp)


# An address that was typed with a slash at its end must not publish everything.
@bp.post("/moderate")
@bp.post("/moderate/")
def moderate() -> Response:
    """Say what is to become of a comment."""
    parts, coral = services(), _coral()
    until = request.environ[STARTED] + coral.waiting_s
    try:
        found, body = _received(coral, until)
    except RequestEntityTooLarge:
        return _held(parts, "large")
    if found is None:
        return _held(parts, "database")
    return _answered(parts, coral, found, body, until)


@bp.post("/webhooks")
@bp.post("/webhooks/")
def webhooks() -> Response:
    """Take note of an event; whatever is signed is taken, or Coral would give up."""
    parts, coral = services(), _coral()
    found, body = _received(coral, request.environ[STARTED] + coral.waiting_s)
    if found is None:
        raise StoreUnavailable("The secrets cannot be read.")
    try:
        event = parse_event(body)
    except Unreadable as error:
        parts.log.warning("webhook of Coral cannot be read", reason=str(error))
    else:
        parts.metrics.coral_event(event.type, event.status)
    return _nothing()


def waiting_s(budget_s: float) -> float:
    """How much of a budget may pass before the answer has to be known, in seconds."""
    return budget_s - min(RESERVE * budget_s, RESERVE_S)


def judged(
    parts: Services, site: Site, body: bytes, admits: Callable[[], bool]
) -> Verdict | None:
    """The verdict on a comment; None where there is nothing to judge.

    That is so for one without a text, which is a picture, and for those of the staff.

    Args:
        parts: of the app.
        site: whose policy decides.
        body: of the request.
        admits: counts what is to be judged; whether the rate limit has room for it.

    Raises:
        Unreadable: the body is not what Coral sends.
        TooLong: it would take too long.
        TooMany: there is no room.
    """
    sent = parse_comment(body, parts.settings.max_text)
    if sent.is_staff or is_blank(sent.text):
        return None
    if not admits():
        raise TooMany
    return parts.moderation.moderate(site, Comment(sent.text)).verdict


def _received(coral: Coral, until: float) -> tuple[Secret | None, bytes]:
    """The body, and the secret that signed it; None if none could ever be looked up.

    Raises:
        WrongSignature: there is no signature, or none that is right.
        RequestEntityTooLarge: the body is too long to be read.
    """
    given = signatures(request.environ.get(HEADER))
    if not given:
        raise WrongSignature("Send the signature in the header `X-Coral-Signature`.")
    body = read_body(request.environ, coral.max_body, None)
    now = perf_counter()
    secrets = coral.keyring.secrets(now + max(WAITING_S, WAITING * (until - now)))
    if secrets is None:
        return None, body
    found = signer(secrets, given, body)
    if found is None:
        raise WrongSignature("No secret that was added here signs this body so.")
    return found, body


def _answered(
    parts: Services, coral: Coral, found: Secret, body: bytes, until: float
) -> Response:
    """The answer to a signed request, whatever happens."""
    caller = caller_of("coral", found.id)
    admits = partial(is_admitted, parts.limiter, request.environ, caller)
    try:
        work = partial(judged, parts, found.site, body, admits)
        verdict = coral.pool.run(work, until)
        if verdict is None:
            return _nothing()
        parts.metrics.verdict(verdict)
        shown = answer_of(verdict)
        return _nothing() if shown is None else answer(shown)
    except Late:
        return _held(parts, "late")
    except Busy:
        return _held(parts, "busy")
    except TooLong:
        return _held(parts, "long")
    except TooMany:
        return _held(parts, "limit")
    except Unreadable as error:
        parts.log.warning("request of Coral cannot be read", reason=str(error))
        return _held(parts, "unreadable")
    except Exception as error:  # A bug must not publish a comment.
        parts.metrics.error("internal_errors")
        parts.log.error("internal error", **outline(error))
        return _held(parts, "fault")


def _held(parts: Services, why: str) -> Response:
    """Have people read what was not judged."""
    parts.metrics.coral_unjudged(why)
    return answer(HELD)


def _nothing() -> Response:
    """Have no opinion."""
    answer = Response(status=204)
    del answer.headers["Content-Type"]
    return answer


def _coral() -> Coral:
    return cast(Coral, current_app.extensions[PARTS])


def _tell(parts: Services, error: Exception) -> None:
    """Count and log that the secrets could not be read."""
    parts.metrics.error("store_errors")
    said = str(error) if isinstance(error, StoreUnavailable) else "No answer in time."
    parts.log.error("store unavailable", reason=said)
