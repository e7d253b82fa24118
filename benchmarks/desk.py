"""The moderators' desk with 100,000 comments waiting, on SQLite and on PostgreSQL.

    python -m benchmarks.desk

Measures what a page and a decision ask of the store; rendering and HTTP are left out.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from statistics import median, quantiles
from tempfile import TemporaryDirectory

from sqlalchemy import event

from benchmarks.crowd import DECIDED, NOW, START, WAITING, fill
from benchmarks.figures import Figure, machine, table
from benchmarks.postgresql import empty_database
from model.finding import Rule, Source
from service.domain import Outcome, Waiting
from service.first_start import set_up
from service.review import Review
from service.settings import database_url
from service.store.accounts import Role
from service.store.cases import Filters, Order, Page
from service.store.database import Database, open_database
from service.store.desk import Desk
from service.store.records import Site
from service.store.reviews import Reviews
from service.store.sites import Sites

PAGE_MS = 100.0
DECISION_MS = 50.0
ROUNDS = 4
DECISIONS = 200
BY = "anna"
FILTERS = (
    Filters(),
    Filters(waiting=Waiting.FLAGGED),
    Filters(waiting=Waiting.SECOND),
    Filters(rule=Rule.OBSCENE),
    Filters(source=Source.CONTACT),
    Filters(article="a-7"),
    Filters(article="a-none"),
    Filters(author="u-7"),
    Filters(language="ml"),
    Filters(least=0.99),
)
SEARCHES = (Filters(words="buses use"), Filters(words="nobody wrote this"))
LARGE = ("comments", "decisions", "texts")
"""Tables of which no page may read every row."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A filled database and what works on it."""

    name: str
    database: Database
    site: Site
    review: Review

    def page(self, filters: Filters, order: Order, after: str | None = None) -> Page:
        """A page of the queue."""
        return self.review.desk.queue(
            self.site.id, filters, order, by=BY, now=NOW, after=after
        )

    def decide(self, number: int) -> int:
        """Reject a comment that waits, by its place among them."""
        return reject(self.review, self.site, DECIDED + number)


def reject(review: Review, site: Site, number: int) -> int:
    """Reject a comment by its number, and give that of the decision."""
    return review.decide(
        site,
        f"c-{number}",
        Outcome.REJECT,
        rule=Rule.OBSCENE,
        note=None,
        seen=1,
        by=BY,
        role=Role.EDITOR,
    ).number


def measure() -> Iterator[Figure]:
    """Measure everything here, one figure after the other."""
    for opened in (on_sqlite, on_postgresql):
        with opened() as bench:
            yield from pages(bench)
            yield from searches(bench)
            yield from plans(bench)
            yield from acts(bench)


def pages(bench: Bench) -> Iterator[Figure]:
    """The queue by every filter, both ways, its first pages and later ones."""
    reads: list[Callable[[], object]] = []
    for order in Order:
        after = None
        for _ in range(len(FILTERS)):
            after = bench.page(Filters(), order, after).after
            reads.append(partial(bench.page, Filters(), order, after))
        reads += [partial(bench.page, filters, order) for filters in FILTERS]
    random.Random(1).shuffle(reads)  # noqa: S311 - no secret
    yield figure(bench, "a page of the queue", timed(reads * ROUNDS), PAGE_MS)
    other: list[Callable[[], object]] = [
        partial(bench.review.desk.counts, bench.site.id),
        partial(bench.review.desk.appeals, bench.site.id, by=BY, now=NOW),
        *(
            partial(
                bench.review.desk.decided, bench.site.id, o, Filters(), by=BY, now=NOW
            )
            for o in Outcome
        ),
    ]
    yield figure(bench, "counts, and other lists", timed(other * ROUNDS), PAGE_MS)


def searches(bench: Bench) -> Iterator[Figure]:
    """Words that nobody wrote make it read every text that waits."""
    reads = [
        partial(bench.page, filters, order) for filters in SEARCHES for order in Order
    ]
    yield figure(bench, "a search for words", timed(reads * ROUNDS), None)


def acts(bench: Bench) -> Iterator[Figure]:
    """Decisions, by one moderator after the other."""
    numbers = count(1)
    decisions = [partial(bench.decide, next(numbers)) for _ in range(DECISIONS)]
    yield figure(bench, "a decision", timed(decisions), DECISION_MS)
    taken_back = [partial(and_undo, bench, next(numbers)) for _ in range(DECISIONS)]
    yield figure(bench, "a decision and its undoing", timed(taken_back), DECISION_MS)
    many = [
        partial(decide_25, bench, next(numbers) * 25) for _ in range(DECISIONS // 5)
    ]
    yield figure(bench, "25 decisions at once", timed(many), None)


def and_undo(bench: Bench, number: int) -> None:
    """Decide and take it back."""
    made = bench.decide(number)
    bench.review.undo(bench.site, f"c-{DECIDED + number}", number=made, by=BY)


def decide_25(bench: Bench, number: int) -> None:
    """Approve a page of comments."""
    bench.review.decide_many(
        bench.site,
        [(f"c-{DECIDED + number + i}", 1) for i in range(25)],
        Outcome.ACCEPT,
        rule=None,
        note=None,
        by=BY,
        role=Role.EDITOR,
    )


def plans(bench: Bench) -> Iterator[Figure]:
    """How many statements of a page read a whole large table: none may."""
    with statements(bench.database) as run:
        after = bench.page(Filters(), Order.NEWEST).after
        bench.page(Filters(rule=Rule.OBSCENE), Order.OLDEST, after)
        bench.review.desk.counts(bench.site.id)
        bench.review.desk.decided(
            bench.site.id, Outcome.REJECT, Filters(), by=BY, now=NOW
        )
    scans = sum(reads_all(bench.database, *ran) for ran in run)
    yield Figure(
        f"statements of four pages that read a whole table, {bench.name}",
        f"{scans} of {len(run)}",
        "",
        "",
        "0",
        scans == 0,
    )


def reads_all(database: Database, statement: str, parameters: object) -> bool:
    """Whether a statement goes through every row of a large table."""
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    scan = "SCAN" if database.is_sqlite else "Seq Scan on"
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            f"{explain} {statement}",
            parameters,  # type: ignore[arg-type]
        )
        plan = "\n".join(str(row[-1]) for row in rows)
    return any(f"{scan} {name}" in plan for name in LARGE)


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, object]]]:
    """Note what is run, with its parameters."""
    run: list[tuple[str, object]] = []

    def note(
        _: object, __: object, said: str, parameters: object, *___: object
    ) -> None:
        run.append((said, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    yield run
    event.remove(database.engine, "before_cursor_execute", note)


def timed(calls: Sequence[Callable[[], object]]) -> list[float]:
    """Make calls; milliseconds of each."""
    taken = []
    for call in calls:
        start = time.perf_counter()
        call()
        taken.append((time.perf_counter() - start) * 1e3)
    return taken


def figure(
    bench: Bench, name: str, taken: Sequence[float], limit: float | None
) -> Figure:
    """The 95th percentile against what is required, the median beside it."""
    p95 = quantiles(taken, n=20)[-1]
    return Figure(
        f"{name}, {bench.name}: p95 of {len(taken)} (median)",
        f"{p95:.1f} ms ({median(taken):.1f})",
        "",
        "",
        "" if limit is None else f"<= {limit:.0f} ms",
        limit is None or p95 <= limit,
    )


@contextmanager
def on_sqlite() -> Iterator[Bench]:
    """A file in a temporary folder."""
    with (
        TemporaryDirectory(prefix="refrain-desk-") as folder,
        opened("SQLite", f"sqlite:///{folder}/refrain.db") as bench,
    ):
        yield bench


@contextmanager
def on_postgresql() -> Iterator[Bench]:
    """A server of its own, as it comes, which ends with the block."""
    with empty_database() as url, opened("PostgreSQL", database_url(url)) as bench:
        yield bench


@contextmanager
def opened(name: str, url: str) -> Iterator[Bench]:
    """Fill an empty database and open it as the service does."""
    database = open_database(url)
    set_up(database, START)
    fill(database)
    (site,) = Sites(database).all()
    review = Review(
        Desk(database),
        Reviews(database),
        second_share=0.02,
        text_hash=lambda text: bytes(32),
        clock=lambda: NOW,
    )
    yield Bench(name, database, site, review)
    database.close()


def main() -> int:
    """Print the table of this alone."""
    print(f"{WAITING:,} comments waiting. {machine()}\n")
    figures = list(measure())
    print(table(figures))
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
