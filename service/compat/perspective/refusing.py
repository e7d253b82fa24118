"""Errors in Google's shape, with Perspective's words where it has any.

    {"error": {"code": 400, "message": …, "status": "INVALID_ARGUMENT", "details": […]}}

There is always a detail: clients look at the first one without asking.  An error names
one attribute, for clients leave that one out and try again.  Nothing of a comment is
repeated, and of what else was sent only names, cut to MAX_NAME characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from pydantic import ValidationError

from service.api.parsing import MAX_NAME
from service.compact import dumps
from service.errors import NotAuthenticated, TooManyRequests

GOOGLE = "type.googleapis.com/google"
DOMAIN = "refrain"
"""Who gives the `reason` of an error that Perspective does not have."""
RATE_LIMIT = "RATE_LIMIT_EXCEEDED"
"""Google's reason for status 429."""
BAD_KEY = "API key not valid. Please pass a valid API key."

STATUSES = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
"""google.rpc.Code by HTTP status; any other is the caller's fault."""
INVALID = "INVALID_ARGUMENT"

TYPES = {
    "string_type": "TYPE_STRING",
    "bool_type": "TYPE_BOOL",
    "float_type": "TYPE_FLOAT",
    "finite_number": "TYPE_FLOAT",
    "int_type": "TYPE_INT32",
    "list_type": "repeated",
}
"""What a field has to be, in Google's words, by pydantic's; all else is a message."""


class Refused(Exception):
    """What is wrong with a request: a sentence, and the detail that programs read."""

    def __init__(self, message: str, detail: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.detail = detail


def refused(message: str, kind: str, **more: object) -> Refused:
    """An error of Perspective's own; `kind` is its errorType."""
    of = f"{GOOGLE}.commentanalyzer.v1alpha1.Error"
    return Refused(message, {"@type": of, "errorType": kind, **more})


def invalid(message: str) -> Refused:
    """The error of Perspective's that has no type of its own."""
    return refused(message, "INVALID_REQUEST")


def unknown_attribute(name: str) -> Refused:
    """An attribute is none that is answered here."""
    return invalid(f"Unknown requested attribute: {name[:MAX_NAME]}")


def unsupported_type(name: str, kind: str) -> Refused:
    """A score is wanted, or told, that is no probability."""
    return invalid(
        f"Requested score type {kind[:MAX_NAME]} is not supported by attribute "
        f"{name[:MAX_NAME]}"
    )


def unsupported_language(attribute: str, languages: Sequence[str]) -> Refused:
    """A text cannot be read, nor is it said to be in a language that might be."""
    named = [language[:MAX_NAME] for language in languages]
    return refused(
        f"Attribute {attribute} does not support request languages: {', '.join(named)}",
        "LANGUAGE_NOT_SUPPORTED_BY_ATTRIBUTE",
        languageNotSupportedByAttributeError={
            "requestedLanguages": named,
            "attribute": attribute,
        },
    )


def malformed(error: ValidationError) -> Refused:
    """What pydantic found first, as Google's own JSON reader would put it."""
    detail = error.errors(include_url=False, include_input=False)[0]
    if detail["type"] == "json_invalid":
        return _bad_request("", "Invalid JSON payload received.")
    if not detail["loc"]:
        said = "Invalid JSON payload received. Root element must be a message."
        return _bad_request("", said)
    place = _place(detail["loc"])
    kind = TYPES.get(detail["type"], "message")
    return _bad_request(place, f"Invalid value at '{place}' ({kind})")


def refuse(error: Refused) -> Response:
    """Answer what is wrong with a request."""
    return _answer(400, str(error), INVALID, error.detail)


def shape(status: int, said: str, error: Exception) -> Response:
    """Answer any other error."""
    if isinstance(error, NotAuthenticated):
        of_google = _info("API_KEY_INVALID", "googleapis.com")
        return _answer(400, BAD_KEY, INVALID, of_google)
    name = STATUSES.get(status, INVALID)
    if isinstance(error, TooManyRequests):
        of_google = _info(RATE_LIMIT, "googleapis.com")
        return _answer(status, f"Quota exceeded: {said}", name, of_google)
    return _answer(status, said, name, _info(name, DOMAIN))


def _answer(
    code: int, message: str, status: str, detail: Mapping[str, Any]
) -> Response:
    error = {"code": code, "message": message, "status": status, "details": [detail]}
    return Response(dumps({"error": error}), code, content_type="application/json")


def _info(reason: str, domain: str) -> dict[str, str]:
    return {"@type": f"{GOOGLE}.rpc.ErrorInfo", "reason": reason, "domain": domain}


def _bad_request(field: str, said: str) -> Refused:
    violations = [{"field": field, "description": said}]
    return Refused(
        said, {"@type": f"{GOOGLE}.rpc.BadRequest", "fieldViolations": violations}
    )


def _place(location: Sequence[int | str]) -> str:
    """Where a field is: `context.entries[0].text`."""
    parts = (
        f"[{part}]" if isinstance(part, int) else f".{part[:MAX_NAME]}"
        for part in location
    )
    return "".join(parts).removeprefix(".")
