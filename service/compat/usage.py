"""What a site has sent in a month, as Akismet tells its customers.

Only what is stored is counted, by whichever way it came: asking about a comment that
has no id leaves nothing behind.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

from service.domain import Outcome
from service.errors import InvalidInput
from service.store.database import Database
from service.store.overview import Overview
from service.store.records import Site
from service.store.tallies import Proposal, Tally, total

MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
NUMBER = re.compile(r"\d{1,9}", re.ASCII)
LIMIT = 500
COLUMNS = {
    "site": "Site",
    "api_calls": "Total API Calls",
    "spam": "Spam",
    "ham": "Ham",
    "missed_spam": "Missed Spam",
    "false_positives": "False Positives",
    "is_revoked": "Is Revoked",
}
"""The keys of the JSON, and the headings of the CSV."""


def month_of(wanted: str, today: date) -> date:
    """The first day of a month that is given as YYYY-MM; of this one, if it is not.

    Raises:
        InvalidInput: it is no month of this century.
    """
    if not wanted:
        return today.replace(day=1)
    found = MONTH.fullmatch(wanted)
    if found is None:
        raise InvalidInput("?month", "must be a month such as 2026-12")
    return date(int(found[1]), int(found[2]), 1)


def page_of(limit: str, offset: str, total: int) -> dict[str, int]:
    """Which rows of so many are wanted; without a word, LIMIT from the first one on.

    Raises:
        InvalidInput: it is no number that a list can have.
    """
    page = {"limit": limit or str(LIMIT), "offset": offset or "0"}
    for name, value in page.items():
        if not NUMBER.fullmatch(value):
            raise InvalidInput(f"?{name}", "must be a whole number from 0 on")
    return {name: int(value) for name, value in page.items()} | {"total": total}


def tally(database: Database, site: Site, month: date, now: datetime) -> Tally:
    """What a site's month came to.  Years are counted bit by bit: see `Overview`."""
    last = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    days = Overview(database).days(
        site.id, month, min(last, now.astimezone(UTC).date()), now
    )
    return total(days.values())


def row(site: Site, month: Tally) -> dict[str, Any]:
    """A site's row in the list of those that use a key, by COLUMNS."""
    return {
        "site": site.name,
        "api_calls": month.volume,
        "spam": month.flagged + month.rejected,
        "ham": month.accepted,
        "missed_spam": _others(month, Outcome.REJECT),
        "false_positives": _others(month, Outcome.ACCEPT),
        "is_revoked": False,
    }


def as_csv(
    rows: Sequence[Mapping[str, Any]], month: str, page: Mapping[str, int]
) -> str:
    """Rows as CSV; Akismet's first line names the key, this one does not."""
    table = StringIO()
    where = f"limit:{page['limit']}, offset: {page['offset']}, total: {page['total']}"
    table.write(f"Active sites during {month} ({where})\n")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS.values())
    shown = ({**row, "is_revoked": "false"} for row in rows)
    writer.writerows([row[name] for name in COLUMNS] for row in shown)
    return table.getvalue()


def limits(month: Tally) -> dict[str, Any]:
    """How much of the month's limit is used: there is none here."""
    return {
        "limit": "none",
        "usage": month.volume,
        "percentage": "0.00",
        "throttled": False,
    }


def _others(month: Tally, outcome: Outcome) -> int:
    """How often people decided so where the verdict had been another."""
    is_missed = outcome is Outcome.REJECT
    return sum(
        count
        for opinion, count in month.opinions.items()
        if opinion.outcome is outcome
        and (opinion.proposal is Proposal.ACCEPT) is is_missed
    )
