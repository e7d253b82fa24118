"""What can still be undone in this browser, for pages that work without the script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import session

from service.deciding import UNDO_S
from service.desk.forms import Pick
from service.store.records import Site

MOST = 1500
"""Characters of ids that a cookie has room for; where they are more, nothing is
remembered, and each comment's own page still takes its decision back."""


@dataclass(frozen=True, slots=True)
class Undo:
    """Decisions just made: what was said of them, and how long they can be undone."""

    said: str
    picks: Sequence[str]
    seconds: int


def remember(site: Site, said: str, picks: Sequence[Pick], now: datetime) -> bool:
    """Keep decisions in the session; False where there are none, or too many."""
    values = list(map(str, picks))
    if not values or sum(map(len, values)) > MOST:
        return False
    session["undo"] = [site.id, now.timestamp(), said, values]
    return True


def forget() -> None:
    """Let go of what was kept."""
    session.pop("undo", None)


def undoable(site: Site, now: datetime) -> Undo | None:
    """What can be undone on this site just now."""
    if "undo" not in session:
        return None
    site_id, at, said, picks = session["undo"]
    left = UNDO_S - (now.timestamp() - at)
    if site_id != site.id or left < 1:
        return None
    return Undo(said, picks, int(left))
