"""Times as people say them, with the exact time beneath.  Knows no clock."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

MINUTE, HOUR, DAY = 60, 3600, 86_400  # seconds
DAYS = 14
"""From so many days on the date is said."""


def ago(moment: datetime, now: datetime) -> Markup:
    """How long ago a time was, as HTML; the script renews it by `datetime`."""
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        f"{moment.astimezone(UTC):%-d %B %Y, %H:%M:%S} UTC",
        in_words(moment, now),
    )


def in_words(moment: datetime, now: datetime) -> str:
    """Say how long ago a time was; one in the future was just now."""
    seconds = int((now - moment).total_seconds())
    if seconds < 5:
        return "just now"
    if seconds < MINUTE:
        return f"{seconds} s ago"
    if seconds < HOUR:
        return f"{seconds // MINUTE} min ago"
    if seconds < DAY:
        return f"{seconds // HOUR} h ago"
    if seconds < DAYS * DAY:
        days = seconds // DAY
        return "1 day ago" if days == 1 else f"{days} days ago"
    return f"{moment.astimezone(UTC):%-d %b %Y}"
