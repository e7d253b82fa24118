"""Labels that contradict each other: near-identical comments decided differently.

Of these the last decision holds, and what differs from it is left out.  Pure; reading
labels is `service.store.labels`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from model.labels import Label
from service.store.labels import Decided

Alike = tuple[int, bytes]
"""What near-identical comments share: `Decided.alike`."""

Member = tuple[datetime, int, bool, str, str]
"""Of a comment in dispute: when, key, whether it was rejected, site, id."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Near-identical comments of one site that people decided differently.

    `decided` are the comments' ids, and whether each was rejected, in the order in
    which they were decided: the last one holds.
    """

    site: str
    decided: tuple[tuple[str, bool], ...]

    @property
    def is_rejected(self) -> bool:
        """What holds."""
        return self.decided[-1][1]

    @property
    def left_out(self) -> int:
        """How many of the decisions are no labels."""
        return sum(rejected is not self.is_rejected for _, rejected in self.decided)


class Agreeing:
    """Labels that agree with the last one on near-identical comments.

    Holds no texts.  Of the last iteration: `contradictions` are those that it found,
    and `keys` those of the comments whose labels it gave.
    """

    def __init__(
        self,
        read: Callable[[], Iterable[Decided]],
        like: Callable[[], Iterable[Decided]],
    ) -> None:
        """Wire it.

        Args:
            read: what people decided.
            like: of that, at least those that are near-identical to others.
        """
        self._read = read
        self._like = like
        self.contradictions: list[Contradiction] = []
        self.keys: list[int] = []

    def __iter__(self) -> Iterator[Label]:
        self.keys = []
        holds = _disputed(self._like())
        members: dict[Alike, list[Member]] = defaultdict(list)
        for decided in self._read():
            label, alike = decided.label, decided.alike
            if alike in holds:
                member = decided.at, decided.key, label.rejected, label.site, label.id
                members[alike].append(member)
            if holds.get(alike, label.rejected) is label.rejected:
                self.keys.append(decided.key)
                yield label
        self.contradictions = [_contradiction(group) for group in members.values()]


def _disputed(decided: Iterable[Decided]) -> Mapping[Alike, bool]:
    """Where people decided differently, whether the last of them rejected."""
    last: dict[Alike, tuple[datetime, int, bool]] = {}
    disputed: set[Alike] = set()
    for one in decided:
        mine = one.at, one.key, one.label.rejected
        other = last.setdefault(one.alike, mine)
        if other[-1] is not mine[-1]:
            disputed.add(one.alike)
        last[one.alike] = max(other, mine)
    return {alike: last[alike][-1] for alike in disputed}


def _contradiction(group: Iterable[Member]) -> Contradiction:
    ordered = sorted(group)
    decided = tuple((id, rejected) for _, _, rejected, _, id in ordered)
    return Contradiction(ordered[0][3], decided)
