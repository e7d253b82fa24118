"""Moderators' accounts, made and closed by editors.  One's own password is elsewhere.

An editor of one site has to do with the accounts of that site alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from service import auth
from service.desk.paths import path
from service.desk.session import editors, open_sites, signed_in
from service.errors import InvalidInput, NotAllowed
from service.services import services
from service.store.accounts import Moderator, Role

bp = Blueprint("accounts", __name__)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """What is shown once, on the page that answers; never in a cookie or an address."""

    name: str
    password: str = field(repr=False)


@bp.get("/accounts")
@editors
def page() -> ResponseReturnValue:
    """Show the accounts."""
    return _page()


@bp.post("/accounts")
@editors
def create() -> ResponseReturnValue:
    """Create an account and show its password."""
    name = request.form.get("name", "").strip()
    made = NewPassword(name, auth.new_password())
    try:
        role, site_id = _role(), _site_id()
        services().accounts.create_moderator(
            Moderator(
                name,
                auth.hash_password(made.password),
                role,
                datetime.now(UTC),
                site_id=site_id,
            )
        )
    except InvalidInput as error:
        return _page(problem=error), HTTPStatus.UNPROCESSABLE_ENTITY
    _log("account created", name)
    return _page(made=made)


@bp.post("/accounts/change")
@editors
def change() -> ResponseReturnValue:
    """Change what somebody may do, and where."""
    name = _somebody_else()
    try:
        role, site_id = _role(), _site_id()
    except InvalidInput as error:
        return _page(problem=error), HTTPStatus.UNPROCESSABLE_ENTITY
    services().accounts.set_role(name, role, site_id)
    return _done("account changed", name, f"{name} is {_a(role)} now.")


@bp.post("/accounts/password")
@editors
def reset_password() -> ResponseReturnValue:
    """Give somebody a new password, and show it."""
    made = NewPassword(_somebody_else(), auth.new_password())
    services().accounts.set_password(made.name, auth.hash_password(made.password))
    _log("password reset", made.name)
    return _page(made=made)


@bp.post("/accounts/disable")
@editors
def disable() -> ResponseReturnValue:
    """Close an account."""
    name = _somebody_else()
    services().accounts.disable(name, datetime.now(UTC))
    return _done("account disabled", name, f"{name} can no longer sign in.")


@bp.post("/accounts/enable")
@editors
def enable() -> ResponseReturnValue:
    """Open an account again."""
    name = _somebody_else()
    services().accounts.enable(name)
    return _done("account enabled", name, f"{name} can sign in again.")


def _page(made: NewPassword | None = None, problem: InvalidInput | None = None) -> str:
    sites = {site.id: site.name for site in open_sites()}
    everybody = sorted(
        _known(), key=lambda who: (who.disabled_at is not None, who.name)
    )
    return render_template(
        "desk/accounts.html",
        people=everybody,
        roles=list(Role),
        places=sites if signed_in().site_id else {"": "All sites"} | sites,
        made=made,
        problem=problem,
    )


def _known() -> list[Moderator]:
    """Whom this editor has to do with."""
    own = signed_in().site_id
    everybody = services().accounts.all_moderators()
    return [who for who in everybody if own in (None, who.site_id)]


def _somebody_else() -> str:
    """Whose account the form is about: of no other site, and not one's own."""
    name = request.form.get("name", "")
    if name == signed_in().name:
        raise NotAllowed(
            "Nobody changes their own account here, so that there is always an editor."
        )
    if all(name != who.name for who in _known()):
        raise NotFound
    return name


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError as error:
        raise InvalidInput("/role", "Choose a role.") from error


def _site_id() -> int | None:
    chosen = request.form.get("site", "")
    if chosen == "" and signed_in().site_id is None:
        return None
    for site in open_sites():
        if str(site.id) == chosen:
            return site.id
    raise InvalidInput("/site", "Choose a site.")


def _done(event: str, name: str, said: str) -> ResponseReturnValue:
    _log(event, name)
    flash(said)
    return redirect(path("accounts"), HTTPStatus.SEE_OTHER)


def _log(event: str, name: str) -> None:
    services().log.info(event, account=name, by=signed_in().name)


def _a(role: Role) -> str:
    return "an editor" if role is Role.EDITOR else "a moderator"
