"""The lists beside the queue: what is accepted, what is rejected, what is appealed."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from service.desk.filters import choose
from service.desk.listing import answer
from service.desk.session import moderators, signed_in
from service.domain import Outcome
from service.services import services
from service.store.records import Site

bp = Blueprint("lists", __name__)


@bp.get("/<site>/accepted")
@moderators
def accepted(site: Site) -> ResponseReturnValue:
    """List what is accepted and has its text kept."""
    return _decided(site, Outcome.ACCEPT, "Accepted")


@bp.get("/<site>/rejected")
@moderators
def rejected(site: Site) -> ResponseReturnValue:
    """List what is rejected."""
    return _decided(site, Outcome.REJECT, "Rejected")


@bp.get("/<site>/appeals")
@moderators
def appeals(site: Site) -> ResponseReturnValue:
    """List the appeals that wait for an answer, oldest first."""
    now = datetime.now(UTC)
    page = services().review.desk.appeals(
        site.id, by=signed_in().name, now=now, after=request.args.get("after")
    )
    return answer("desk/appeals.html", site, page, choose({}), now)


def _decided(site: Site, outcome: Outcome, name: str) -> ResponseReturnValue:
    chosen, now = choose(request.args), datetime.now(UTC)
    page = services().review.desk.decided(
        site.id,
        outcome,
        chosen.filters,
        by=signed_in().name,
        now=now,
        after=request.args.get("after"),
    )
    return answer("desk/list.html", site, page, chosen, now, name=name)
