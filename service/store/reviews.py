"""What people change: decisions, reports and appeals, each in one transaction.

Decides nothing: who may do what, and what follows from it, is `service.review`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, insert

from service.domain import Decision, Kind, Outcome, Waiting
from service.store import changes
from service.store.accounts import Role
from service.store.cards import DECISIONS, appeal_of, load_open_appeals
from service.store.cases import Appeal
from service.store.database import Database
from service.store.held import (
    Before,
    Held,
    Made,
    before_of,
    held_of,
    log_columns,
    present_columns,
)
from service.store.ledger import DECISION, INSERT_DECISION, INSERT_TEXT
from service.store.outbox import add_event, take_back
from service.store.records import decision_of, storable
from service.store.schema import appeals, reports


class Reviews:
    """Opens the transactions in which people change things."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def change(self) -> Iterator[Change]:
        """A transaction that commits at the end; an error leaves no trace of it.

        Raises:
            StoreUnavailable: the database cannot be written; nothing was.
        """
        with self._database.writing() as connection:
            yield Change(self._database, connection)


class Change:
    """One transaction."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection

    def held(self, site_id: int, ids: Iterable[str]) -> dict[str, Held]:
        """A site's comments by their ids; those that it never sent are missing."""
        statement = changes.locked(self._database)
        values = {"site_id": site_id, "ids": [storable(id) for id in ids]}
        return {held.id: held for held in self._held(statement, values)}

    def like(self, held: Held, now: datetime, limit: int) -> list[Held]:
        """Others that wait and are decided as one with a comment, the oldest first.

        What another transaction has its hands on is passed over.
        """
        values = {
            "site_id": held.site_id,
            "alike": held.alike,
            "key": held.key,
            "now": now,
            "limit": limit,
        }
        return self._held(changes.LIKE, values)

    def together(self, held: Held, limit: int, *, wait: bool) -> list[Held]:
        """What was decided as one with a comment, where that decision still holds.

        Also without those whose reader has appealed against it.

        Args:
            held: that comment, as the decision left it.
            limit: how many at most.
            wait: for what another transaction has its hands on; else it is passed over.
                Only for who has locked no comment yet.
        """
        values = {
            "key": held.key,
            "number": held.number,
            "moment": held.decision.decided_at,
            "limit": limit,
        }
        found = self._held(changes.together(self._database, wait=wait), values)
        # An appeal may have come while this waited for the comment.
        return [one for one in found if one.appeal is None]

    def before(self, held: Iterable[Held]) -> dict[int, Before]:
        """What the decisions that hold replaced, by the comment's key."""
        rows: dict[int, list[Row[Any]]] = {}
        keys = {"keys": [one.key for one in held]}
        for row in self._connection.execute(changes.LAST_TWO, keys):
            rows.setdefault(row.comment_key, []).append(row)
        reported = set(self._connection.scalars(changes.REPORTED_SINCE, keys))
        return {
            key: before_of(found, is_reported=key in reported)
            for key, found in rows.items()
        }

    def enter(self, made: Sequence[Made]) -> bool:
        """Append decisions to the log and have them hold, of each comment one.

        Returns:
            False if something else holds for one of them by now; then nothing of this
            transaction may be committed.
        """
        present = [present_columns(one) for one in made]
        if self._connection.execute(changes.HOLD, present).rowcount != len(made):
            return False
        self._connection.execute(INSERT_DECISION, [log_columns(one) for one in made])
        keys = [one.held.key for one in made]
        self._connection.execute(changes.END_LOOKS, {"keys": keys})
        answers = [
            {"appeal_key": one.held.appeal.key, "number": one.number}
            for one in made
            if one.answers and one.held.appeal
        ]
        if answers:
            self._connection.execute(changes.ANSWER, answers)
        # Last, because they are written in turns; see `outbox.take_turn`.
        for one in made:
            if one.tell_at:
                self._tell(one, one.tell_at)
        return True

    def take_back(self, held: Held, clock: Callable[[], datetime]) -> bool:
        """Keep the decision that holds from being told; False if it may be known."""
        return take_back(
            self._connection, comment_key=held.key, decision=held.number, clock=clock
        )

    def reopen(self, held: Iterable[Held]) -> None:
        """Have the appeals that the decisions which hold answered wait again."""
        rows = [{"held_key": one.key, "held_number": one.number} for one in held]
        self._connection.execute(changes.REOPEN, rows)

    def rejecters(self, held: Held) -> set[str]:
        """Which moderators have rejected the present revision, and not undone it."""
        kinds = [Kind.REVIEW, Kind.APPEAL, Kind.SECOND]
        return self._deciders(held, kinds, [Outcome.REJECT])

    def reviewers(self, held: Held) -> set[str]:
        """Which moderators have reviewed the present revision, and not undone it."""
        return self._deciders(held, [Kind.REVIEW], list(Outcome))

    def has_others(
        self, site_id: int, names: Iterable[str], roles: Iterable[Role] = Role
    ) -> bool:
        """Whether anybody of these roles on the site has none of these names."""
        values = {
            "site_id": site_id,
            "names": list(names),
            "roles": [role.value for role in roles],
        }
        return self._connection.scalar(changes.OTHERS, values) is not None

    def add_report(
        self, held: Held, reporter: str | None, words: str | None, now: datetime
    ) -> bool:
        """Enter a complaint; False if the same reporter has made one already."""
        row = {
            "comment_key": held.key,
            "revision": held.revision,
            "reporter": storable(reporter),
            "words": storable(words),
            "created_at": now,
        }
        new = self._database.insert_new(reports).returning(reports.c.key)
        return self._connection.scalar(new, row) is not None

    def add_appeal(self, held: Held, words: str, now: datetime) -> Appeal:
        """Enter an objection to the decision that holds; there must be none yet."""
        row = {
            "comment_key": held.key,
            "decision": held.number,
            "words": storable(words),
            "created_at": now,
        }
        added = insert(appeals).returning(appeals)
        return appeal_of(self._connection.execute(added, row).one())

    def has_appeal(self, held: Held, number: int) -> bool:
        """Whether there ever was an objection to this decision or a later one."""
        values = {"key": held.key, "number": number}
        return self._connection.scalar(changes.APPEALS_SINCE, values) is not None

    def decision(self, held: Held, number: int) -> Decision | None:
        """A decision on the comment by its number."""
        values = {"key": held.key, "number": number}
        row = self._connection.execute(DECISION, values).one_or_none()
        return None if row is None else decision_of(row)

    def wait(self, held: Held, waiting: Waiting, since: datetime) -> None:
        """Put a comment in the queue, or say why else it is there."""
        changed = {"waiting": waiting.value, "waiting_since": since}
        self._connection.execute(changes.CHANGE, {"held_key": held.key, **changed})

    def keep(self, held: Held, text: str, alike: bytes) -> None:
        """Keep the text of the present revision."""
        row = {
            "comment_key": held.key,
            "revision": held.revision,
            "text": storable(text),
        }
        self._connection.execute(INSERT_TEXT, row)
        changed = {"held_key": held.key, "kept": True, "alike": alike}
        self._connection.execute(changes.CHANGE, changed)

    def _held(self, statement: Select[Any], values: dict[str, Any]) -> list[Held]:
        """Run a statement that locks comments, and read what more is known of them."""
        rows = self._connection.execute(statement, values).all()
        if not rows:
            return []
        keys = [row.key for row in rows]
        # By queries of their own, now that they cannot change: PostgreSQL would pair
        # rows that changed while this waited for them with decisions from before.
        log: dict[int, dict[int, Decision]] = {key: {} for key in keys}
        for row in self._connection.execute(DECISIONS, {"keys": keys}):
            log[row.comment_key][row.number] = decision_of(row)
        appealed = load_open_appeals(self._connection, keys)
        return [held_of(row, log[row.key], appealed.get(row.key)) for row in rows]

    def _deciders(
        self, held: Held, kinds: Iterable[Kind], outcomes: Iterable[Outcome]
    ) -> set[str]:
        values = {
            "key": held.key,
            "revision": held.revision,
            "outcomes": [outcome.value for outcome in outcomes],
            "kinds": [kind.value for kind in kinds],
        }
        return set(self._connection.scalars(changes.DECIDERS, values))

    def _tell(self, made: Made, at: datetime) -> None:
        add_event(
            self._connection,
            self._database,
            site_id=made.held.site_id,
            type=made.event,
            comment_key=made.held.key,
            decision=made.number,
            now=made.decision.decided_at,
            due_at=at,
        )
