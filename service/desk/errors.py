"""What goes wrong at the desk, as a page; for the page's script as {"said": …}."""

from __future__ import annotations

from http import HTTPStatus

from flask import (
    Blueprint,
    flash,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_wtf.csrf import CSRFError  # type: ignore[import-untyped]
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException, InternalServerError, Unauthorized
from werkzeug.wrappers import Response

from service.api import hooks
from service.api.problems import KINDS
from service.desk.session import by_script, somebody
from service.errors import RefrainError, StoreUnavailable

SIGN_IN_AGAIN = "Your session is over. Sign in to go on."
SENTENCES = {
    400: "The request was cut short. Try again.",
    404: "There is nothing here, or not for this account.",
    405: "This page cannot be asked that way.",
    413: "That is more than this page takes.",
    500: "That is a fault of this service. It has been logged.",
}


def register(desk: Blueprint) -> None:
    """Have the desk's errors answered here."""
    desk.register_error_handler(RefrainError, refuse)
    desk.register_error_handler(Unauthorized, ask_to_sign_in)
    desk.register_error_handler(CSRFError, refuse_form)
    desk.register_error_handler(HTTPException, refuse_http)
    desk.register_error_handler(ParseException, refuse_body)
    desk.register_error_handler(Exception, fail)


def refuse(error: RefrainError) -> Response:
    """Answer a deliberate error; counted, logged and timed as everywhere."""
    problem = hooks.refuse(error)
    g.is_away = isinstance(error, StoreUnavailable)
    kind = KINDS.get(type(error))
    if kind is None:
        return _page(InternalServerError.code, SENTENCES[500])
    answer = _page(kind.status, str(error), kind.title)
    if wait := problem.headers.get("Retry-After"):
        answer.headers["Retry-After"] = wait
    return answer


def ask_to_sign_in(error: Unauthorized) -> Response:
    """Lead to the sign-in, and from there back to where a link was leading."""
    if by_script():
        answer = jsonify(said=SIGN_IN_AGAIN, sign_in=url_for("desk.sign_in.page"))
        answer.status_code = HTTPStatus.UNAUTHORIZED
        return answer
    wanted = request.full_path.removesuffix("?") if request.method == "GET" else None
    return redirect(url_for("desk.sign_in.page", next=wanted), HTTPStatus.SEE_OTHER)


def refuse_form(error: CSRFError) -> Response:
    """Answer a form that was not sent from a page of this session."""
    if somebody() is None and request.endpoint != "desk.sign_in.enter":
        if not by_script():
            flash(SIGN_IN_AGAIN)
        return ask_to_sign_in(Unauthorized())
    return _page(
        HTTPStatus.BAD_REQUEST,
        "It was sent from another place or has been open for too long. "
        "Go back, reload the page and send it again.",
        "The form was not accepted",
    )


def refuse_http(error: HTTPException) -> Response:
    """Answer what Flask or Werkzeug refuse; redirects are among it."""
    if error.response is not None or error.code is None or error.code < 400:
        return error.get_response()
    problem = hooks.refuse_http(error)
    answer = _page(error.code, SENTENCES.get(error.code, error.name))
    if allow := problem.headers.get("Allow"):
        answer.headers["Allow"] = allow
    return answer


def refuse_body(error: Exception) -> Response:
    """Answer a body that breaks HTTP."""
    return _page(HTTPStatus.BAD_REQUEST, SENTENCES[400])


def fail(error: Exception) -> Response:
    """Log an unexpected error and answer 500, of which the page tells nothing."""
    hooks.fail(error)
    return _page(InternalServerError.code, SENTENCES[500])


def _page(status: int, said: str, title: str | None = None) -> Response:
    title = title or HTTPStatus(status).phrase
    if by_script():
        answer = jsonify(said=said)
        answer.status_code = status
        return answer
    html = render_template("desk/error.html", title=title, said=said, status=status)
    return Response(html, status, mimetype="text/html")
