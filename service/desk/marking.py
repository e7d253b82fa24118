"""A reader's text as HTML: what was found is marked, and what cannot be seen is shown.

Whatever the text holds, the HTML is safe and stays in its place; that tall marks are
clipped is the style sheet's part.  Judges nothing.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import groupby, pairwise

from markupsafe import Markup

from service.domain import Reason

LONG = 1200  # characters: from here on only passages are shown at first
TALL = 20  # lines: likewise
HEAD = 700  # characters of a long text that are always shown
HEAD_LINES = 12
AROUND = 120  # characters shown on either side of a marked place further down
PASSAGES = 6  # of a long text; the rest is behind "show all"
BUDGET = 1500  # characters of a long text from which on no passage is added
CODES = 3  # unseen characters that are named singly where many stand in a row

_JOINED = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af\ua8e0-\uabff"
_PICTURE = "\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_SCAN = re.compile(
    # Joiners that Arabic and Indic scripts are written with, and pictures made of
    # several characters: these are seen.
    rf"(?<=[{_JOINED}])[\u200c\u200d]"
    rf"|(?<=[{_PICTURE}\ufe0f])\u200d(?=[{_PICTURE}])"
    rf"|(?<=[{_PICTURE}#*0-9\u00a9\u00ae\u203c\u2049\u2122\u2139])[\ufe0e\ufe0f]"
    r"|\U0001f3f4[\U000e0020-\U000e007e]+\U000e007f"
    # Controls except tab and line break, formats, fillers, selectors, separators,
    # halves of pairs and what is no character at all.
    r"|(?P<unseen>[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u070f\u115f"
    r"\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800"
    r"\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe"
    r"\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+)"
)
_BREAKS = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text, in code points, end exclusive; `name` is the rule broken."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A character that cannot be seen, and how often a text holds it."""

    code: str
    name: str
    times: int


def marks_of(reasons: Iterable[Reason]) -> tuple[Mark, ...]:
    """The places that reasons point to, under the names of their rules."""
    return tuple(
        Mark(span.start, span.end, reason.rule.value if reason.rule else "unknown")
        for reason in reasons
        for span in reason.spans
    )


def mark_up(text: str, marks: Iterable[Mark] = ()) -> Markup:
    """The whole text as HTML, for an element that keeps its line breaks.

    Places that overlap are cut where one begins or ends, so that every character bears
    the names of all rules it breaks.  Places outside the text are left out.
    """
    return _html(text, tuple(marks), 0, len(text))


def shorten(text: str, marks: Iterable[Mark] = ()) -> Markup | None:
    """The beginning of a long text and the passages around marked places further down.

    Returns:
        None for a text that is short enough to be shown whole.
    """
    if len(text) <= LONG and text.count("\n") < TALL:
        return None
    marks = tuple(marks)
    passages, last = _passages(text, marks), 0
    if passages == [(0, len(text))]:
        return None
    parts: list[Markup] = []
    for start, end in passages:
        parts += [_gap(start - last), _html(text, marks, start, end)]
        last = end
    return Markup().join([*parts, _gap(len(text) - last)])


def visible(text: str, limit: int | None = None) -> Markup:
    """A name or title as HTML in one line, cut after `limit` characters."""
    line = _BREAKS.sub(" ", text).strip()
    if limit is not None and len(line) > limit:
        return _html(line, (), 0, limit - 1) + "…"
    return _html(line, (), 0, len(line))


def plain(text: str, limit: int = 80) -> str:
    """The same as text, for attributes and titles: what cannot be seen is left out."""
    line = _BREAKS.sub(" ", _SCAN.sub(_only_seen, text)).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def unseen(text: str) -> tuple[Unseen, ...]:
    """What cannot be seen in a text, the most frequent first."""
    times = Counter("".join(text[start:end] for start, end in _runs(text)))
    return tuple(
        Unseen(_code(character), _name(character), count)
        for character, count in times.most_common()
    )


def quotes(text: str, reason: Reason, limit: int = 5) -> list[Markup]:
    """The first few different passages that a reason points to."""
    found = dict.fromkeys(text[span.start : span.end] for span in reason.spans)
    return [visible(passage, 60) for passage in list(found)[:limit] if passage]


def _html(text: str, marks: Sequence[Mark], start: int, end: int) -> Markup:
    """The part of the text from `start` to `end`."""
    marks = [mark for mark in marks if 0 <= mark.start < mark.end <= len(text)]
    edges = {edge for mark in marks for edge in (mark.start, mark.end)}
    cuts = sorted({start, end, *(edge for edge in edges if start < edge < end)})
    # Found in the whole text: what can be seen depends on what stands before it.
    pieces = _pieces(text, cuts, [run for run in _runs(text) if run[1] > start])
    html = "".join(
        f'<mark class="{escape(" ".join(names))}">{piece}</mark>' if names else piece
        for piece, names in zip(pieces, _names(marks, cuts), strict=False)
        if piece
    )
    # Only escaped text, and labels of our own.
    return Markup(html)  # noqa: S704 # nosec B704


def _pieces(
    text: str, cuts: Sequence[int], runs: Sequence[tuple[int, int]]
) -> Iterator[str]:
    """The HTML between each cut and the next; `runs` are of unseen characters."""
    i = 0
    for at, to in pairwise(cuts):
        parts: list[str] = []
        while i < len(runs) and runs[i][0] < to:
            first, last = max(runs[i][0], at), min(runs[i][1], to)
            parts += escape(text[at:first]), f"<i>{_label(text[first:last])}</i>"
            at = last
            if last < runs[i][1]:
                break
            i += 1
        parts.append(escape(text[at:to]))
        yield "".join(parts)


def _names(marks: Iterable[Mark], cuts: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """For each cut the names that hold from there on, in order of the alphabet."""
    changes = sorted(
        change
        for mark in marks
        for change in ((mark.start, 1, mark.name), (mark.end, -1, mark.name))
    )
    holding: Counter[str] = Counter()
    i = 0
    for cut in cuts:
        while i < len(changes) and changes[i][0] <= cut:
            holding[changes[i][2]] += changes[i][1]
            i += 1
        yield tuple(sorted(name for name, count in holding.items() if count > 0))


@lru_cache(maxsize=256)
def _label(run: str) -> str:
    """A run of unseen characters in few words: `U+200B x 12`, `U+202E U+2066 +40`."""
    parts = [(_code(character), len(list(same))) for character, same in groupby(run)]
    shown = [
        f"{code} \u00d7 {count}" if count > 1 else code for code, count in parts[:CODES]
    ]
    left = sum(count for _, count in parts[CODES:])
    return " ".join([*shown, *([f"+{left}"] if left else [])])


def _passages(text: str, marks: Sequence[Mark]) -> list[tuple[int, int]]:
    """Which parts of a long text are shown at first: in order, not touching."""
    lines = text.split("\n", HEAD_LINES)
    head = _word_to(text, 0, min(HEAD, len("\n".join(lines[:HEAD_LINES]))))
    passages = [(0, head)]
    for mark in sorted(marks, key=lambda mark: mark.start):
        start = _word_at(text, max(mark.start - AROUND, 0), mark.start)
        end = min(mark.end, mark.start + HEAD)
        last = passages[-1]
        if start <= last[1] + AROUND:
            start = last[0]
            passages.pop()
        end = max(_word_to(text, end, end + AROUND), last[1])
        passages.append((start, end))
        shown = sum(end - start for start, end in passages)
        if len(passages) == PASSAGES or shown >= BUDGET:
            break
    return passages


def _word_at(text: str, start: int, end: int) -> int:
    """Where the first whole word begins; `start` where there is none before `end`."""
    found = _BREAKS.search(text, start, end)
    return found.end() if found and found.end() < end else start


def _word_to(text: str, start: int, end: int) -> int:
    """Where the last whole word ends; `end` where there is none after `start`."""
    if end >= len(text):
        return len(text)
    last = max(text.rfind(" ", start, end), text.rfind("\n", start, end))
    return last if last > start else end


def _gap(length: int) -> Markup:
    if length <= 0:
        return Markup()
    return Markup('<b class="left-out">… {} …</b>').format(
        "1 character" if length == 1 else f"{length:,} characters"
    )


def _runs(text: str) -> list[tuple[int, int]]:
    """Where unseen characters are, run by run."""
    if text.isascii() and text.isprintable():
        return []
    return [found.span() for found in _SCAN.finditer(text) if found["unseen"]]


def _only_seen(found: re.Match[str]) -> str:
    return "" if found["unseen"] else found[0]


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"


def _name(character: str) -> str:
    return unicodedata.name(character, "control character").lower()
