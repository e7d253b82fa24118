"""A head that can only be refused is refused before any of its body comes."""

from __future__ import annotations

import json
import time

import pytest

from tests.fixtures_service import Server
from tests.sockets import HEAD, connected, rest

MOMENT_S = 1.0
"""In which it is answered; it was waited for ten seconds for the body."""


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("lines", "status"),
    [
        pytest.param(b"Expect: tea\r\nContent-Length: 9", 417, id="tea"),
        pytest.param(b"Expect: tea\r\nTransfer-Encoding: chunked", 417, id="chunks"),
        pytest.param(b"Transfer-Encoding: br", 501, id="an unknown coding"),
        pytest.param(b"Transfer-Encoding: br, chunked", 501, id="and chunks"),
        pytest.param(b"Transfer-Encoding: gzip", 400, id="one without an end"),
        pytest.param(b"Transfer-Encoding: chunked, gzip", 400, id="the wrong way"),
    ],
)
def test_what_is_not_done_for_anybody_is_refused_at_once(
    server: Server, lines: bytes, status: int
) -> None:
    begun = time.monotonic()
    with connected(server) as connection:
        connection.sendall(HEAD + lines + b"\r\n\r\n")
        head, _, body = rest(connection).partition(b"\r\n\r\n")
    took = time.monotonic() - begun

    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in head
    assert json.loads(body)["status"] == status
    assert took < MOMENT_S
