"""Numbers as the overview writes them.  Computes none."""

# ruff: noqa: RUF001  (a dash for no number, a minus for a minus)

from __future__ import annotations

NONE = "–"
"""What stands where there is no number, which is not the same as zero."""

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds


def count(number: float) -> str:
    """A count: `12,345`."""
    return f"{number:,.0f}"


def per_cent(share: float | None) -> str:
    """A share in [0, 1]: `12.3%`."""
    return NONE if share is None else f"{share * 100:.1f}%"


def coefficient(value: float | None) -> str:
    """A number in [-1, 1]: `0.74`."""
    return NONE if value is None else f"{value:.2f}".replace("-", "−")


def duration(seconds: float | None) -> str:
    """A length of time, by its two largest units: `45 s`, `6 min`, `2 h 10 min`."""
    if seconds is None:
        return NONE
    if round(seconds) < MINUTE:
        return f"{seconds:.0f} s"
    minutes = round(seconds / MINUTE)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return _two(minutes // 60, "h", minutes % 60, "min")
    hours = round(seconds / HOUR)
    return _two(hours // 24, "d", hours % 24, "h")


def _two(many: int, unit: str, few: int, smaller: str) -> str:
    return f"{many} {unit} {few} {smaller}" if few else f"{many} {unit}"
