"""The way that nearly all requests take, past Flask: `POST /v1/moderate` that succeeds.

Flask's contexts, matching, session, signals and responses take 95 µs of a request that
takes 280 with them, 125 of which are the judge's (in process, one thread).  So the
route is called straight from WSGI here; whatever is out of the ordinary, every error
too, is Flask's to answer, by the same route and the handlers of `service.api.hooks`.
"""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from service.api.hooks import note
from service.api.routes import FAILED, JSON, MODERATE, judged
from service.services import NAME


def register(app: Flask) -> None:
    """Put the lane before an app.  `service.api.hooks` has to come around it."""
    app.wsgi_app = past(app, app.wsgi_app)  # type: ignore[assignment,method-assign]


def past(flask: Flask, app: WSGIApplication) -> WSGIApplication:
    """An app that asks `app` only for what is out of the ordinary."""
    parts = flask.extensions[NAME]

    def lane(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        if not is_ordinary(environ):
            return app(environ, start_response)
        try:
            body = judged(parts, environ, in_code_points)
        except Exception as error:
            environ[FAILED] = error
            return app(environ, start_response)
        headers = [("Content-Type", JSON), ("Content-Length", str(len(body)))]
        note(parts, environ, MODERATE, 200)
        start_response("200 OK", headers)
        return (body,)

    return lane


def in_code_points() -> bool:
    """That positions are not wanted in UTF-16: nothing was said."""
    return False


def is_ordinary(environ: WSGIEnvironment) -> bool:
    """Whether it is the one request without a parameter."""
    return (
        environ["PATH_INFO"] == MODERATE
        and environ["REQUEST_METHOD"] == "POST"
        and not environ.get("QUERY_STRING")
    )
