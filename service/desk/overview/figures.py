"""Statistics of the overview, from plain numbers.  Reads no store and draws nothing."""

from __future__ import annotations

from collections.abc import Sequence

Square = Sequence[Sequence[int]]
"""How often one person said `i` and the other `j` of the same comment: `[i][j]`."""


def share(part: int, whole: int) -> float | None:
    """The part of the whole, in [0, 1]; None where there is no whole."""
    return part / whole if whole else None


def percentile(values: Sequence[float], rank: float) -> float | None:
    """The value below which a given share of the values lies.

    Between two values it is interpolated, so that the median of an even number of them
    lies half-way between the middle two.

    Args:
        values: in ascending order; None comes back where there are none.
        rank: in [0, 1]; 0 gives the least value and 1 the greatest.

    Source:
        R. J. Hyndman and Y. Fan, "Sample Quantiles in Statistical Packages", The
        American Statistician 50 (1996), 361-365, definition 7.
    """
    if not values:
        return None
    position = rank * (len(values) - 1)
    below = int(position)
    above = min(below + 1, len(values) - 1)
    return values[below] + (position - below) * (values[above] - values[below])


def observed_agreement(table: Square) -> float | None:
    """The share of comments of which both said the same; None where there are none."""
    return share(_diagonal(table), _total(table))


def kappa(table: Square) -> float | None:
    """How far two opinions agree beyond chance: Cohen's kappa.

    1 is full agreement, 0 what two people would reach who decide at random, each with
    shares of their own; less than 0 is worse than that.

    Args:
        table: counts, square; rows are the first opinion, columns the second.

    Returns:
        A number in [-1, 1]; None where there are no comments, or where both opinions
        are always one and the same answer, which leaves nothing to agree on by merit.

    Source:
        J. Cohen, "A Coefficient of Agreement for Nominal Scales", Educational and
        Psychological Measurement 20 (1960), 37-46.
    """
    total = _total(table)
    # In whole numbers until the last step, so that certainty is exactly certain.
    by_chance: int = sum(
        sum(row) * sum(column)
        for row, column in zip(table, zip(*table, strict=True), strict=True)
    )
    at_most = total * total
    if by_chance == at_most:
        return None
    return (_diagonal(table) * total - by_chance) / (at_most - by_chance)


def _diagonal(table: Square) -> int:
    return sum(row[i] for i, row in enumerate(table))


def _total(table: Square) -> int:
    return sum(map(sum, table))
