"""Two revisions of a text as one, with what came and what went.  Word by word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from markupsafe import Markup

from service.desk.marking import mark_up

MOST_PAIRS = 20_000
"""Pairs of equal words beyond which texts are not compared in detail: the matcher looks
at all of them, again for every block that it finds."""

_PARTS = re.compile(r"\s+|[^\W_]+|[\W_]")

Change = tuple[str, int, int, int, int]
"""As `SequenceMatcher.get_opcodes` gives them."""


def differences(old: str, new: str) -> Markup:
    """The new text as HTML with `<ins>` and `<del>`; time is linear in the length."""
    before, after = _PARTS.findall(old), _PARTS.findall(new)
    parts: list[Markup] = []
    for what, i, j, m, n in _changes(before, after):
        went, came = mark_up("".join(before[i:j])), mark_up("".join(after[m:n]))
        if what == "equal":
            parts.append(came)
            continue
        parts.append(Markup("<del>{}</del>").format(went) if went else went)
        parts.append(Markup("<ins>{}</ins>").format(came) if came else came)
    return Markup().join(parts)


def _changes(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    """What changed between the beginning and the end that both have in common."""
    start = _alike(before, after)
    end = _alike(before[start:][::-1], after[start:][::-1])
    last, end_of_new = len(before) - end, len(after) - end
    yield "equal", 0, start, 0, start
    for what, i, j, m, n in _within(before[start:last], after[start:end_of_new]):
        yield what, i + start, j + start, m + start, n + start
    yield "equal", last, len(before), end_of_new, len(after)


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words both have in common at the beginning."""
    pairs = zip(one, other, strict=False)
    return next(
        (i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other))
    )


def _within(before: Sequence[str], after: Sequence[str]) -> Sequence[Change]:
    count = Counter(after)
    if sum(count[word] for word in before) > MOST_PAIRS:
        return [("replace", 0, len(before), 0, len(after))]
    # Without its guess that frequent words are noise, which is for program code.
    return SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
