"""Whether a request is whole is seen from its bytes, wherever they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.connections.arrival import LONGEST_HEAD, Arrival, Come

MOST = 1000
"""The longest body that is waited for, in these tests."""
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
ZEROS = b"Content-Length: 00000000000000000009"
UNFINISHED = {Come.NOTHING, Come.HEAD_BEGUN, Come.HEAD}
LENGTHS = ("Content-Length: %d", "content-length:%d", "CONTENT-LENGTH: \t%d \t")


def come(data: bytes) -> Come:
    """What of a first request has come."""
    return Arrival(MOST).come(data)


@st.composite
def requests(draw: st.DrawFn) -> bytes:
    """A request with a body, in chunks or by its length, or without one."""
    body = draw(st.binary(max_size=60))
    kind = draw(st.sampled_from((None, "chunks", *LENGTHS)))
    if kind is None:
        return POST + b"\r\n"
    if kind != "chunks":
        return POST + (kind % len(body)).encode() + b"\r\n\r\n" + body
    size = draw(st.integers(1, 20))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    extension, trailer = draw(st.sampled_from(((b"", b""), (b" ;a=b", b"X: y\r\n"))))
    chunks = [b"%x%b\r\n%b\r\n" % (len(p), extension, p) for p in pieces]
    return CHUNKED + b"".join(chunks) + b"0\r\n" + trailer + b"\r\n"


@given(requests(), st.binary(max_size=20))
def test_a_request_is_whole_with_its_last_byte_and_not_before(
    request: bytes, more: bytes
) -> None:
    arrival = Arrival(MOST)
    for end in range(len(request)):
        data = request[:end]
        assert arrival.lacks(end) or arrival.come(data) not in (
            Come.WHOLE,
            Come.UNCLEAR,
        )

    assert not arrival.lacks(len(request))
    assert arrival.come(request) is Come.WHOLE
    assert come(request + more) is Come.WHOLE


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", Come.NOTHING, id="nothing"),
        pytest.param(b"\r\n", Come.NOTHING, id="an empty line"),
        pytest.param(b"\r\nGE", Come.HEAD_BEGUN, id="a line after an empty one"),
        pytest.param(POST, Come.HEAD_BEGUN, id="half a head"),
        pytest.param(POST + b"A: b\n", Come.UNCLEAR, id="a bare end of a line"),
        pytest.param(b"GET /" + b"a" * 8_300, Come.UNCLEAR, id="a line without end"),
        pytest.param(POST + b"A: b\r\n" * LONGEST_HEAD, Come.ENDLESS, id="no end"),
        pytest.param(POST + b"Content-Length: -1\r\n\r\n", Come.UNCLEAR, id="minus"),
        pytest.param(POST + b"Content-Length: 1_0\r\n\r\n", Come.UNCLEAR, id="a sign"),
        pytest.param(POST + b"Content-Length: 1001\r\n\r\n", Come.UNCLEAR, id="large"),
        pytest.param(
            POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
            Come.UNCLEAR,
            id="two lengths",
        ),
        pytest.param(
            POST + b"Content-Length: %b\r\n\r\n" % (b"9" * 5000),
            Come.UNCLEAR,
            id="5,000 digits",
        ),
        pytest.param(CHUNKED + b"5\r\nab", Come.HEAD, id="half a chunk"),
        pytest.param(CHUNKED + b"0\r\nX: y\r\n", Come.HEAD, id="half a trailer"),
        pytest.param(b"\n" * 3, Come.UNCLEAR, id="bare ends and nothing else"),
        pytest.param(b"\r\n" * 3, Come.WHOLE, id="empty lines, which are refused"),
        pytest.param(POST + ZEROS + b"\r\n\r\n", Come.HEAD, id="zeros ahead"),
        pytest.param(CHUNKED + b"0" * 20 + b"9\r\n", Come.HEAD, id="a chunk's zeros"),
        pytest.param(CHUNKED + b"\r\n", Come.UNCLEAR, id="no size"),
        pytest.param(CHUNKED + b"+5\r\n", Come.UNCLEAR, id="a signed size"),
        pytest.param(CHUNKED + b"3e9\r\n", Come.UNCLEAR, id="a large chunk"),
        pytest.param(CHUNKED + b"1\r\na\r\n" * 500, Come.UNCLEAR, id="many chunks"),
        pytest.param(CHUNKED + b"1" * 9000, Come.UNCLEAR, id="a size without end"),
    ],
)
def test_what_has_come_is_told(data: bytes, expected: Come) -> None:
    assert come(data) is expected


@pytest.mark.parametrize(
    ("lines", "is_awaiting"),
    [
        pytest.param(b"Expect: 100-Continue", True, id="waits"),
        pytest.param(b"Expect: a miracle", False, id="for something else"),
        pytest.param(b"X: Expect: 100-continue", False, id="in another header"),
        pytest.param(b"X: y", False, id="does not"),
    ],
)
def test_it_is_seen_who_waits_to_be_told(lines: bytes, is_awaiting: bool) -> None:
    arrival = Arrival(MOST)

    arrival.come(POST + lines + b"\r\nContent-Length: 5\r\n\r\n")

    assert arrival.is_awaiting is is_awaiting


def test_to_an_old_client_nothing_is_said_before_the_answer() -> None:
    arrival = Arrival(MOST)

    arrival.come(
        b"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    )

    assert not arrival.is_awaiting


def test_trailers_are_not_waited_for_without_end() -> None:
    trailers = b"0\r\n" + b"A: b\r\n" * 11_000

    assert Arrival(1_000_000).come(CHUNKED + trailers) is Come.ENDLESS


@pytest.mark.parametrize(
    ("lines", "is_clear"),
    [
        pytest.param(b"Expect: 100-Continue\r\nContent-Length: 5", True, id="to go on"),
        pytest.param(b"Expect: tea\r\nContent-Length: 5", False, id="something else"),
        pytest.param(
            b"Expect: 100-continue\r\nExpect: tea\r\nContent-Length: 5",
            False,
            id="both",
        ),
        pytest.param(b"Transfer-Encoding:chunked", True, id="chunks"),
        pytest.param(b"Transfer-Encoding: gzip , Chunked", True, id="packed chunks"),
        pytest.param(
            b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
            True,
            id="packed chunks, in two lines",
        ),
        pytest.param(b"Transfer-Encoding: gzip", False, id="no end"),
        pytest.param(b"Transfer-Encoding: br, chunked", False, id="an unknown one"),
        pytest.param(b"Transfer-Encoding: chunked, gzip", False, id="the wrong way"),
        pytest.param(b"Transfer-Encoding: chunked, chunked", False, id="twice"),
        pytest.param(b"Transfer-Encoding:", False, id="none"),
    ],
)
def test_a_body_is_waited_for_only_where_it_is_to_be_read(
    lines: bytes, is_clear: bool
) -> None:
    assert come(POST + lines + b"\r\n\r\n") is (Come.HEAD if is_clear else Come.UNCLEAR)


def test_an_old_client_sends_no_chunks() -> None:
    old = CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0")

    assert come(old) is Come.UNCLEAR
