"""What goes wrong below another service's paths, answered in that service's shape.

Counted, logged and timed by `service.api.hooks` as everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from flask import Blueprint, Response, current_app, request
from flask.sansio.app import App
from flask.sansio.blueprints import BlueprintSetupState
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from service.api import hooks
from service.errors import RefrainError

Shape = Callable[[int, str, Exception], Response]
"""Makes an answer of a status, what is wrong in a sentence, and the error itself."""

HEADERS = ("Allow", "Retry-After", "WWW-Authenticate")
"""What HTTP has to say about an error, whatever its shape."""


def register(bp: Blueprint, shape: Shape, *paths: str) -> None:
    """Have every error below a blueprint answered in one shape.

    Args:
        bp: of a protocol.
        shape: of its errors.
        paths: rules of what would else be nobody's: those of the protocol, for methods
            that they do not have, and all that lies below them.
    """
    handlers: dict[type[Exception], Callable[..., Response]] = {
        RefrainError: hooks.refuse,
        HTTPException: hooks.refuse_http,
        ParseException: hooks.refuse_body,
        Exception: hooks.fail,
    }
    for kind, known in handlers.items():
        bp.register_error_handler(kind, partial(_answered, known, shape))
    bp.record_once(lambda state: _add_rest(state, paths))


def nothing(**_: str) -> Response:
    """Refuse what is asked of no path of ours, or of one by a method it lacks.

    Raises:
        MethodNotAllowed: the path has others.
        NotFound: it has none.
    """
    methods = _methods(current_app, request.path, besides=request.endpoint)
    if methods:
        raise MethodNotAllowed(valid_methods=sorted(methods))
    raise NotFound


def _add_rest(state: BlueprintSetupState, paths: Iterable[str]) -> None:
    """Add what is left of paths; where a path has a method, its route answers."""
    for path in paths:
        methods = hooks.METHODS - _methods(state.app, path)
        state.add_url_rule(path, nothing.__name__, nothing, methods=methods)


def _methods(app: App, path: str, *, besides: str | None = None) -> set[str]:
    """The methods of a path's routes, but for those of one endpoint."""
    return {
        method
        for rule in app.url_map.iter_rules()
        if rule.rule == path and rule.endpoint != besides
        for method in rule.methods or ()
    }


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
