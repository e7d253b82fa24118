"""What readers have reported of one comment, as far as moderators are shown it.

Takes no report down: that is `service.store.reviews`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from service.store.cases import RECORDED, REPORTS, Report
from service.store.lists import up_to
from service.store.schema import reports


def newest_reports(connection: Connection, key: int) -> tuple[tuple[Report, ...], int]:
    """The newest reports of a comment, oldest first, and how many there are in all."""
    newest = connection.execute(NEWEST, {"key": key}).all()
    if len(newest) < REPORTS:
        in_all = len(newest)
    else:
        in_all = connection.scalar(IN_ALL, {"key": key}) or 0
    return tuple(map(_report_of, reversed(newest))), in_all


def first_reports(connection: Connection, key: int) -> dict[int, datetime]:
    """When each revision of a comment was first reported."""
    rows = connection.execute(FIRST, {"key": key})
    return {row.revision: row.first_at for row in rows}


def _report_of(row: Row[Any]) -> Report:
    return Report(row.reporter, row.words, row.created_at, row.revision)


# Built once: SQLAlchemy then finds their compiled form without walking them again.
OF_IT = reports.c.comment_key == bindparam("key")
NEWEST = select(reports).where(OF_IT).order_by(reports.c.key.desc()).limit(REPORTS)
IN_ALL = select(up_to(RECORDED, select(reports.c.comment_key).where(OF_IT)))
FIRST = (
    select(reports.c.revision, func.min(reports.c.created_at).label("first_at"))
    .where(OF_IT)
    .group_by(reports.c.revision)
)
