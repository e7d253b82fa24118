"""How much a regular expression can make its engine try again, without running it.

A pattern becomes an automaton.  Where one word leads from a loop back to itself by two
ways, backtracking is exponential; where it leads from one loop to a later one and keeps
both, it is polynomial (Weideman et al., "Analyzing Matching Time Behavior of
Backtracking Regular Expression Matchers by Using Ambiguity of NFA", CIAA 2016).
Assertions are taken to pass, so what is reported may be harmless; what is not reported
takes time in proportion to the text, times the bounds that the pattern itself sets.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

SAMPLES = frozenset("a Z_5.\n\t\0\x1f\x7f-!é٣無ß\u200b😀\U0010ffff")
"""Characters of every class; a pattern's own, and their neighbours, are added."""
ENDLESS = 200
"""Repeats of more are taken for endless, so that automata stay small."""

CATEGORIES: dict[Any, Callable[[str], bool]] = {
    op.CATEGORY_DIGIT: str.isdecimal,
    op.CATEGORY_SPACE: str.isspace,
    op.CATEGORY_WORD: lambda char: char.isalnum() or char == "_",
}
NEGATED = {
    op.CATEGORY_NOT_DIGIT: op.CATEGORY_DIGIT,
    op.CATEGORY_NOT_SPACE: op.CATEGORY_SPACE,
    op.CATEGORY_NOT_WORD: op.CATEGORY_WORD,
}
SEARCH = frozenset({"search"})
REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)

Chars = frozenset[str]


@dataclass
class Automaton:
    """States are numbers; 0 is where a search begins, at any place of the text.

    `empty` are steps that read nothing, and whether something is asserted on the way;
    `reads` what a state reads, and where it goes then.
    """

    empty: dict[int, list[tuple[int, bool]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    reads: dict[int, tuple[Chars, int]] = field(default_factory=dict)
    size: int = 0

    def state(self) -> int:
        """A new state."""
        self.size += 1
        return self.size - 1

    def ways(self, state: int, *, asserting: bool = True) -> dict[int, int]:
        """States to which empty steps lead, and in how many ways, up to two."""
        found: dict[int, int] = defaultdict(int)

        def walk(at: int, seen: frozenset[int]) -> None:
            found[at] += 1
            if found[at] <= 2:
                for to, is_asserted in self.empty[at]:
                    if to not in seen and (asserting or not is_asserted):
                        walk(to, seen | {to})

        walk(state, frozenset({state}))
        return found


class Builder:
    """Makes an automaton of a parsed pattern."""

    def __init__(self, pattern: re.Pattern[str], used: frozenset[str]) -> None:
        tree = parser.parse(pattern.pattern, pattern.flags)
        self.all = SAMPLES | set(_neighbours(tree))
        self.groups: dict[int, Any] = {}
        self.flags = pattern.flags
        self.automaton = Automaton()
        begin = self.automaton.state()
        is_anchored = tree[:1] == [(op.AT, op.AT_BEGINNING)]
        if not is_anchored and not used <= {"match", "fullmatch"}:
            reader = self.automaton.state()
            self.automaton.reads[reader] = (self.all, begin)
            self.automaton.empty[begin].append((reader, False))
        self.end = self._sequence(tree, begin)
        if "fullmatch" in used:
            self.end = self._step(self.end, asserted=True)

    def _sequence(self, tree: Iterable[Any], at: int) -> int:
        for kind, about in tree:
            at = self._one(kind, about, at)
        return at

    def _one(self, kind: Any, about: Any, at: int) -> int:  # noqa: ANN401 - as parsed
        if kind in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN):
            return self._read(self._chars(kind, about), at)
        if kind in REPEATS:
            low, high, tree = about
            return self._repeat(low, high, tree, at)
        if kind is op.BRANCH:
            return self._branch(about[1], at)
        if kind is op.SUBPATTERN:
            number, add, lose, tree = about
            return self._group(number, add, lose, tree, at)
        if kind is op.ATOMIC_GROUP:
            return self._sequence(about, at)
        if kind is op.GROUPREF:
            return self._sequence(self.groups[about], at)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            # It is tried, and whatever comes of it, the text is read again.
            self._sequence(about[1], self._step(at))
            return self._step(at, asserted=True)
        if kind is op.AT:
            return self._step(at, asserted=True)
        raise NotImplementedError(str(kind))

    def _group(self, number: int, add: int, lose: int, tree: Any, at: int) -> int:  # noqa: ANN401
        self.groups[number] = tree
        before, self.flags = self.flags, (self.flags | add) & ~lose
        end = self._sequence(tree, at)
        self.flags = before
        return end

    def _step(self, at: int, *, asserted: bool = False) -> int:
        to = self.automaton.state()
        self.automaton.empty[at].append((to, asserted))
        return to

    def _read(self, chars: Chars, at: int) -> int:
        reader, to = self._step(at), self.automaton.state()
        self.automaton.reads[reader] = (chars, to)
        return to

    def _repeat(self, low: int, high: Any, tree: Any, at: int) -> int:  # noqa: ANN401
        for _ in range(min(low, ENDLESS)):
            at = self._sequence(tree, at)
        end = self.automaton.state()
        self.automaton.empty[at].append((end, False))
        if high is op.MAXREPEAT or high > ENDLESS:
            loop = self._step(at)
            back = self._sequence(tree, loop)
            self.automaton.empty[back] += [(loop, False), (end, False)]
            return end
        for _ in range(high - low):
            at = self._sequence(tree, at)
            self.automaton.empty[at].append((end, False))
        return end

    def _branch(self, trees: Iterable[Any], at: int) -> int:
        end = self.automaton.state()
        for tree in trees:
            last = self._sequence(tree, self._step(at))
            self.automaton.empty[last].append((end, False))
        return end

    def _chars(self, kind: Any, about: Any) -> Chars:  # noqa: ANN401 - as parsed
        if kind is op.ANY:
            return self.all if self.flags & re.DOTALL else self.all - {"\n"}
        if kind is op.LITERAL:
            return frozenset(char for char in self.all if self._is(char, about))
        if kind is op.NOT_LITERAL:
            return self.all - self._chars(op.LITERAL, about)
        return frozenset(char for char in self.all if self._is_in(char, about))

    def _is(self, char: str, code: int) -> bool:
        if self.flags & re.IGNORECASE:
            return char.lower() == chr(code).lower()
        return char == chr(code)

    def _is_in(self, char: str, items: Sequence[Any]) -> bool:
        wanted = True
        cases = {char}
        if self.flags & re.IGNORECASE:
            cases |= {char.lower(), char.upper()[:1] or char}
        for kind, about in items:
            if kind is op.NEGATE:
                wanted = False
            elif self._is_item(kind, about, char, cases):
                return wanted
        return not wanted

    def _is_item(self, kind: Any, about: Any, char: str, cases: set[str]) -> bool:  # noqa: ANN401
        if kind is op.LITERAL:
            return self._is(char, about)
        if kind is op.RANGE:
            return any(about[0] <= ord(case) <= about[1] for case in cases)
        return _is_of(char, about)


def worst(pattern: re.Pattern[str], used: frozenset[str] = SEARCH) -> str:
    """How long a failing search may take: `linear`, `polynomial` or `exponential`.

    Args:
        pattern: as compiled.
        used: the methods that are called.  `match` and `fullmatch` look at one place.
    """
    built = Builder(pattern, used)
    graph = _Graph(built.automaton, built.end)
    loops = [state for state in graph.steps if state in graph.after(state)]
    if any(graph.returns_twice(loop) for loop in loops):
        return "exponential"
    if any(graph.keeps_both(one, two) for one in loops for two in loops if one != two):
        return "polynomial"
    return "linear"


class _Graph:
    """The states that read, and which of them can be next."""

    def __init__(self, automaton: Automaton, end: int) -> None:
        self.chars = {state: chars for state, (chars, _) in automaton.reads.items()}
        self.steps: dict[int, dict[int, int]] = {}
        self.is_done: dict[int, bool] = {}
        for state, (_, to) in automaton.reads.items():
            ways = automaton.ways(to)
            self.steps[state] = {s: n for s, n in ways.items() if s in automaton.reads}
            self.is_done[state] = end in automaton.ways(to, asserting=False)
        self._after: dict[int, frozenset[int]] = {}

    def after(self, state: int) -> frozenset[int]:
        """All states that can come after a state."""
        if state not in self._after:
            seen: set[int] = set()
            new = set(self.steps[state])
            while new:
                seen |= new
                new = {s for one in new for s in self.steps[one]} - seen
            self._after[state] = frozenset(seen)
        return self._after[state]

    def _ring(self, loop: int) -> set[int]:
        return {state for state in self.after(loop) if loop in self.after(state)}

    def returns_twice(self, loop: int) -> bool:
        """Whether one word leads from a state back to it by two ways."""
        ring = self._ring(loop)
        if any(n > 1 for s in ring for to, n in self.steps[s].items() if to in ring):
            return True
        for pair in self._reached((loop, loop), (ring, ring)):
            if pair[0] != pair[1] and (loop, loop) in self._reached(pair, (ring, ring)):
                return True
        return False

    def keeps_both(self, one: int, two: int) -> bool:
        """Whether one word leads from a loop to itself, to another, and around that.

        Where the pattern is done with the second, nothing is tried again.
        """
        if self.is_done[two] or two not in self.after(one):
            return False
        rings = [
            {s for s in self.after(loop) if loop in self.after(s)}
            for loop in (one, two)
        ]
        between = {s for s in self.after(one) if two in self.after(s)} | {two}
        places = (rings[0], between, rings[1])
        return (one, two, two) in self._reached((one, one, two), places)

    def _reached(
        self, start: tuple[int, ...], places: Sequence[set[int]]
    ) -> set[tuple[int, ...]]:
        """What as many walkers come to that read one word, each in its own places."""
        seen: set[tuple[int, ...]] = set()
        new = [start]
        while new:
            at = new.pop()
            if not frozenset.intersection(*(self.chars[s] for s in at)):
                continue
            for to in self._next(at, places):
                if to not in seen:
                    seen.add(to)
                    new.append(to)
        return seen

    def _next(
        self, at: tuple[int, ...], places: Sequence[set[int]]
    ) -> Iterator[tuple[int, ...]]:
        choices = (
            [to for to in self.steps[state] if to in allowed]
            for state, allowed in zip(at, places, strict=True)
        )
        return product(*choices)


def _neighbours(tree: Any) -> Iterator[str]:  # noqa: ANN401 - as parsed
    """The characters that a pattern names, in both cases, and those beside them."""
    if isinstance(tree, int) and not isinstance(tree, op._NamedIntConstant):
        for code in (tree - 1, tree, tree + 1):
            if 0 <= code < 0x110000:
                yield from (chr(code), *chr(code).upper(), *chr(code).lower())
    elif isinstance(tree, list | tuple | parser.SubPattern):
        for part in tree:
            yield from _neighbours(part)


def _is_of(char: str, category: Any) -> bool:  # noqa: ANN401 - as parsed
    if category in NEGATED:
        return not CATEGORIES[NEGATED[category]](char)
    return CATEGORIES[category](char)
