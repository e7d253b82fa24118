"""The queue's page.  What its buttons do is `service.desk.deciding`."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from service.desk.cards import FILTERS
from service.desk.filters import choose
from service.desk.listing import answer
from service.desk.session import by_script, moderators, signed_in
from service.services import services
from service.store.records import Site

bp = Blueprint("queue", __name__)
for name, function in FILTERS.items():
    bp.add_app_template_filter(function, name)


@bp.get("/<site>/queue")
@moderators
def page(site: Site) -> ResponseReturnValue:
    """List what waits, as the query string narrows and orders it."""
    chosen, now = choose(request.args), datetime.now(UTC)
    desk = services().review.desk
    part = desk.queue(
        site.id,
        chosen.filters,
        chosen.order,
        by=signed_in().name,
        now=now,
        after=request.args.get("after"),
    )
    waiting = {} if by_script() else desk.counts(site.id)
    of_any_kind = {
        key: value for key, value in chosen.query.items() if key != "waiting"
    }
    return answer(
        "desk/queue.html",
        site,
        part,
        chosen,
        now,
        waiting=waiting,
        of_any_kind=of_any_kind,
    )
