"""Signing in and out, and one's own password.  Who may sign in is `service.auth`'s."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from service import auth
from service.desk import session
from service.desk.paths import own_path, path
from service.desk.session import moderators, present_site, signed_in
from service.errors import InvalidInput
from service.services import services
from service.store.accounts import Moderator

WRONG = "Name or password is wrong."
NOT_ONE = "Your present password is another one."
NOT_TWICE = "The new password was not typed the same twice."

bp = Blueprint("sign_in", __name__)


@bp.get("")
@bp.get("/")
@moderators
def start() -> ResponseReturnValue:
    """Lead to the queue of the site that was open last."""
    site = present_site()
    return _to(path("accounts") if site is None else path(site.name, "queue"))


@bp.get("/sign-in")
def page() -> ResponseReturnValue:
    """Show the form, or pass on whoever is signed in."""
    if session.somebody():
        return _to(own_path(request.args.get("next")))
    return _form("sign_in")


@bp.post("/sign-in")
def enter() -> ResponseReturnValue:
    """Sign in."""
    name, door = _field("name").strip(), services().door
    moderator = _at(door, name, _field("password"))
    if moderator is None:
        return _form("sign_in", WRONG), HTTPStatus.FORBIDDEN
    session.begin(moderator)
    # Not who failed: people type passwords where names belong.
    services().log.info("signed in", account=moderator.name)
    return _to(own_path(_field("next")))


@bp.post("/sign-out")
@moderators
def leave() -> ResponseReturnValue:
    """Sign out, everywhere: a copy of the cookie is worth nothing from now on."""
    services().accounts.end_sessions(signed_in().name)
    session.end()
    flash("You are signed out, on all devices.")
    return _to(path("sign-in"))


@bp.get("/password")
@moderators
def password() -> ResponseReturnValue:
    """Show the form."""
    return _form("password")


@bp.post("/password")
@moderators
def change_password() -> ResponseReturnValue:
    """Change one's own password; other sessions end, this one goes on."""
    name, new = signed_in().name, _field("password")
    try:
        _check_change(name, new)
    except InvalidInput as error:
        return _form("password", error), HTTPStatus.UNPROCESSABLE_ENTITY
    services().accounts.set_password(name, auth.hash_password(new))
    if changed := services().accounts.moderator(name):
        session.begin(changed)
    flash("Your password is changed. Your other devices are signed out.")
    return _to(path("password"))


def _check_change(name: str, new: str) -> None:
    auth.check_new_password(name, new)
    if new != _field("again"):
        raise InvalidInput("/again", NOT_TWICE)
    # By a door, too: who found a desk unlocked may not guess there either.
    if _at(services().own_door, name, _field("present")) is None:
        raise InvalidInput("/present", NOT_ONE)


def _at(door: auth.Door, name: str, password: str) -> Moderator | None:
    address = request.remote_addr or ""
    return door.enter(name, password, address, datetime.now(UTC))


def _form(name: str, problem: InvalidInput | str | None = None) -> str:
    fields = dict(problem.fields) if isinstance(problem, InvalidInput) else {}
    return render_template(
        f"desk/{name}.html",
        problem=problem,
        fields=fields,
        shortest=auth.SHORTEST_PASSWORD,
    )


def _field(name: str) -> str:
    return request.form.get(name, "")


def _to(location: str) -> ResponseReturnValue:
    return redirect(location, HTTPStatus.SEE_OTHER)
