"""OpenAI's moderations, POST /v1/moderations, answered by this site's judge and policy.

A client of OpenAI's needs another base URL and a key of the site.  What is sent has no
id, so nothing is stored.  `flagged` is true of what the site's policy rejects or flags,
and so are the categories, of which at least one is true then.  All thirteen are there:

    harassment              insults and threats
    harassment/threatening  threats
    hate                    attacks on people for what they are
    hate/threatening        both at once; the score is that of the less probable
    violence                threats only: a report that depicts violence is none

Of self-harm, illicit acts, sexual contents, minors and graphic violence nothing is
known here: their scores are always 0, and they apply to no input.  Three categories are
our own, for what a site's rule has and OpenAI's list has not:

    profanity        obscene words
    contact-details  phone numbers, e-mail and postal addresses
    unknown          the classifier knows too few of the words: a person has to read

Where the classifier abstains, what is covered scores 0.5 unless a word speaks for
itself.  Images are refused: nothing here looks at them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import uuid4

from flask import Blueprint, Flask, Response, request
from pydantic_core import from_json

from model.finding import Attribute, Source
from service.api.reading import read_json
from service.api.routes import answer, site_of_bearer
from service.compact import dumps
from service.compat import failing
from service.compat.mending import mended
from service.compat.scores import probabilities
from service.domain import Comment, Reason, Verdict
from service.errors import NotAuthenticated, TooManyRequests
from service.services import services

PATH = "/v1/moderations"
TEXT = "text"

INVALID = "invalid_request_error"
FAULT = "server_error"
TOO_MANY = "requests"
"""`type` where too many requests were sent; elsewhere it would be tokens."""
CODES = {
    401: "invalid_api_key",
    404: "unknown_url",
    405: "method_not_supported",
    429: "rate_limit_exceeded",
}
"""`code` of errors that have nothing to do with a field."""
KINDS = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a number",
    str: "a string",
    list: "an array",
    dict: "an object",
}
"""JSON's types, as an error names them."""


class Category(NamedTuple):
    """A category that is covered: the one or the other attribute, or both at once."""

    combine: Callable[..., Any]
    attributes: tuple[Attribute, ...]


COVERED: Mapping[str, Category] = {
    "harassment": Category(max, (Attribute.INSULT, Attribute.THREAT)),
    "harassment/threatening": Category(max, (Attribute.THREAT,)),
    "hate": Category(max, (Attribute.IDENTITY_ATTACK,)),
    "hate/threatening": Category(min, (Attribute.IDENTITY_ATTACK, Attribute.THREAT)),
    "violence": Category(max, (Attribute.THREAT,)),
    "profanity": Category(max, (Attribute.PROFANITY,)),
}
CONTACT = "contact-details"
UNKNOWN = "unknown"
NOT_COVERED = (
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "sexual/minors",
    "violence/graphic",
)
CATEGORIES = (*COVERED, CONTACT, UNKNOWN, *NOT_COVERED)


class Seen(NamedTuple):
    """What was seen of a category: whether the site's policy minds, and a score."""

    is_met: bool
    score: float


bp = Blueprint("openai", __name__)


class Refused(Exception):
    """What is wrong with a request: for people, the field's name, and for programs."""

    def __init__(self, message: str, param: str | None, code: str | None) -> None:
        super().__init__(message)
        self.param = param
        self.code = code


def register(app: Flask) -> None:
    """Add the route to an app."""
    app.register_blueprint(bp)


@bp.post(PATH)
def moderations() -> Response:
    """Judge one text, several, or one in parts."""
    parts = services()
    site = site_of_bearer(parts, request.environ)
    limits = parts.settings
    texts = parse(
        read_json(request.environ, limits.max_batch_body),
        max_text=limits.max_text,
        max_inputs=limits.max_batch,
    )
    decisions = parts.moderation.moderate_many(site, [Comment(text) for text in texts])
    for decision in decisions:
        parts.metrics.verdict(decision.verdict)
    verdicts = [decision.verdict for decision in decisions]
    return answer(
        {
            "id": f"modr-{uuid4().hex}",
            "model": verdicts[0].model,
            "results": [result(verdict) for verdict in verdicts],
        }
    )


def parse(body: bytes, *, max_text: int, max_inputs: int) -> list[str]:
    """Read the texts to be judged, of each of which one result is wanted.

    Which model is wanted does not matter, and what is not known is passed over.

    Args:
        body: at most as long as the caller has let pass.
        max_text: longest text, in characters.
        max_inputs: most elements of an array.

    Raises:
        Refused: it is no JSON, or not what OpenAI's clients send; or an image.
    """
    value = _json(body)
    if not isinstance(value, dict):
        raise _wrong_type(None, "an object", value)
    if not isinstance(value.get("model"), str | None):
        raise _wrong_type("model", "a string", value["model"])
    if "input" not in value:
        raise _missing("input")
    texts = _texts(value["input"], max_inputs)
    for name, text in texts.items():
        _check_length(name, text, max_text)
    return list(texts.values())


def result(verdict: Verdict) -> dict[str, Any]:
    """What is answered about one text."""
    seen = _seen(verdict)
    return {
        "flagged": bool(verdict.reasons),
        "categories": {c: c in seen and seen[c].is_met for c in CATEGORIES},
        "category_scores": {c: seen[c].score if c in seen else 0.0 for c in CATEGORIES},
        "category_applied_input_types": {
            c: [TEXT] if c in seen else [] for c in CATEGORIES
        },
    }


def refuse(error: Refused) -> Response:
    """Answer what is wrong with a request."""
    return _error(400, str(error), INVALID, error.param, error.code)


def shape(status: int, said: str, error: Exception) -> Response:
    """Answer any other error."""
    if isinstance(error, NotAuthenticated):
        said = f"Incorrect API key provided. {said}"
    kind = FAULT if status >= 500 else INVALID
    if isinstance(error, TooManyRequests):
        said, kind = f"Rate limit reached. {said}", TOO_MANY
    return _error(status, said, kind, None, CODES.get(status))


bp.register_error_handler(Refused, refuse)
failing.register(bp, shape, PATH)


def _json(body: bytes) -> object:
    """The value of a body; half a surrogate pair must not keep a text unjudged."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError:
        text = mended(body)
    try:
        return from_json(text or "", allow_inf_nan=False)
    except ValueError:
        said = "We could not parse the JSON body of your request: send JSON in UTF-8."
        raise Refused(said, None, None) from None


def _texts(value: object, most: int) -> dict[str, str]:
    """The texts of `input`, by the name that an error gives the field."""
    if isinstance(value, str):
        return {"input": value}
    if not isinstance(value, list):
        raise _wrong_type("input", "one of a string or an array", value)
    if not 0 < len(value) <= most:
        size, end = ("long", "above_max") if value else ("short", "below_min")
        raise Refused(
            f"Invalid 'input': array too {size}. Expected an array with length 1 to "
            f"{most}, but got an array with length {len(value)} instead.",
            "input",
            f"array_{end}_length",
        )
    if isinstance(value[0], dict):
        texts = [_part(f"input[{i}]", part) for i, part in enumerate(value)]
        return {"input": "\n".join(texts)}
    return {f"input[{i}]": _text(f"input[{i}]", text) for i, text in enumerate(value)}


def _part(name: str, part: object) -> str:
    if not isinstance(part, dict):
        raise _wrong_type(name, "an object, as those before it", part)
    if "type" not in part:
        raise _missing(f"{name}.type")
    if part["type"] != TEXT:
        raise Refused(
            f"Invalid value for '{name}.type'. Supported values are: 'text'. "
            "Images are not judged here.",
            f"{name}.type",
            "invalid_value",
        )
    if TEXT not in part:
        raise _missing(f"{name}.{TEXT}")
    return _text(f"{name}.{TEXT}", part[TEXT])


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise _wrong_type(name, "a string", value)
    return value


def _check_length(name: str, text: str, most: int) -> None:
    if 0 < len(text) <= most:
        return
    size, end = ("long", "above_max") if text else ("short", "below_min")
    raise Refused(
        f"Invalid '{name}': string too {size}. Expected a string with length 1 to "
        f"{most}, but got a string with length {len(text)} instead.",
        name,
        f"string_{end}_length",
    )


def _missing(name: str) -> Refused:
    said = f"Missing required parameter: '{name}'."
    return Refused(said, name, "missing_required_parameter")


def _wrong_type(name: str | None, wanted: str, value: object) -> Refused:
    place = f" for '{name}'" if name else ""
    said = f"Invalid type{place}: expected {wanted}, but got {KINDS[type(value)]}."
    return Refused(said, name, "invalid_type")


def _seen(verdict: Verdict) -> dict[str, Seen]:
    """What was seen of every category that is covered."""
    reasons = verdict.reasons
    scores = probabilities(verdict.scores, reasons)
    met = {reason.attribute for reason in reasons}
    seen = {
        name: Seen(
            combine(attribute in met for attribute in attributes),
            combine(scores[attribute] for attribute in attributes),
        )
        for name, (combine, attributes) in COVERED.items()
    }
    contacts = [reason for reason in reasons if reason.source is Source.CONTACT]
    doubts = [reason for reason in reasons if reason.rule is None]
    return seen | {CONTACT: _strongest(contacts), UNKNOWN: _strongest(doubts)}


def _strongest(reasons: Sequence[Reason]) -> Seen:
    score = max((reason.score for reason in reasons), default=0.0)
    return Seen(bool(reasons), score)


def _error(
    status: int, message: str, kind: str, param: str | None, code: str | None
) -> Response:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return Response(dumps({"error": error}), status, content_type="application/json")
