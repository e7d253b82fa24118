"""Whole HTTP answers as bytes, to requests that never come as far as the app."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

RETRY_AFTER_S = 1
"""When to come again: what waits in a full queue is answered long before."""
BUSY = "Too many requests are under way."

ALIVE = b"GET /healthz "
PROBES = (b"GET /readyz ", b"GET /metrics ")
"""How requests begin of those who watch the service, which they do just then."""
CORAL = b"POST /coral/moderate"
"""How those begin whose sender publishes a comment for want of a proper answer."""


def is_alive(request_id: str) -> bytes:
    """What `service.api.health` answers to ALIVE, by itself."""
    return _answer(HTTPStatus.OK, "application/json", {"status": "ok"}, request_id)


def held(request_id: str, answer: object) -> bytes:
    """What CORAL is answered by which a comment waits for people."""
    return _answer(HTTPStatus.OK, "application/json", answer, request_id)


def too_busy(request_id: str) -> bytes:
    """A problem document (RFC 9457) that says when to try again."""
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return problem(status, request_id, BUSY, {"Retry-After": str(RETRY_AFTER_S)})


def problem(
    status: HTTPStatus,
    request_id: str,
    detail: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """A problem document (RFC 9457); after it the connection ends."""
    document = {"type": "about:blank", "title": status.phrase, "status": status.value}
    if detail is not None:
        document["detail"] = detail
    return _answer(status, "application/problem+json", document, request_id, headers)


def _answer(
    status: HTTPStatus,
    media_type: str,
    document: object,
    request_id: str,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    body = json.dumps(document).encode()
    lines = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "Connection: close",
        f"X-Request-Id: {request_id}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
        f"Content-Type: {media_type}",
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
