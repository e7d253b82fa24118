"""Words in disguise within one chunk of text, which has no blanks: sh1t, f*ck, s.h.i.t.

Decides which chunks are worth a reader's time, and how much of one to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from model.lexicon.disguise import LONGEST, STRETCH_SIGN, Reader, Reading
from model.lexicon.entries import Match
from model.lexicon.spacing import OUTER
from model.text import Folded

CHUNK = re.compile(r"\S+")
JOINTS = re.compile(r"[-/,;:&+\"'()\[\]=]+|\.{2,}|[!?](?=[a-z]{2})")
POSSESSIVE = re.compile(r"'s?$")
ADDRESS = re.compile(r"://|www\.|[\w.]@\w+\.\w")
QUOTES = "'\".,;:?`([{<>}])"
PLAIN_QUOTES = "'\".,;:?!`()[]"
MOST_READ = 1_000
"""So many characters of different disguised-looking chunks are read in one text."""

PER_CHUNK = 8
"""What reading a chunk costs besides its characters, in characters."""

CODE = re.compile(
    r"[A-Z]+-?\d{2,}|\d{2,}-?[A-Z]+"  # number plates, models: SH17, CVN-77
    r"|(?=(?:[A-Z]*\d){3})(?:\d[A-Z\d]*|[A-Z\d]*\d)"  # 5H1T7
    r"|[A-Z\d]*\d[A-Z\d]*(?:[-/._:][A-Z\d]+)*[-/._:]"  # serial numbers: 5H17-204,
    r"[A-Z\d]*\d[A-Z\d]*(?:[-/._:][A-Z\d]+)*"  # versions, dates, scores
    r"|#[\da-fA-F]{3,8}|[\da-f]*\d[\da-f]{6,}|[\dA-F]*\d[\dA-F]{6,}"  # colours, hashes
)
"""What is no word for all its digits, as the reader wrote it."""

MOST_FOUND = 200
"""So many matches a view gives: time is bounded."""


class Chunks:
    """Reads the chunks of a text.  Safe to share between threads."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def find(self, folded: Folded, found: list[Match]) -> bool:
        """Add to `found` what the reader makes of the text's chunks, each read once.

        Returns:
            Whether all were read.
        """
        seen: dict[str, list[tuple[int, int, Reading]]] = {}
        left = MOST_READ
        for chunk in CHUNK.finditer(folded.text):
            written = chunk[0]
            readings = seen.get(written)
            if readings is None:
                if len(written) < 3 or _is_plain(written):
                    continue
                if not (written.islower() or written.isalpha()):
                    continue  # numbers, and scripts without small letters
                left -= PER_CHUNK + len(written)
                if left < 0:
                    continue
                readings = []
                if not _is_code(folded, chunk):
                    readings += self._pieces(written)
                seen[written] = readings
            if len(found) > MOST_FOUND:
                return False
            at = chunk.start()
            for start, end, reading in readings:
                found.append(Match(reading.entry, at + start, at + end, reading.view))
        return left >= 0

    def _pieces(self, chunk: str) -> Iterator[tuple[int, int, Reading]]:
        """Readings of the whole chunk between its quotes, or else of its parts."""
        if chunk.isalpha():
            if reading := self._reader.stretched(chunk):
                yield 0, len(chunk), reading
            return
        if ADDRESS.search(chunk):
            return
        for start, piece in _cores(chunk):
            if reading := self._reader.read(piece):
                yield start, start + len(piece), reading
                return
        yield from self._parts(chunk)

    def _parts(self, chunk: str) -> Iterator[tuple[int, int, Reading]]:
        """Readings of what stands between hyphens, slashes, commas and quotes."""
        at = 0
        for joint in [*JOINTS.finditer(chunk), None]:
            end = len(chunk) if joint is None else joint.start()
            part = chunk[at:end].rstrip("!?.")
            if 2 < len(part) < len(chunk) and (reading := self._reader.read(part)):
                yield at, at + len(part), reading
            at = end if joint is None else joint.end()


def _is_plain(chunk: str) -> bool:
    """Whether a chunk is a word without runs, perhaps between quotes."""
    core = chunk if chunk.isalpha() else chunk.strip(PLAIN_QUOTES)
    return core.isalpha() and not STRETCH_SIGN.search(core)


def _is_code(folded: Folded, chunk: re.Match[str]) -> bool:
    """Whether a chunk is a number; a very long one is not asked about."""
    if chunk.end() - chunk.start() > LONGEST:
        return False
    span = folded.span(*chunk.span())
    written = folded.original[span.start : span.end].strip(QUOTES)
    # What is longer than its fold holds something that is no part of any code.
    return len(written) <= LONGEST and CODE.fullmatch(written) is not None


def _cores(chunk: str) -> list[tuple[int, str]]:
    """What may be the word in a chunk: less or more of what surrounds it belongs."""
    cores: dict[tuple[int, str], None] = {}
    for outer in (OUTER, QUOTES + "!?", QUOTES):
        core = POSSESSIVE.sub("", chunk.strip(outer))
        if len(core) > 2:
            cores[len(chunk) - len(chunk.lstrip(outer)), core] = None
    return list(cores)
