"""Which of overlapping matches hold.  Linear in their number, but for long chains."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from operator import itemgetter

from model.lexicon.entries import Match, Strength
from model.lexicon.revealed import Edit

_start = itemgetter(1)
"""Where a match starts: it is a tuple."""


def outside(ranges: list[tuple[int, int]], found: list[Match]) -> list[Match]:
    """Matches that none of the ranges takes away.

    A range takes away what lies in it, and what reaches beyond it for the sake of a
    word that lies in it: in "huge dick van dyke", "dick van dyke" takes "huge dick".
    """
    if not ranges:
        return found
    merged = _merged(ranges)
    starts = [start for start, _ in merged]
    kept: list[Match] = []
    taken: list[tuple[int, int]] = []
    reaching: list[Match] = []
    for match in found:
        at = bisect_right(starts, match.start) - 1
        if at >= 0 and match.end <= merged[at][1]:
            taken.append((match.start, match.end))
        elif (at >= 0 and match.start < merged[at][1]) or (
            at + 1 < len(starts) and starts[at + 1] < match.end < merged[at + 1][1]
        ):
            reaching.append(match)
        else:
            kept.append(match)
    taken.sort()
    return kept + [match for match in reaching if not _rests_on(match, taken)]


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The ranges by start, overlapping ones as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _rests_on(match: Match, taken: list[tuple[int, int]]) -> bool:
    """Whether a match holds one of the sorted ranges."""
    first = bisect_left(taken, (match.start, 0))
    return any(
        end <= match.end for start, end in taken[first : first + 8] if start < match.end
    )


def apart(found: list[Match]) -> list[Match]:
    """Of overlapping matches those that reject, of these the longest; by start."""
    found = sorted(found, key=_start)
    kept: list[Match] = []
    group: list[Match] = []
    reach = 0
    for match in found:
        if match.start >= reach:
            kept += _best(group) if len(group) > 1 else group
            group = []
        group.append(match)
        reach = max(reach, match.end)
    return kept + _best(group)


def _best(group: list[Match]) -> list[Match]:
    """Of a chain of overlapping matches those that hold; by start."""
    if len(group) == 2:
        return [min(group, key=_weakness)]
    group.sort(key=_weakness)
    kept: list[Match] = []
    first = min(match.start for match in group) if group else 0
    taken = bytearray(max((match.end for match in group), default=0) - first)
    for match in group:
        start, end = match.start - first, match.end - first
        if taken.find(1, start, end) < 0:
            taken[start:end] = b"\1" * (end - start)
            kept.append(match)
    return sorted(kept, key=_start)


def _weakness(match: Match) -> tuple[bool, int, int]:
    is_weak = match.entry.strength is not Strength.REJECT
    return is_weak, match.start - match.end, match.start


def disjoint(edits: Iterable[Edit]) -> list[Edit]:
    """Edits by start; of those that meet, the earlier holds."""
    kept: list[Edit] = []
    reach = -1
    for edit in sorted(edits):
        if edit.start >= reach and (edit.start < edit.end or edit.start != reach):
            kept.append(edit)
            reach = edit.end
    return kept
