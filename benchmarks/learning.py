"""Whether the service learns from its moderators, in simulated newsrooms.

    python -m benchmarks.learning --corpora DIR

Prints how far the disagreement with later decisions falls, writes the plot of it, and
tries to get worse models past the gate; the exit status is 1 if a figure is missed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from joblib import Parallel, delayed

from benchmarks import poison
from benchmarks.curve import HEADINGS, Point, points
from benchmarks.examined import SUITES
from benchmarks.figures import Figure, laid_out, machine, table
from benchmarks.newsrooms import NEWSROOMS, ORDINARY
from benchmarks.plot import draw
from benchmarks.poison import Round, one_round
from model.corpora import present
from model.dataset import UnreadableData

PROCESSES = 2
FALLS = {500: 0.30, 2_000: 0.60}
"""By what share of itself the disagreement has to fall, by number of decisions."""

MOST_LOST = 0.5
"""Percentage points that a suite may lose."""

NEEDED = ("jigsaw", "civil")
"""Corpora without which there is no newsroom; others make the comments more varied."""

PLOT = Path("docs/learning.svg")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, telling on standard error how far it is; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.learning", description=__doc__
    )
    parser.add_argument("--corpora", type=Path, required=True, metavar="DIR")
    parser.add_argument("--plot", type=Path, default=PLOT, metavar="FILE")
    parser.add_argument("--rounds", type=int, default=poison.ROUNDS, metavar="N")
    options = parser.parse_args(arguments)
    description = machine()
    try:
        _check(options.corpora)
        curves = _curves(options.corpora)
        rounds = _rounds(options.corpora, options.rounds)
    except UnreadableData as error:
        print(f"benchmarks.learning: {error}", file=sys.stderr)
        return 2
    draw(curves, FALLS, options.plot)
    figures = [*_learning(curves), *_gate(rounds)]
    print(description, table(figures), _as_table(curves), sep="\n\n")
    return 0 if all(figure.met for figure in figures) else 1


def _check(corpora: Path) -> None:
    lacking = [name for name in NEEDED if name not in present(corpora)]
    if lacking:
        raise UnreadableData(f"{corpora} lacks {', '.join(lacking)}")


def _curves(corpora: Path) -> list[Point]:
    """The points of every newsroom with a rule of its own, in order."""
    names = [name for name in NEWSROOMS if name != ORDINARY]
    tasks = (delayed(_points)(name, corpora) for name in names)
    found: dict[str, list[Point]] = {}
    for curve in _at_once()(tasks):
        found[curve[0].newsroom] = curve
        for row in _rows(curve):
            _tell(" ".join(row))
    return [point for name in names for point in found[name]]


def _rounds(corpora: Path, count: int) -> list[Round]:
    tasks = (delayed(one_round)(number, corpora) for number in range(count))
    found: list[Round] = []
    for done in _at_once()(tasks):
        found.append(done)
        became = "let through" if done.passed else "refused"
        _tell(
            f"{len(found)}/{count} poisoned: {done.newsroom}, {done.decisions} "
            f"decisions: {done.was:.1%} to {done.would_be:.1%}, {became}"
        )
    return found


def _points(name: str, corpora: Path) -> list[Point]:
    return list(points(name, corpora))


def _at_once() -> Parallel:
    return Parallel(n_jobs=PROCESSES, return_as="generator_unordered")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _learning(curves: Sequence[Point]) -> Iterator[Figure]:
    """What has to be met after some numbers of decisions."""
    base = {point.newsroom: point for point in curves if not point.decisions}
    for point in curves:
        if point.decisions not in FALLS:
            continue
        falls, low, high = point.falls
        required = FALLS[point.decisions]
        yield Figure(
            f"{point.newsroom}: disagreement after {point.decisions} decisions",
            f"{point.disagreement:.1%}",
            f"{base[point.newsroom].disagreement:.1%}",
            f"{-falls:+.0%} ({-low:+.0%} to {-high:+.0%})",
            f"<= {-required:.0%}",
            falls >= required,
        )
        yield _suites(point)


def _suites(point: Point) -> Figure:
    """The part of the suites that loses most."""
    worst = min(point.changes, key=lambda name: point.changes[name])
    lost = point.changes[worst]
    return Figure(
        f"{point.newsroom}: of the suites, what loses most ({worst})",
        f"{lost:+.2f} points",
        "",
        "",
        f">= -{MOST_LOST} points",
        lost >= -MOST_LOST,
    )


def _gate(rounds: Sequence[Round]) -> Iterator[Figure]:
    """What became of the poisoned rounds."""
    passed = [each for each in rounds if each.passed]
    worse = [each for each in rounds if each.is_worse]
    through = [each for each in passed if each.is_worse]
    yield Figure(
        f"{len(rounds)} rounds, a fifth of the labels flipped: worse ones let through",
        f"{len(through)}",
        "",
        "",
        "0",
        not through,
    )
    yield _count("worse models among them, all refused", worse, rounds)
    yield _count("better models let through", passed, rounds)


def _count(name: str, some: Sequence[Round], rounds: Sequence[Round]) -> Figure:
    return Figure(
        f"the same: {name}", f"{len(some)} of {len(rounds)}", "", "", "", True
    )


def _as_table(curves: Sequence[Point]) -> str:
    return laid_out([HEADINGS, *_rows(curves)])


def _rows(curves: Sequence[Point]) -> list[tuple[str, ...]]:
    return [
        (
            point.newsroom,
            f"{point.decisions}",
            f"{point.learnt_from}",
            f"{point.disagreement:.1%}",
            "{:.0%} ({:.0%} to {:.0%})".format(*point.falls),
            f"{point.wrongly_rejected:.1%}",
            f"{point.of_all:.1%}",
            *(f"{point.changes.get(name, 0.0):+.2f}" for name in SUITES),
            f"refused: {', '.join(point.refused)}" if point.refused else "passed",
        )
        for point in curves
    ]
