"""Answering part of a list of comments: as a page, or as cards for its script."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue

from service.desk.cards import show
from service.desk.filters import KINDS, ORDERS, RULES, SOURCES, Chosen
from service.desk.session import by_script
from service.desk.undoing import undoable
from service.store.cases import COUNTED, Page
from service.store.records import Site

WORDS = {
    "COUNTED": COUNTED,
    "KINDS": KINDS,
    "ORDERS": ORDERS,
    "RULES": RULES,
    "SOURCES": SOURCES,
}
"""What templates call things."""


def answer(
    template: str,
    site: Site,
    page: Page,
    chosen: Chosen,
    now: datetime,
    **more: object,
) -> ResponseReturnValue:
    """Answer part of a list: all of the page, or its cards where the script asks."""
    endpoint = str(request.endpoint)
    query: dict[str, Any] = {"site": site.name, **chosen.query}
    rest = url_for(endpoint, **query, after=page.after) if page.after else None
    values = WORDS | {
        "shown": [show(card) for card in page.cards],
        "site": site,
        "now": now,
        "back": url_for(endpoint, **query),
        "more": rest,
    }
    if by_script():
        return jsonify(html=render_template("desk/cards.html", **values), more=rest)
    values |= {
        "chosen": chosen,
        "endpoint": endpoint,
        "total": page.total,
        "undo": undoable(site, now),
    }
    html = render_template(template, **values, **more)
    return html, HTTPStatus.UNPROCESSABLE_ENTITY if chosen.problems else HTTPStatus.OK
