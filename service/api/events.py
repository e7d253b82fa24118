"""A site's events, to be read in order where webhooks cannot go or were missed."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, request

from service.api.event_answers import listed_event
from service.api.paging import cursor, read_page
from service.api.routes import answer, opened
from service.api.shapes import EventsAnswer
from service.store.outbox import utc_now

bp = Blueprint("events", __name__, url_prefix="/v1")


def register(app: Flask) -> None:
    """Add the list to an app."""
    app.register_blueprint(bp)


@bp.get("/decisions")
def decisions() -> Response:
    """List the events that came after a cursor."""
    parts, site = opened()
    after, limit = read_page(request.args)
    found = parts.outbox.events_after(site.id, after, limit, utc_now())
    page: EventsAnswer = {
        "events": [listed_event(event) for event in found],
        "after": cursor(found[-1].key if found else after),
    }
    return answer(page)
