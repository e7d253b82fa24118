"""What grows with what: judging with length, the desk with rows, and sites' own words.

    python -m benchmarks.scale [--million]

Times of judging are processor time of the thread, so that neighbours count little;
those of the desk are of the clock, for the database takes its part.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from itertools import count, cycle, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from sqlalchemy import text

from benchmarks.crowd import START, decided_of, fill
from benchmarks.desk import BY, reject, timed
from benchmarks.figures import Figure, machine, table
from benchmarks.postgresql import empty_database
from benchmarks.texts import CLEAN, unseen_texts
from benchmarks.words import by_starts, by_words, processor_s
from model.judge import Judge, load_judge
from service.domain import Verdict
from service.first_start import set_up
from service.policy import Policy, make_policy
from service.review import Review
from service.settings import database_url
from service.store.cases import Filters, Order
from service.store.database import Database, open_database
from service.store.desk import Desk
from service.store.reviews import Reviews
from service.store.sites import Sites

LENGTHS = (10, 30, 100, 300, 1_000, 3_000, 10_000)
ROWS = (1_250, 10_000, 160_000)
MILLION = 1_280_000
PAGES = 40
DECISIONS = 60
LINEAR = 2.0
"""So much more a character may take at 10,000 than at 1,000."""
PAGE_MS = 100.0
DECISION_MS = 50.0


def main(arguments: list[str]) -> int:
    """Print all tables as one."""
    rows = (*ROWS, MILLION) if arguments == ["--million"] else ROWS
    description = machine()
    figures: list[Figure] = []
    for part in (by_length(), by_rows(rows), by_words(), by_starts()):
        for figure in part:
            print(f"{figure.name}: {figure.ours}", file=sys.stderr)
            figures.append(figure)
    print(description, table(figures), sep="\n\n")
    return 0 if all(figure.met for figure in figures) else 1


def by_length() -> Iterator[Figure]:
    """Text to verdict, of known words and of such as were never met."""
    judge = load_judge()
    policy = make_policy("benchmark", judge.card)
    for name, source in (("known", CLEAN), ("new", " ".join(unseen_texts(60)))):
        took = {}
        for length in LENGTHS:
            said = "".join(islice(cycle(f"{source} "), length))
            took[length] = processor_s(partial(decided, judge, policy, said))
        for length, seconds in took.items():
            ratio = seconds / length / (took[1_000] / 1_000)
            bound = length > 1_000
            yield Figure(
                f"judging {length:,} characters, {name} words",
                f"{seconds * 1e3:.3f} ms",
                "",
                f"{seconds / length * 1e6:.2f} µs each",
                f"<= {LINEAR:g} x that of 1,000" if bound else "",
                not bound or ratio <= LINEAR,
            )


def decided(judge: Judge, policy: Policy, said: str) -> Verdict:
    """The whole way from a text to its verdict."""
    return policy.verdict(judge.judge(said), model=judge.model_version)


def by_rows(sizes: tuple[int, ...]) -> Iterator[Figure]:
    """The desk, and beside it the smallest transaction, on both databases."""
    for rows in sizes:
        for name, opened in (("SQLite", on_sqlite), ("PostgreSQL", on_postgresql)):
            with opened() as database:
                set_up(database, START)
                fill(database, rows)
                yield from _desk(f"{rows:,} comments, {name}", database, rows)


def _desk(name: str, database: Database, rows: int) -> Iterator[Figure]:
    (site,) = Sites(database).all()
    now = START + timedelta(seconds=rows, days=1)
    review = Review(
        Desk(database),
        Reviews(database),
        second_share=0.02,
        text_hash=lambda text: bytes(32),
        clock=lambda: now,
    )
    queue = partial(review.desk.queue, site.id, Filters(), by=BY, now=now, after=None)
    pages = timed([partial(queue, order) for order in Order] * (PAGES // 2))
    numbers = islice(count(decided_of(rows) + 1), DECISIONS)
    decisions = timed([partial(reject, review, site, number) for number in numbers])
    prepare(database)
    floor = median(timed([partial(least, database)] * DECISIONS))
    yield _of_desk(f"a page of the queue, {name}", pages, PAGE_MS, None)
    yield _of_desk(f"a decision, {name}", decisions, DECISION_MS, floor)


def prepare(database: Database) -> None:
    """Make the table of `least`."""
    with database.writing() as connection:
        connection.execute(text("CREATE TABLE least (number INTEGER)"))
        connection.execute(text("INSERT INTO least VALUES (0)"))


def least(database: Database) -> None:
    """The least that is kept: a transaction that changes one number in one row."""
    with database.writing() as connection:
        connection.execute(text("UPDATE least SET number = number + 1"))


def _of_desk(
    name: str, taken: list[float], limit: float, floor: float | None
) -> Figure:
    middle = median(taken)
    return Figure(
        name,
        f"{middle:.2f} ms",
        "" if floor is None else f"{floor:.2f} ms",
        "" if floor is None else f"{middle / floor:.0f} x",
        f"<= {limit:.0f} ms",
        middle <= limit,
    )


@contextmanager
def on_sqlite() -> Iterator[Database]:
    """A file in a temporary folder."""
    with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
        database = open_database(f"sqlite:///{Path(folder, 'refrain.db')}")
        yield database
        database.close()


@contextmanager
def on_postgresql() -> Iterator[Database]:
    """A server of its own."""
    with empty_database() as url:
        database = open_database(database_url(url))
        yield database
        database.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
