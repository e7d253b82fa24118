"""What happens around every request: counting, logging, headers, errors to problems."""

from __future__ import annotations

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
    TooManyRequests,
    WrongSignature,
)
from service.limiting.admission import headers as rate_limits
from service.logs import outline
from service.services import NAME, Services, services
from service.telemetry.current import CURRENT, new_request
from service.telemetry.traceparent import parse_traceparent

RETRY_AFTER_S = 5
CUT_SHORT = "The body was cut short or is no proper HTTP."
UNMATCHED = "(none)"
"""The route under which requests for unknown paths are counted."""

PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
"""What machines ask for every few seconds: it is not traced."""
SLOW_S = 1.0
"""From when on an answer that is none of an error is worth a line at level INFO."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
OTHER = "_OTHER"
"""Named for a method that HTTP does not know: clients may write into it what they like.
As OpenTelemetry's conventions call it."""

STARTED = "refrain.started"
REQUEST_ID = "X-Request-Id"
HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
"""Set on every answer that does not say otherwise itself."""


def register(app: Flask) -> None:
    """Hook into an app.  Errors below it, as in HTTP itself, are `service.worker`'s."""
    parts = app.extensions[NAME]
    app.wsgi_app = around(app.wsgi_app, parts)  # type: ignore[assignment,method-assign]
    app.after_request(finish)
    app.register_error_handler(RefrainError, refuse)
    app.register_error_handler(HTTPException, refuse_http)
    # gunicorn finds wrong chunks only while the body is read.
    app.register_error_handler(ParseException, refuse_body)
    app.register_error_handler(Exception, fail)


def around(app: WSGIApplication, parts: Services) -> WSGIApplication:
    """Give a request its ids, note when it came in, and complete its answer's headers.

    Outside of Flask, where that costs 4 us instead of 12.
    """
    tracing = parts.tracing

    def timed(
        environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        environ[STARTED] = perf_counter()
        header, traced = environ.get("HTTP_TRACEPARENT"), None
        parent = parse_traceparent(header) if header else None
        if tracing is not None and environ["PATH_INFO"] not in PROBES:
            traced = tracing.begin(parent)
        current = new_request(parent, traced)
        token = CURRENT.set(current)

        def start(
            status: str,
            headers: list[tuple[str, str]],
            exc_info: tuple[Any, Any, Any] | None = None,
        ) -> Callable[[bytes], object]:
            names = [name for name, _ in headers]
            own = [header for header in HEADERS if header[0] not in names]
            own.append((REQUEST_ID, current.request_id))
            own += rate_limits(environ)
            return start_response(status, headers + own, exc_info)

        try:
            return app(environ, start)
        finally:
            CURRENT.reset(token)

    return timed


def finish(answer: Response) -> Response:
    """Note the answer."""
    route = request.url_rule.rule if request.url_rule else UNMATCHED
    note(services(), request.environ, route, answer.status_code)
    return answer


def note(parts: Services, environ: WSGIEnvironment, route: str, status: int) -> None:
    """Count an answer, log and trace it; `route` is the rule, not the path."""
    seconds, method = perf_counter() - environ[STARTED], environ["REQUEST_METHOD"]
    method = method if method in METHODS else OTHER
    parts.metrics.request(route, status, seconds)
    is_usual = status < 400 and seconds < SLOW_S
    parts.access.write(method, route, status, seconds, is_quiet=is_usual)
    current = CURRENT.get()
    if current is not None and current.traced is not None:
        current.traced.end(method, route, status)


def refuse(error: RefrainError) -> Response:
    """Answer a deliberate error with its kind of problem."""
    if type(error) not in KINDS:
        return fail(error)
    headers: dict[str, str] = {}
    if isinstance(error, NotAuthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="refrain"'
    if isinstance(error, WrongSignature):
        headers["WWW-Authenticate"] = 'X-Coral-Signature realm="refrain"'
    if isinstance(error, TooManyAttempts | TooManyRequests):
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
