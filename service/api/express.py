"""The way that nearly all requests take, past Flask: judging a comment, with success.

Flask's contexts, matching, session, signals and responses take 76 µs of a request that
takes 184 with them, 64 of which are the judge's (in process, one thread).  So these
routes are called straight from WSGI here; whatever is out of the ordinary, every error
too, is Flask's to answer, by the same route and the handlers of its blueprint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from service.api.hooks import note
from service.api.routes import FAILED, JSON, MODERATE, judged
from service.compat.perspective.discovery import ANALYZE
from service.compat.perspective.routes import analyzed
from service.services import NAME, Services


class Lane(NamedTuple):
    """What answers a POST, as JSON, and whether it reads the query itself."""

    answer: Callable[[Services, WSGIEnvironment], bytes]
    takes_query: bool


def register(app: Flask) -> None:
    """Put the lanes before an app.  `service.api.hooks` has to come around them."""
    app.wsgi_app = past(app, app.wsgi_app)  # type: ignore[assignment,method-assign]


def past(flask: Flask, app: WSGIApplication) -> WSGIApplication:
    """An app that asks `app` only for what is out of the ordinary."""
    parts = flask.extensions[NAME]

    def lane(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        found = LANES.get(path)
        if found is None or not is_ordinary(environ, found):
            return app(environ, start_response)
        try:
            body = found.answer(parts, environ)
        except Exception as error:
            environ[FAILED] = error
            return app(environ, start_response)
        headers = [("Content-Type", JSON), ("Content-Length", str(len(body)))]
        note(parts, environ, path, 200)
        start_response("200 OK", headers)
        return (body,)

    return lane


def moderated(parts: Services, environ: WSGIEnvironment) -> bytes:
    """`judged`, with positions in code points: nothing else was said."""
    return judged(parts, environ, in_code_points)


def in_code_points() -> bool:
    """That positions are not wanted in UTF-16."""
    return False


def is_ordinary(environ: WSGIEnvironment, lane: Lane) -> bool:
    """Whether it is a request that a lane can answer."""
    has_query = bool(environ.get("QUERY_STRING"))
    return environ["REQUEST_METHOD"] == "POST" and (lane.takes_query or not has_query)


LANES: Mapping[str, Lane] = {
    MODERATE: Lane(moderated, takes_query=False),
    ANALYZE: Lane(analyzed, takes_query=True),
}
"""By path, which is the route's rule as well."""
