"""A text with some of its parts written differently, and the way back to it.

Only replaces what it is told to: what deserves it, other rooms say.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from model.lexicon.entries import View


class Edit(NamedTuple):
    """What to write in place of a half-open range, and what made it readable."""

    start: int
    end: int
    written: str
    view: View


class Revealed:
    """A text after its edits."""

    def __init__(self, text: str, edits: Sequence[Edit]) -> None:
        """Write the edits into a text.

        Args:
            text: folded.
            edits: by start, none overlapping another.
        """
        self._edits = edits
        self._starts: list[int] = []
        """Where each edit starts in the new text."""
        parts: list[str] = []
        at = size = 0
        for edit in edits:
            size += edit.start - at
            self._starts.append(size)
            parts += (text[at : edit.start], edit.written)
            size += len(edit.written)
            at = edit.end
        parts.append(text[at:])
        self.text = "".join(parts)

    def origin(self, start: int, end: int) -> tuple[int, int, View | None]:
        """Where a range of the new text stood, and the view of its first edit."""
        first = bisect_right(self._starts, start) - 1
        last = bisect_right(self._starts, end - 1) - 1
        came_from, edit = self._source(first, start, is_end=False)
        came_to, _ = self._source(last, end - 1, is_end=True)
        if edit is None and last > first:
            edit = self._edits[first + 1]
        return came_from, came_to, edit.view if edit else None

    def _source(self, which: int, at: int, *, is_end: bool) -> tuple[int, Edit | None]:
        """The place that a character came from, and the edit that wrote it, if any."""
        if which < 0:
            return at + is_end, None
        edit, start = self._edits[which], self._starts[which]
        beyond = at - start - len(edit.written)
        if beyond < 0:
            return (edit.end if is_end else edit.start), edit
        return edit.end + beyond + is_end, None
