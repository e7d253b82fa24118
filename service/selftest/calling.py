"""One call to a service over HTTP, as a client of its own would make it.

Follows no redirect, for Coral follows none, and uses no proxy.  What the other side
says is shown only where it can do no harm on a terminal.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpcore

from service.errors import InvalidInput
from service.selftest.findings import Failed
from service.webhooks.posting import BROKEN, Guarded, NotSent, explained

JSON = "application/json"
MAX_ANSWER = 1_000_000
"""Bytes of an answer that are read."""
MAX_SHOWN = 200
"""Characters of what the other side says that are shown."""
REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, how long it took, and names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def complaint(self) -> str:
        """What an error says, in whichever of the protocols' shapes, for a terminal."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return shown(self.text)
        for place in ("error", "message", "detail"):
            if isinstance(value, dict):
                value = value.get(place, value)
        return shown(value if isinstance(value, str) else self.text)

    def expect(self, *statuses: int) -> Answer:
        """The answer itself, where it has one of these statuses.

        Raises:
            Failed: it has another, or comes from somebody who stands between.
        """
        if self.status in REDIRECTS:
            raise Failed(
                "Callers are sent on to another address, and clients do not follow: "
                f"{shown(self.headers.get('location', ''))}"
            )
        if self._is_page:
            raise Failed(
                f"A web page is answered (status {self.status}): something else "
                "listens at this address, or a proxy answers for the service."
            )
        if self.status not in statuses:
            raise Failed(f"Answered with {named(self.status)}: {self.complaint}")
        return self

    def read(self) -> dict[str, Any]:
        """The object that the body is in JSON.  Raises Failed where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise Failed("What is answered is no object in JSON.")
        return value

    @property
    def _is_page(self) -> bool:
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.body.lstrip()[:1] == b"<"


class Caller:
    """Calls one service; every call makes a connection of its own."""

    def __init__(self, url: str, context: ssl.SSLContext, timeout_s: float) -> None:
        """Prepare to call.

        Args:
            url: of `service.webhooks.network.check_url`, without a last slash.
            context: of `httpcore.default_ssl_context`, say.
            timeout_s: how long a call may take, all in all.
        """
        self.url = url
        self._context = context
        self._timeout_s = timeout_s

    def at(self, url: str) -> Caller:
        """One like it for another address."""
        return Caller(url, self._context, self._timeout_s)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Get what is at a path."""
        return self._call("GET", path, b"", headers or {})

    def post(
        self, path: str, body: bytes, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Post a body to a path; it is JSON where no header says otherwise."""
        sent = {"Content-Type": JSON, **(headers or {})}
        return self._call("POST", path, body, sent)

    def _call(
        self, method: str, path: str, body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        """Call.

        Raises:
            NotSent: there was no answer in time.
        """
        start = time.monotonic()
        backend = Guarded(start + self._timeout_s, private=True)
        pool = httpcore.ConnectionPool(
            ssl_context=self._context, network_backend=backend
        )
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        content = body if method == "POST" else None
        try:
            with (
                pool,
                pool.stream(
                    method, self.url + path, headers=sent, content=content
                ) as answer,
            ):
                received = _read(answer)
                known = {k.decode("latin-1").lower(): v for k, v in answer.headers}
        except InvalidInput as error:
            raise NotSent(str(error)) from error
        except BROKEN as error:
            raise NotSent(explained(error, self._timeout_s)) from error
        return Answer(
            answer.status,
            {name: value.decode("latin-1") for name, value in known.items()},
            received,
            time.monotonic() - start,
        )


def shown(said: str) -> str:
    """What somebody else said, fit for a terminal: its beginning, on one line."""
    said = " ".join(said.split())
    clean = "".join(c if c.isprintable() else "\ufffd" for c in said)
    return clean[:MAX_SHOWN] or "(nothing)"


def named(status: int) -> str:
    """A status with its name."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _read(answer: httpcore.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    for part in answer.iter_stream():
        size += len(part)
        if size > MAX_ANSWER:
            raise NotSent(f"The answer is longer than {MAX_ANSWER:,} bytes.")
        parts.append(part)
    return b"".join(parts)
