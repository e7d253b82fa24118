"""How much of a request has come, by its bytes.  Refuses nothing: the parser does.

A thread is to be given only to what is whole, so that nobody's slowness costs one.  All
that is read of the head for that is how long the body is; where it is not clear, a
thread finds out.
"""

from __future__ import annotations

from enum import Enum, auto

BLANK_LINE = b"\r\n\r\n"
LENGTH = b"\r\ncontent-length:"
CODING = b"\r\ntransfer-encoding:"
EXPECTATION = b"\r\nexpect:"
PACKED = frozenset((b"compress", b"deflate", b"gzip", b"identity"))
"""Codings that may come before the chunks."""
HEX = frozenset(b"0123456789abcdefABCDEF")

LONGEST_LINE = 8_200
"""The parser refuses a longer first line, and a longer line between chunks."""
LONGEST_HEAD = 65_536
"""In bytes.  The parser would take eight times that, and hold a thread meanwhile."""
MOST_DIGITS = 12
"""Of a length, or of a chunk's size."""


class Come(Enum):
    """What has come of a request."""

    NOTHING = auto()
    HEAD_BEGUN = auto()
    HEAD = auto()
    """The head is there, and something of the body missing."""
    WHOLE = auto()
    UNCLEAR = auto()
    """A thread has to see to it: it is to be refused, or its body is too long."""
    ENDLESS = auto()
    """A head too long to wait for its end."""


class Arrival:
    """What has come of one request after the other, on one connection.

    `most_body` is the longest body that is waited for, in bytes.
    """

    def __init__(self, most_body: int) -> None:
        self._most_body = most_body
        self.begin()

    def begin(self) -> None:
        """Look for the next request."""
        self._body = 0  # Where it begins; 0 while the head has no end.
        self._needed = 0  # Where it ends; 0 if it comes in chunks.
        self._chunk = 0  # Where the next chunk begins.
        self._is_unclear = False
        self.is_awaiting = False

    is_awaiting: bool
    """Whether the client waits to be told to send its body (`Expect: 100-continue`)."""

    def come(self, data: bytes) -> Come:
        """Say what has come, from all bytes since the request began."""
        if not self._body:
            blank = data.find(BLANK_LINE)
            if blank < 0:
                return _begun(data)
            self._body = blank + len(BLANK_LINE)
            self._measure(data[: blank + 2].lower())
        if self._is_unclear:
            return Come.UNCLEAR
        if self._needed:
            return Come.WHOLE if len(data) >= self._needed else Come.HEAD
        return self._chunks(data)

    def lacks(self, size: int) -> bool:
        """Whether so many bytes are too few to look again, once the head is known."""
        return size < max(self._needed, self._chunk)

    def _measure(self, head: bytes) -> None:
        """Find out where the body ends; the head is in lower case."""
        length = head.find(LENGTH)
        if CODING in head:
            # With a length, too, it is refused: what else but harm is it meant for?
            self._is_unclear = length >= 0 or not _is_chunked(head)
            self._chunk = self._body
        elif length < 0:
            self._needed = self._body
        else:
            start = length + len(LENGTH)
            digits = head[start : head.index(b"\r\n", start)].strip(b" \t")
            digits = digits.lstrip(b"0") or digits[:1]
            is_number = digits.isdigit() and len(digits) <= MOST_DIGITS
            size = int(digits) if is_number and LENGTH not in head[start:] else None
            self._is_unclear = size is None or size > self._most_body
            self._needed = self._body + (size or 0)
        expectations = _values(head, EXPECTATION)
        if expectations == [b"100-continue"]:
            # To one of HTTP/1.0 nothing must be said before the answer.
            self.is_awaiting = b" http/1.1\r\n" in head
        elif expectations:
            self._is_unclear = True  # Who expects something else sends no body yet.

    def _chunks(self, data: bytes) -> Come:
        """Go from chunk to chunk as far as they have come."""
        while self._chunk <= len(data) <= self._body + self._most_body:
            end = data.find(b"\r\n", self._chunk)
            if end < 0:
                is_long = len(data) - self._chunk > LONGEST_LINE
                return Come.UNCLEAR if is_long else Come.HEAD
            digits = data[self._chunk : end].partition(b";")[0].strip(b" \t")
            digits = digits.lstrip(b"0") or digits[:1]
            if not digits or len(digits) > MOST_DIGITS or not HEX.issuperset(digits):
                return Come.UNCLEAR
            size = int(digits, 16)
            if size == 0:  # Then trailers may follow, and a blank line.
                if data.find(BLANK_LINE, end) >= 0:
                    return Come.WHOLE
                return Come.ENDLESS if len(data) - end > LONGEST_HEAD else Come.HEAD
            self._chunk = end + 2 + size + 2
        is_long = max(self._chunk, len(data)) > self._body + self._most_body
        return Come.UNCLEAR if is_long else Come.HEAD


def _values(head: bytes, name: bytes) -> list[bytes]:
    """What is said in all headers of that name; the head is in lower case."""
    lines = head.split(name)[1:]
    return [line.partition(b"\r\n")[0].strip(b" \t") for line in lines]


def _is_chunked(head: bytes) -> bool:
    """Whether a body comes in chunks, by a head in lower case; else it is refused.

    As gunicorn has it, which takes them packed, too, and gives them so to the app.
    """
    codings = b",".join(_values(head, CODING)).split(b",")
    *others, last = (coding.strip(b" \t") for coding in codings)
    is_known = PACKED.issuperset(others)
    return is_known and last == b"chunked" and b" http/1.1\r\n" in head


def _begun(data: bytes) -> Come:
    """What a head is that has no end yet."""
    if data in (b"", b"\r", b"\r\n", b"\r\n\r"):
        return Come.NOTHING  # Some clients end a body by a line too many.
    line = data.find(b"\r\n", 2)
    has_bare_ends = data.count(b"\n") != data.count(b"\r\n")
    if has_bare_ends or (line < 0 and len(data) > LONGEST_LINE):
        return Come.UNCLEAR  # The parser refuses it as it is.
    return Come.ENDLESS if len(data) > LONGEST_HEAD else Come.HEAD_BEGUN
