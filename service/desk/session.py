"""Who is at the desk: sessions in a signed cookie, and who may open which page.

How a password is checked is `service.auth`'s; no page is here.

A page of a site is written as

    @bp.get("/<site>/queue")
    @moderators
    def page(site: Site) -> str: ...

and `@editors` stands in its place where only they may come in.  Pages of no site leave
the parameter out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, cast

from flask import Flask, Request, g, request, session
from flask.sessions import (
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionMixin,
)
from flask.typing import ResponseReturnValue
from flask_login import (  # type: ignore[import-untyped]
    LoginManager,
    UserMixin,
    current_user,
    login_user,
    logout_user,
)
from itsdangerous import SignatureExpired, TimestampSigner, URLSafeTimedSerializer
from werkzeug.exceptions import NotFound, Unauthorized

from service.desk.paths import ROOT
from service.errors import NotAllowed, StoreUnavailable
from service.services import NAME, services
from service.store.accounts import Moderator, Role
from service.store.records import Site
from service.store.sites import Sites

KEY = "desk sessions"
"""What the key that signs cookies is for, of all that the secret makes keys for."""

AHEAD_S = 60
"""How far the clocks of several machines may differ."""

UNPROMPTED = frozenset({"desk.deciding.look"})
"""What a page asks by itself, for as long as it is open."""


@dataclass(frozen=True, slots=True, eq=False)
class Account(UserMixin):  # type: ignore[misc]
    """Who is signed in.  `site_id` is None for all sites."""

    name: str
    role: Role
    site_id: int | None
    session: int

    @property
    def is_editor(self) -> bool:
        """Whether rules, words and accounts may be changed."""
        return self.role is Role.EDITOR

    def get_id(self) -> str:
        """What the cookie holds; once the number has moved on, it is nobody's."""
        return f"{self.session}:{self.name}"


class Signer(TimestampSigner):
    """Flask's own, but that takes cookies of a machine whose clock is a little ahead.

    What is signed in the future counts as expired: who comes from there to a machine
    whose clock is a second behind would be signed out.
    """

    def unsign(
        self,
        signed_value: str | bytes,
        max_age: int | None = None,
        return_timestamp: bool = False,
    ) -> Any:  # noqa: ANN401 - bytes, or a tuple
        """Check a signature and its age in seconds, and return what was signed."""
        check = cast(Callable[..., Any], super().unsign)
        try:
            return check(signed_value, max_age, return_timestamp)
        except SignatureExpired as expired:
            signed_at = expired.date_signed
            if signed_at is None:
                raise
            if not 0 < signed_at.timestamp() - self.get_timestamp() <= AHEAD_S:
                raise
            return check(signed_value, None, return_timestamp)


class DeskSessions(SecureCookieSessionInterface):
    """Flask's own sessions, for the desk alone: elsewhere no cookie is read or set."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """Flask's own, with another signer."""
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = Signer
        return serializer

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """Read the cookie; None, which cannot be written to, outside the desk."""
        if not (request.path == ROOT or request.path.startswith(f"{ROOT}/")):
            return None
        try:
            # Not at the start: the database may not be there yet.
            app.secret_key = app.extensions[NAME].store.key_for(KEY)
        except StoreUnavailable:
            return None  # `service.desk.pages` meets it again, and there it is told.
        return super().open_session(app, request)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether the time-out starts anew: not for what no person has asked for."""
        if request.endpoint in UNPROMPTED:
            return session.modified
        return super().should_set_cookie(app, session)


def set_up(app: Flask) -> None:
    """Give an app the desk's sessions."""
    settings = app.extensions[NAME].settings
    is_https = settings.url.startswith("https:")
    app.session_interface = DeskSessions()
    app.permanent_session_lifetime = timedelta(minutes=settings.session_minutes)
    app.config.update(
        # By this prefix browsers know that no other host may set it, nor http.
        SESSION_COOKIE_NAME="__Host-desk" if is_https else "desk",
        SESSION_COOKIE_SECURE=is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    manager = LoginManager()
    # A moderator's phone changes its address; sessions end by their number instead.
    manager.session_protection = None
    manager.user_loader(_account)
    manager.init_app(app, add_context_processor=False)


def begin(moderator: Moderator) -> None:
    """Sign in: whatever the browser's session held before is gone."""
    session.clear()
    session.permanent = True
    login_user(_account_of(moderator))


def end() -> None:
    """Sign out in this browser."""
    logout_user()
    session.clear()


def somebody() -> Account | None:
    """Who is signed in, if anybody is."""
    return cast(Account, current_user) if current_user.is_authenticated else None


def signed_in() -> Account:
    """Who is signed in.

    Raises:
        Unauthorized: nobody is; `service.desk.errors` then leads to the sign-in.
    """
    account = somebody()
    if account is None:
        raise Unauthorized
    return account


def moderators(
    view: Callable[..., ResponseReturnValue],
) -> Callable[..., ResponseReturnValue]:
    """Let in whoever is signed in, and may moderate the site if the path names one.

    The view gets the `Site` in place of its name.  A site that does not exist and one
    that is not theirs are both not found.
    """

    @wraps(view)
    def guarded(**kwargs: Any) -> ResponseReturnValue:  # noqa: ANN401 - the path's parts
        signed_in()
        if "site" in kwargs:
            kwargs["site"] = g.site = _open_site(kwargs["site"])
            if session.get("site") != g.site.id:
                session["site"] = g.site.id
        return view(**kwargs)

    return guarded


def editors(
    view: Callable[..., ResponseReturnValue],
) -> Callable[..., ResponseReturnValue]:
    """Let in editors, and as `moderators` does."""

    @moderators
    @wraps(view)
    def guarded(**kwargs: Any) -> ResponseReturnValue:  # noqa: ANN401 - likewise
        if not signed_in().is_editor:
            raise NotAllowed("Only an editor may do that.")
        return view(**kwargs)

    return guarded


def open_sites() -> list[Site]:
    """The sites that whoever is signed in may moderate."""
    if "sites" not in g:
        site_id = signed_in().site_id
        every = Sites(services().store.database).all()
        g.sites = [site for site in every if site_id in (None, site.id)]
    return cast("list[Site]", g.sites)


def present_site() -> Site | None:
    """The site of this page, or else the one that was open last."""
    if "site" in g:
        return cast(Site, g.site)
    sites = open_sites()
    last = [site for site in sites if site.id == session.get("site")]
    return next(iter(last or sites), None)


def by_script() -> bool:
    """Whether the page's script asks, and wants JSON: {"said": …}."""
    return request.headers.get("X-Requested-With") == "desk"


def _open_site(name: str) -> Site:
    for site in open_sites():
        if site.name == name:
            return site
    raise NotFound


def _account(cookie: str) -> Account | None:
    """Whom a session belongs to; None once it was ended or the account disabled."""
    number, _, name = cookie.partition(":")
    moderator = services().accounts.moderator(name)
    if moderator is None or moderator.disabled_at or str(moderator.session) != number:
        return None
    return _account_of(moderator)


def _account_of(moderator: Moderator) -> Account:
    return Account(moderator.name, moderator.role, moderator.site_id, moderator.session)
