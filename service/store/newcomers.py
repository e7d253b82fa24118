"""Entering comments that were never sent before, on PostgreSQL: one statement for many.

Most comments are new.  Theirs need no look at what is there, and so no transaction that
goes back and forth: of all threads that write at once, one sends everything as JSON to
a statement that is a transaction by itself.  A comment waits for the server once and
takes 92 µs; through the pool and in a transaction of its own it waited 7 times and took
253 µs (CPU, one thread, one run).  Leaves out what is known already, such as a changed
text: that is for `Ledger.enter`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg.errors import DataError, IntegrityError
from sqlalchemy import (
    CTE,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    column,
    func,
    insert,
    literal_column,
    select,
    true,
)

from service.compact import dumps
from service.store.database import Database, Held
from service.store.ledger import OF_PEOPLE, Entry, text_columns, written
from service.store.schema import comments, decisions, texts
from service.store.together import Together

LOG = "log_"
"""What the columns of `decisions` are called beside those of `comments`."""

LEADERS = 2
"""How many transactions of a process run at once.  With one, who comes while it is
being committed waits for it and then for its own: four threads, whose commits took 5 ms
each, wrote 391 times a second with one and 503 times with two."""

TIMEOUT: ColumnElement[str] = literal_column("'lock_timeout'", Text)
GROUP_WAIT = "200ms"
"""How long those who write together wait for somebody else, who has changed a comment
of one of them and has not committed that: as long as nobody has to wait alone."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A comment on its way to the statement: its site and id, and all of it as JSON."""

    place: tuple[int, str]
    json: str = field(repr=False)


class Newcomers:
    """Enters new comments for all threads of a process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._statement = database.compiled(_statement(database), ())
        self._together = Together(self._commit, leaders=LEADERS)

    def enter(self, entry: Entry) -> bool:
        """Enter a verdict and commit it, if its comment is new.

        Returns:
            False if it is known, or cannot be entered; then nothing was done.

        Raises:
            StoreUnavailable: the database cannot be written, or ended the connection
                twice; nothing was stored, as far as anybody knows.
        """
        return self._together.write(sent(entry))

    def insert(self, connection: Connection, entries: Sequence[Entry]) -> list[bool]:
        """Enter those verdicts whose comments are new; says of each whether it is."""
        ready = [sent(entry) for entry in entries]
        cursor = connection.connection.cursor()
        cursor.execute(self._statement, together(ready) | {"wait": None})
        return _are_new(ready, cursor.fetchall())

    def _commit(self, ready: Sequence[Sent]) -> list[bool]:
        """Enter what is new in one transaction; if the server ended it, in another one.

        That may enter nothing twice: what the first has committed is known then, and of
        a known comment with the same text the decision stays that holds.  If somebody
        else changed or erased it between the two, it is as if its sender, who else had
        been told to send it once more, had done so.
        """
        try:
            rows = self._database.run_alone(
                self._statement, together(ready) | {"wait": GROUP_WAIT}
            )
        except Held:
            # `Ledger.enter` waits for them, and each in a transaction of its own.
            return [False] * len(ready)
        except (IntegrityError, DataError):
            if len(ready) > 1:
                raise
            return [False]  # `Ledger.enter` meets it again, and shows less of the text.
        return _are_new(ready, rows)


def sent(entry: Entry) -> Sent:
    """Write an entry out for the statement; what is null is left out."""
    row = {name: value for name, value in entry.comment.items() if value is not None}
    for name in ("text_hash", "alike"):
        if name in row:
            row[name] = "\\x" + row[name].hex()
    for name, value in entry.decision.items():
        if value is not None:
            row[LOG + name] = value
    if entry.submission.alike:
        row["text"] = text_columns(0, entry.submission, 1)["text"]
    return Sent((entry.site_id, entry.id), dumps(row))


def together(ready: Sequence[Sent]) -> dict[str, str]:
    """What the statement takes.

    In order of their ids, so that two processes never wait for each other in a circle;
    of those with the same id the first.
    """
    first = {one.place: one.json for one in reversed(ready)}
    return {"sent": f"[{','.join(first[key] for key in sorted(first))}]"}


def _are_new(ready: Sequence[Sent], rows: Iterable[tuple[Any, ...]]) -> list[bool]:
    """Which of them the statement says it has entered; of one id only the first."""
    new = set(rows)
    answers = []
    for one in ready:
        answers.append(one.place in new)
        new.discard(one.place)
    return answers


def _statement(database: Database) -> Select[Any]:
    """Insert what is new of the comments sent, with its decision and text; say which.

    PostgreSQL checks references at the end of a statement, and then all is there.
    """
    of_comment = sorted(written(comments) - {"key", "erased_at"})
    of_log = sorted(written(decisions) - {"key", "comment_key"} - OF_PEOPLE)
    one = func.json_to_recordset(bindparam("sent")).table_valued(
        *(column(name, comments.c[name].type) for name in of_comment),
        *(column(LOG + name, decisions.c[name].type) for name in of_log),
        column("text", Text),
        name="one",
    )
    all_sent = select(one.render_derived(with_types=True)).cte("sent")
    # Of this transaction alone: a connection may be another's in the next one.
    wait = func.coalesce(bindparam("wait", type_=Text), func.current_setting(TIMEOUT))
    waiting = select(func.set_config(TIMEOUT, wait, true()).label("set")).cte("waiting")
    rows = select(*(all_sent.c[name] for name in of_comment))
    new = (
        database.insert_new(comments)
        .from_select(of_comment, rows.join_from(all_sent, waiting, true()))
        .returning(comments.c.key, comments.c.site_id, comments.c.id)
        .cte("new")
    )
    logged = insert(decisions).from_select(
        ["comment_key", *of_log],
        _of_new(all_sent, new, *(LOG + name for name in of_log)),
    )
    kept = insert(texts).from_select(
        ["comment_key", "revision", "text"],
        _of_new(all_sent, new, "revision", "text").where(all_sent.c.text.is_not(None)),
    )
    return select(new.c.site_id, new.c.id).add_cte(
        logged.cte("logged"), kept.cte("kept")
    )


def _of_new(all_sent: CTE, new: CTE, *names: str) -> Select[Any]:
    """The keys of the new comments, and some of what was sent of them."""
    is_same = and_(all_sent.c.site_id == new.c.site_id, all_sent.c.id == new.c.id)
    return select(new.c.key, *(all_sent.c[name] for name in names)).join_from(
        all_sent, new, is_same
    )
