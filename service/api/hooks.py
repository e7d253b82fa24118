"""What happens around every request: counting, logging, headers, errors to problems."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from time import perf_counter
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException, InternalServerError

from service.api.problems import KINDS, of_error, of_status, response
from service.errors import (
    NotAuthenticated,
    RefrainError,
    StoreUnavailable,
    TooManyAttempts,
    WrongSignature,
)
from service.logs import outline
from service.services import Services, services

RETRY_AFTER_S = 5
CUT_SHORT = "The body was cut short or is no proper HTTP."
UNMATCHED = "(none)"
"""The route under which requests for unknown paths are counted."""

STARTED = "refrain.started"
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
"""Set on every answer that does not say otherwise itself."""


def register(app: Flask) -> None:
    """Hook into an app.  Errors below it, as in HTTP itself, are `service.worker`'s."""
    app.wsgi_app = around(app.wsgi_app)  # type: ignore[assignment,method-assign]
    app.after_request(finish)
    app.register_error_handler(RefrainError, refuse)
    app.register_error_handler(HTTPException, refuse_http)
    # gunicorn finds wrong chunks only while the body is read.
    app.register_error_handler(ParseException, refuse_body)
    app.register_error_handler(Exception, fail)


def around(app: WSGIApplication) -> WSGIApplication:
    """Note when a request came in, and give its answer the headers of all answers.

    Outside of Flask, where that costs 2 us instead of 10.
    """

    def timed(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[STARTED] = perf_counter()

        def start(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: tuple[Any, Any, Any] | None = None,
        ) -> Callable[[bytes], object]:
            names = [name for name, _ in headers]
            own = [header for header in HEADERS if header[0] not in names]
            return start_response(status, headers + own, exc_info)

        return app(environ, start)

    return timed


def finish(answer: Response) -> Response:
    """Note the answer."""
    route = request.url_rule.rule if request.url_rule else UNMATCHED
    note(services(), request.environ, route, answer.status_code)
    return answer


def note(parts: Services, environ: WSGIEnvironment, route: str, status: int) -> None:
    """Count an answer, and log it at level DEBUG; `route` is the rule, not the path."""
    seconds = perf_counter() - environ[STARTED]
    parts.metrics.request(route, status, seconds)
    if parts.log.is_enabled_for(logging.DEBUG):
        method, ms = environ["REQUEST_METHOD"], round(seconds * 1e3, 3)
        parts.log.debug("request", method=method, route=route, status=status, ms=ms)


def refuse(error: RefrainError) -> Response:
    """Answer a deliberate error with its kind of problem."""
    if type(error) not in KINDS:
        return fail(error)
    headers: dict[str, str] = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="refrain"'
    if isinstance(error, WrongSignature):
        headers["WWW-Authenticate"] = 'X-Coral-Signature realm="refrain"'
    if isinstance(error, TooManyAttempts):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, StoreUnavailable):
        headers["Retry-After"] = str(RETRY_AFTER_S)
        services().metrics.error("store_errors")
        services().log.error("store unavailable", reason=str(error))
    return response(of_error(error), headers)


def refuse_http(error: HTTPException) -> Response:
    """Answer what Flask or Werkzeug refuse, in our shape and with their headers."""
    status = error.code or InternalServerError.code
    headers = {
        name: value
        for name, value in error.get_headers()
        if name.lower() not in ("content-type", "content-length")
    }
    return response(of_status(status, _sentence(error, status)), headers)


def refuse_body(error: Exception) -> Response:
    """Answer a body that breaks HTTP."""
    return response(of_status(400, CUT_SHORT))


def fail(error: Exception) -> Response:
    """Log an unexpected error and answer 500, of which the caller learns nothing."""
    services().metrics.error("internal_errors")
    services().log.error("internal error", **outline(error))
    return response(of_status(500, "The request met a fault of this service."))


def _sentence(error: HTTPException, status: int) -> str:
    """Werkzeug's description, except where it speaks to a person with a browser."""
    if status == 400:
        return CUT_SHORT
    if status == 404:
        return "Nothing is served at this path."
    if status == 405:
        return f"{request.method} is not allowed here."
    return error.description or error.name
