"""Print all figures as one table; the exit status tells whether all are met."""

from __future__ import annotations

import sys

from benchmarks import desk, judging, throughput, waiting
from benchmarks.figures import Figure, machine, table


def main() -> int:
    """Measure, telling on standard error how far it is."""
    description = machine()
    figures: list[Figure] = []
    for module in (judging, throughput, waiting, desk):
        for figure in module.measure():
            print(f"{figure.name}: {figure.ours}", file=sys.stderr)
            figures.append(figure)
    print(description, table(figures), sep="\n\n")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
