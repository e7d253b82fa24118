"""Where the sentences of a text are.  Knows no language's abbreviations."""

from __future__ import annotations

import re

from model.finding import Span

MOST = 100
"""Sentences of a text at most; where there are more, short ones join the next."""
ENDS = frozenset(".!?\u2026\u3002\uff01\uff1f")
CLOSERS = "\"')]\u2019\u201d\u00bb"
"""What may stand between the end of a sentence and the space after it."""
FEW = 4
"""Characters before a space that are looked at."""

_SPACE = re.compile(r"\s+")


def sentences(text: str) -> list[Span]:
    """The sentences of a text, in order, without the space around them.

    Returns:
        Spans in code points that do not overlap; none of them is blank.
    """
    least = len(text) // MOST + 1
    found: list[Span] = []
    start = len(text) - len(text.lstrip())
    for space in _SPACE.finditer(text, start):
        is_last = space.end() == len(text)
        if is_last or (_is_end(text, space) and space.start() - start >= least):
            found.append(Span(start, space.start()))
            start = space.end()
    if start < len(text):
        found.append(Span(start, len(text)))
    return found


def _is_end(text: str, space: re.Match[str]) -> bool:
    if "\n" in space.group():
        return True
    before = text[max(0, space.start() - FEW) : space.start()].rstrip(CLOSERS)
    return before[-1:] in ENDS
