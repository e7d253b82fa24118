"""Sealing: what was decided gets its entry in the hash chain, and the chain is proved.

Nobody who decides waits for this.  Decisions are entered as ever, side by side on all
replicas; `service.sealing` looks every second or so for those that have no entry yet,
and appends entries for all of them in one go.  So up to then a decision can be tampered
with unseen: some two seconds.

The chain is linear without a lock: entries are numbered without a gap, and the number
is the primary key, so that of two who append at once one fails and looks again.  Its
order is that of sealing, which need not be that of the decisions' keys: on PostgreSQL
one with a lower key may be committed later.  `sealing.sealed_to` is the key up to which
none can come any more: all transactions that ran when it was first seen have ended
since.  Every decision is entered after another write of its transaction, so that the
transaction had its number before the decision had its key.

Leaves out what is hashed, which `service.store.chain` says, and erasing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Connection,
    Row,
    Select,
    bindparam,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    type_coerce,
    update,
)
from sqlalchemy.exc import IntegrityError

from service.domain import Kind
from service.store.chain import (
    BEGINNING,
    DETAILS,
    FACTS,
    SALT,
    details_hash,
    entry_hash,
)
from service.store.database import Database
from service.store.schema import Moment, decisions, sealing, seals

AT_ONCE = 500
"""Decisions that are sealed in one transaction: other writers wait for it."""

READ_AT_ONCE = 2_000
"""Entries that are proved at once."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry: its number, 0 if there is none, and its hash in hexadecimal."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of proving the chain.

    `fault` says what is wrong, at the first entry where something is; None if nothing
    is.  `head` is the last entry that was proved.  `unsealed` counts decisions that are
    too new to have an entry.
    """

    head: Head
    unsealed: int
    fault: str | None = None


class Seals:
    """The chain.  Safe for threads and for several processes.

    Every method raises StoreUnavailable as those of `service.store.store.Store` do.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._running = RUNNING_SQLITE if database.is_sqlite else RUNNING_POSTGRESQL

    def seal(self, limit: int = AT_ONCE) -> int:
        """Append entries for decisions that have none, and say how many.

        None were appended, either, if somebody else did so at the same time, or
        something was erased meanwhile.  Whoever gets `limit` may go on at once.
        """
        with self._database.reading_together() as connection:
            state = connection.execute(STATE).one()
            running = connection.execute(self._running).one()
            wanted = {"after": state.sealed_to, "limit": limit}
            rows = connection.execute(UNSEALED, wanted).all()
            newest = connection.scalar(NEWEST) or 0
            head = connection.execute(LAST).one_or_none()
        entries = list(_entries(head, rows))
        after = _progress(state, running, rows, newest, is_all=len(rows) < limit)
        if not entries and after["sealed_to"] == state.sealed_to == newest:
            return 0
        return len(entries) if self._append(state, after, entries) else 0

    def head(self) -> Head:
        """The last entry, to be kept where nobody who writes here can write."""
        with self._database.reading() as connection:
            return _head(connection.execute(LAST).one_or_none())

    def prove(self, known: Sequence[Head] = ()) -> Proof:
        """Compute every hash anew and compare.

        Args:
            known: entries as they were noted elsewhere.
        """
        expected = {head.number: head.hash for head in known}
        last = Head(0, BEGINNING.hex())
        fault: str | None = None
        for row in self._all():
            fault = _fault(row, last) or _unlike(row, expected)
            if fault:
                break
            last = Head(row.entry, row.hash.hex())
        with self._database.reading() as connection:
            unsealed = connection.execute(LEFT).one()
        beyond = [number for number in expected if number > last.number]
        if not fault and unsealed.first is not None:
            fault = f"Decision {unsealed.first} was entered past the chain."
        if not fault and beyond:
            fault = f"Entry {min(beyond)} is gone: the chain ends before it."
        return Proof(last, unsealed.decisions, fault)

    def _append(
        self,
        state: Row[Any],
        after: dict[str, int],
        entries: Sequence[dict[str, Any]],
    ) -> bool:
        """Append to the chain, unless what was read of it does not hold any more."""
        try:
            with self._database.writing() as connection:
                # First, for whoever erases does so too: else the hash of what they take
                # could be entered after they have looked for it.
                same = {"erased_before": state.erased}
                if connection.execute(ADVANCE, {**after, **same}).rowcount == 0:
                    return False
                if entries:
                    connection.execute(insert(seals), entries)
        except IntegrityError:
            return False
        return True

    def _all(self) -> Iterator[Row[Any]]:
        """All entries with what they are of, in the order of their numbers."""
        last = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(ENTRIES, {"after": last}).all()
            yield from rows
            if len(rows) < READ_AT_ONCE:
                return
            last = rows[-1].entry


def take_turn(connection: Connection) -> None:
    """Keep the chain from growing until a transaction that erases has ended.

    To be called before the salts are taken; see `Seals._append`.
    """
    connection.execute(update(sealing).values(erased=sealing.c.erased + 1))


def _entries(
    head: Row[Any, Any] | None, rows: Sequence[Row[Any]]
) -> Iterator[dict[str, Any]]:
    """What is appended for decisions, after the last entry that there is."""
    number, before = (0, BEGINNING) if head is None else (head.number, head.hash)
    salts = secrets.token_bytes(SALT * len(rows))
    for i, row in enumerate(rows):
        number, salt = number + 1, salts[SALT * i : SALT * (i + 1)]
        facts, values = _parts(row)
        details = details_hash(salt, values)
        before = entry_hash(before, number, facts, details)
        yield {
            "number": number,
            "decision_key": row.key,
            "details": details,
            "salt": salt,
            "hash": before,
        }


def _progress(
    state: Row[Any],
    running: Row[Any],
    rows: Sequence[Row[Any]],
    newest: int,
    *,
    is_all: bool,
) -> dict[str, int]:
    """How far the chain has come once these are sealed; see the module."""
    last = newest if is_all else rows[-1].key
    unchanged = {name: getattr(state, name) for name in ("sealed_to", "seen_to")}
    if running.oldest < state.fence or last < state.seen_to:
        return {**unchanged, "fence": state.fence}
    return {"sealed_to": state.seen_to, "seen_to": last, "fence": running.next}


def _head(row: Row[Any, Any] | None) -> Head:
    return Head(0, BEGINNING.hex()) if row is None else Head(row.number, row.hash.hex())


def _fault(row: Row[Any], last: Head) -> str | None:
    """What is wrong with an entry, given the one before it."""
    name = f"Entry {row.entry}"
    if row.entry != last.number + 1:
        return f"Entry {last.number + 1} is gone."
    if row.key is None:
        return f"{name} is broken: decision {row.decision_key} is gone."
    facts, values = _parts(row)
    before = bytes.fromhex(last.hash)
    if entry_hash(before, row.entry, facts, row.details) != bytes(row.hash):
        return f"{name} is broken: decision {row.key} or the entry was changed."
    if row.salt is None:
        gone = "hidden although its comment was not erased"
        return None if row.is_erased else f"{name} is broken: its details are {gone}."
    if details_hash(row.salt, values) != bytes(row.details):
        return (
            f"{name} is broken: reasons, scores, notice, note or name of decision "
            f"{row.key} were changed."
        )
    return None


def _unlike(row: Row[Any], expected: dict[int, str]) -> str | None:
    """Whether an entry is another than the one that was noted elsewhere."""
    if expected.get(row.entry, row.hash.hex()) == row.hash.hex():
        return None
    return f"Entry {row.entry} is not the one that was noted: the chain was made anew."


def _parts(row: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """The facts and the details of a decision, whose columns come last in a row."""
    # By place: by name it takes as long as all the hashing.
    return row[-_WIDTH : -len(DETAILS)], row[-len(DETAILS) :]


def _of_decision() -> list[Any]:
    """The columns that are hashed; times as whole microseconds."""
    columns = [decisions.c[name] for name in (*FACTS, *DETAILS)]
    return [
        type_coerce(column, BigInteger).label(column.name)
        if isinstance(column.type, Moment)
        else column
        for column in columns
    ]


_WIDTH = len(FACTS) + len(DETAILS)

# Built once: SQLAlchemy then finds their compiled form without walking them again.
STATE = select(sealing)
NEWEST = select(func.max(decisions.c.key))
LAST = select(seals.c.number, seals.c.hash).order_by(seals.c.number.desc()).limit(1)
RUNNING_SQLITE = select(literal(0).label("oldest"), literal(0).label("next"))
RUNNING_POSTGRESQL = text(
    "SELECT pg_snapshot_xmin(now.snapshot)::text::bigint AS oldest,"
    " pg_snapshot_xmax(now.snapshot)::text::bigint AS next"
    " FROM (SELECT pg_current_snapshot() AS snapshot) AS now"
).columns(oldest=BigInteger, next=BigInteger)
"""The oldest transaction that writes, and the number that the next one will have."""
_HAS_NONE = ~exists().where(seals.c.decision_key == decisions.c.key)
UNSEALED = (
    select(*_of_decision())
    .where(decisions.c.key > bindparam("after"), _HAS_NONE)
    .order_by(decisions.c.key)
    .limit(bindparam("limit"))
)
ADVANCE = (
    update(sealing)
    .where(sealing.c.erased == bindparam("erased_before"))
    .values({name: bindparam(name) for name in ("sealed_to", "seen_to", "fence")})
)
_ERASURE = decisions.alias("erasure")
ENTRIES: Select[Any] = (
    select(
        seals.c.number.label("entry"),
        seals.c.decision_key,
        seals.c.details,
        seals.c.salt,
        seals.c.hash,
        select(_ERASURE.c.key)
        .where(
            _ERASURE.c.comment_key == decisions.c.comment_key,
            _ERASURE.c.kind == Kind.ERASURE.value,
        )
        .exists()
        .label("is_erased"),
        *_of_decision(),
    )
    .outerjoin(decisions, decisions.c.key == seals.c.decision_key)
    .where(seals.c.number > bindparam("after"))
    .order_by(seals.c.number)
    .limit(READ_AT_ONCE)
)
_FINAL = decisions.c.key <= select(sealing.c.sealed_to).scalar_subquery()
LEFT = select(
    func.count().label("decisions"),
    func.min(decisions.c.key).filter(_FINAL).label("first"),
).where(_HAS_NONE)
