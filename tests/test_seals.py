"""The log is append-only, and its hash chain shows whatever was done to it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import structlog
from sqlalchemy import (
    Connection,
    Executable,
    Insert,
    Update,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from service.sealing import Sealing, seal_all
from service.store.chain import BEGINNING, details_hash, entry_hash
from service.store.database import Database
from service.store.schema import decisions, sealing, seals
from service.store.seals import Head, Seals
from tests.reviewing import World, approve, reject
from tests.samples import ACCEPTED, REJECTED
from tests.senders import wait_until
from tests.tampering import tampering


@pytest.fixture
def chained(world: World) -> World:
    """A site with five decisions, all sealed."""
    world.send("c-1", REJECTED)
    world.send("c-2")
    world.send("c-3", ACCEPTED)
    reject(world, "c-2", note="That will do.")
    approve(world, "c-1")
    assert seal_all(world.database) == 5
    return world


def test_an_entry_hashes_what_it_says_onto_the_one_before() -> None:
    # Computed by `sha256sum` from bytes written by hand: chains have to hold for ever.
    details = details_hash(b"s" * 16, ["[]", None, None, "automatic", "é"])
    facts: list[str | int | None] = [
        7,
        3,
        1,
        1,
        "accept",
        False,
        "m",
        "p@1",
        5,
        "automatic",
    ]
    entry = entry_hash(BEGINNING, 1, [*facts, None, None, None, None], details)

    assert details.hex() == (
        "3c04d5da4a1597d33381a51999abeb8ff0a24694b4afd1e54b5bf7891334d5a6"
    )
    assert entry.hex() == (
        "d344987b5a5fc0538e2edb52db290f7b08b8d005da0e773e700f7b07c30c6b40"
    )


def test_what_is_sealed_is_proved(chained: World) -> None:
    proof = Seals(chained.database).prove()

    assert (proof.fault, proof.head.number, proof.unsealed) == (None, 5, 0)
    assert Seals(chained.database).head() == proof.head
    assert Seals(chained.database).prove([proof.head]).fault is None
    assert seal_all(chained.database) == 0


def test_what_is_too_new_is_counted_and_nothing_is_wrong_with_it(
    chained: World,
) -> None:
    chained.send("c-4")

    proof = Seals(chained.database).prove()

    assert (proof.fault, proof.head.number, proof.unsealed) == (None, 5, 1)


def test_an_empty_chain_is_as_good_as_any(world: World) -> None:
    assert seal_all(world.database) == 0
    assert Seals(world.database).prove().head == Head(0, "00" * 32)


def at(key: int, **values: object) -> Update:
    return update(decisions).where(decisions.c.key == key).values(**values)


def entry(number: int, **values: object) -> Update:
    return update(seals).where(seals.c.number == number).values(**values)


def copied(key: int) -> Insert:
    """A copy of a decision under another key."""
    names = [column.name for column in decisions.columns]
    changed = {"key": literal(key), "number": literal(9)}
    columns = [changed.get(name, decisions.c[name]) for name in names]
    return insert(decisions).from_select(
        names, select(*columns).where(decisions.c.key == 3)
    )


def run(*statements: Executable) -> Callable[[Connection], None]:
    def change(connection: Connection) -> None:
        for statement in statements:
            connection.execute(statement)

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(
            run(at(3, outcome="reject")),
            "Entry 3 is broken: decision 3 or the entry was changed.",
            id="an outcome",
        ),
        pytest.param(
            run(at(1, waiting="flagged")),
            "Entry 1 is broken: decision 1 or the entry was changed.",
            id="what it waited for",
        ),
        pytest.param(
            run(at(4, decided_by="bela")),
            "Entry 4 is broken: reasons, scores, notice, note or name of decision 4 "
            "were changed.",
            id="who decided",
        ),
        pytest.param(
            run(at(1, reasons="[]"), at(2, note="Oh.")),
            "Entry 1 is broken: reasons, scores, notice, note or name of decision 1 "
            "were changed.",
            id="the reasons, and later a note",
        ),
        pytest.param(
            run(entry(2, hash=bytes(32))),
            "Entry 2 is broken: decision 2 or the entry was changed.",
            id="an entry",
        ),
        pytest.param(
            run(entry(2, salt=None)),
            "Entry 2 is broken: its details are hidden although its comment was not "
            "erased.",
            id="a salt",
        ),
        pytest.param(
            run(delete(decisions).where(decisions.c.key == 2)),
            "Entry 2 is broken: decision 2 is gone.",
            id="a decision gone",
        ),
        pytest.param(
            run(
                delete(seals).where(seals.c.number == 2),
                delete(decisions).where(decisions.c.key == 2),
            ),
            "Entry 2 is gone.",
            id="a decision and its entry gone",
        ),
        pytest.param(
            run(copied(-7)),
            "Decision -7 was entered past the chain.",
            id="a decision slipped in",
        ),
    ],
)
def test_whatever_is_changed_is_found_at_the_first_entry(
    chained: World, change: Callable[[Connection], None], said: str
) -> None:
    with tampering(chained.database) as connection:
        change(connection)

    assert Seals(chained.database).prove().fault == said


def test_a_chain_that_was_cut_or_made_anew_is_not_the_one_that_was_noted(
    chained: World,
) -> None:
    noted = Seals(chained.database).head()
    with tampering(chained.database) as connection:
        connection.execute(delete(seals).where(seals.c.number > 3))
        connection.execute(delete(decisions).where(decisions.c.key > 3))
    cut = Seals(chained.database)
    assert cut.prove().fault is None
    assert cut.prove([noted]).fault == "Entry 5 is gone: the chain ends before it."

    with tampering(chained.database) as connection:
        connection.execute(delete(seals))
        connection.execute(at(1, outcome="accept"))
        connection.execute(update(sealing).values(sealed_to=0, seen_to=0))
    chained.send("c-8")
    chained.send("c-9")

    assert seal_all(chained.database) == 5
    assert cut.prove().fault is None
    assert cut.prove([noted]).fault == (
        "Entry 5 is not the one that was noted: the chain was made anew."
    )


@pytest.mark.parametrize(
    "statement",
    [
        pytest.param(at(1, outcome="accept"), id="change a decision"),
        pytest.param(
            at(4, note=None, scores=None, notice=None), id="take out what is not erased"
        ),
        pytest.param(delete(decisions), id="delete decisions"),
        pytest.param(entry(1, hash=bytes(32)), id="change an entry"),
        pytest.param(delete(seals).where(seals.c.number == 5), id="delete an entry"),
    ],
)
def test_the_database_itself_refuses_to_rewrite_the_log(
    chained: World, statement: Executable
) -> None:
    with (
        pytest.raises(IntegrityError, match="append-only"),
        chained.database.writing() as connection,
    ):
        connection.execute(statement)

    assert Seals(chained.database).prove().fault is None


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.parametrize("table", ["decisions", "seals"])
def test_postgresql_refuses_to_empty_the_log(chained: World, table: str) -> None:
    with (
        pytest.raises(IntegrityError, match="append-only"),
        chained.database.writing() as connection,
    ):
        connection.exec_driver_sql(f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("backend", ["postgresql"])
def test_a_decision_that_is_committed_late_is_sealed_after_those_with_higher_keys(
    chained: World,
) -> None:
    database = chained.database
    late = database.engine.connect()
    # As every writer does: it has written before it has the decision's key.
    late.exec_driver_sql("UPDATE sites SET created_at = created_at")
    late.exec_driver_sql("SELECT nextval('decisions_key_seq')")
    chained.send("c-7")
    for _ in range(3):
        seal_all(database)
    late.execute(copied(6))

    assert final(database) < 6
    late.commit()
    late.close()

    assert seal_all(database) == 1
    for _ in range(2):
        seal_all(database)
    assert final(database) == 7
    with database.reading() as connection:
        order = select(seals.c.decision_key).order_by(seals.c.number)
        assert list(connection.scalars(order)) == [1, 2, 3, 4, 5, 7, 6]
    assert Seals(database).prove().fault is None


def final(database: Database) -> int:
    """Up to which key nothing is looked for any more."""
    with database.reading() as connection:
        return int(connection.scalar(select(sealing.c.sealed_to)) or 0)


def test_many_who_seal_at_once_make_one_chain(world: World) -> None:
    for number in range(60):
        world.send(f"c-{number}")

    def seal_some(_: int) -> int:
        return Seals(world.database).seal(limit=7)

    with ThreadPoolExecutor(4) as pool:
        counts = list(pool.map(seal_some, range(40)))

    proof = Seals(world.database).prove()
    assert sum(counts) + seal_all(world.database) == 60
    assert proof.fault is None
    assert Seals(world.database).prove().head.number == 60


def test_a_thread_seals_what_is_new(chained: World) -> None:
    thread = Sealing(chained.database, structlog.get_logger(), look_s=0.01)
    thread.start()
    chained.send("c-4")

    def is_sealed() -> bool:
        with chained.database.reading() as connection:
            return connection.scalar(select(func.count(seals.c.number))) == 6

    wait_until(is_sealed)
    thread.stop()
    assert Seals(chained.database).prove().fault is None
