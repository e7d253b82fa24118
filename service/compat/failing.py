"""What goes wrong below another service's paths, answered in that service's shape.

Counted, logged and timed by `service.api.hooks` as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flask import Blueprint, Response, request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from service.api import hooks
from service.errors import RefrainError

Shape = Callable[[int, str, Exception], Response]
"""Makes an answer of a status, what is wrong in a sentence, and the error itself."""

HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
"""What HTTP has to say about an error, whatever its shape."""


def register(bp: Blueprint, shape: Shape, *roots: str) -> None:
    """Have every error below a blueprint answered in one shape.

    Args:
        bp: of a protocol.
        shape: of its errors.
        roots: paths that are the protocol's with all that lies below them, also what
            nothing is served at, and by whatever method.
    """
    handlers: dict[type[Exception], Callable[..., Response]] = {
        RefrainError: hooks.refuse,
        HTTPException: hooks.refuse_http,
        ParseException: hooks.refuse_body,
        Exception: hooks.fail,
    }
    for kind, known in handlers.items():
        bp.register_error_handler(kind, partial(_answered, known, shape))

    def refused() -> Response | None:
        # A request that no route takes belongs to no blueprint, so it would be refused
        # in our own shape.
        error = request.routing_exception
        if error is None or not is_below(request.path, roots):
            return None
        return _answered(hooks.refuse_http, shape, error)

    bp.before_app_request(refused)


def is_below(path: str, roots: tuple[str, ...]) -> bool:
    """Whether a path is one of the roots or below; slashes may have been doubled."""
    single = "/" + "/".join(filter(None, path.split("/")))
    return any(single == root or single.startswith(f"{root}/") for root in roots)


def _answered(
    known: Callable[..., Response], shape: Shape, error: Exception
) -> Response:
    problem = known(error)
    said = problem.get_json()["detail"]
    answer = shape(problem.status_code, said, error)
    for name in HEADERS:
        value = problem.headers.get(name)
        if value and answer.status_code >= 400:
            answer.headers[name] = value
    return answer
