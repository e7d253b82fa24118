"""Where a reader of a long list stands, and how much of it is asked for at once."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from werkzeug.datastructures import MultiDict

from service.errors import InvalidInput

EVENTS = 100
"""How many events are listed if nobody says."""
MAX_EVENTS = 1000
CURSOR = "^[A-Za-f][A-Za-z0-9_-]{9}[AEIMQUYcgkosw048]$"
"""Base64 of every key that databases can count to, and of nothing else."""


def read_page(query: MultiDict[str, str]) -> tuple[int, int]:
    """The key after which to go on, 0 for the start, and the number asked for.

    Args:
        query: of the request.

    Raises:
        InvalidInput: a query parameter is unknown, repeated or out of range.
    """
    for name, values in query.lists():
        if name not in ("after", "limit"):
            raise InvalidInput(f"?{name[:100]}", "is not a known parameter")
        if len(values) > 1:
            raise InvalidInput(f"?{name}", "must be given once")
    return _key(query.get("after")), _limit(query.get("limit"))


def cursor(key: int) -> str:
    """A key as it is shown to strangers, who are to read nothing into it."""
    return urlsafe_b64encode(key.to_bytes(8, "big")).decode().rstrip("=")


def _key(after: str | None) -> int:
    if after is None:
        return 0
    if re.fullmatch(CURSOR, after):
        return int.from_bytes(urlsafe_b64decode(after + "="), "big")
    raise InvalidInput("?after", "must be a cursor that was answered")


def _limit(limit: str | None) -> int:
    if limit is None:
        return EVENTS
    if re.fullmatch("[0-9]{1,4}", limit) and 1 <= int(limit) <= MAX_EVENTS:
        return int(limit)
    raise InvalidInput("?limit", f"must be a whole number from 1 to {MAX_EVENTS}")
