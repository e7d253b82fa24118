"""A process that writes to the store as a worker does; started by tests.

    python -m tests.store_worker ACT URL ARGUMENT...

It says `ready`, waits for a line, acts, and prints what it did.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from service.first_start import set_up
from service.store.database import open_database
from service.store.migrate import migrate
from service.store.records import Submission
from service.store.store import Store
from tests.samples import ACCEPTED, comment

SITE = 1


def record(store: Store, id: str, text: str) -> str:
    """Record one comment; what was answered in a line."""
    now = datetime.now(UTC)
    recorded = store.record(
        SITE, comment(id, text), store.text_hash(text), ACCEPTED, now, alike=bytes(16)
    )
    decision = recorded.decision
    return f"{id} {decision.revision} {decision.decided_at.isoformat()}"


def many(url: str, prefix: str, count: str) -> None:
    """Record `count` comments of its own, reporting each once it is answered."""
    store = Store(open_database(url))
    for i in range(int(count)):
        print(record(store, f"{prefix}-{i}", "A text."), flush=True)


def same(url: str, count: str) -> None:
    """Record `count` comments that the others record as well."""
    store = Store(open_database(url))
    for i in range(int(count)):
        print(record(store, f"same-{i}", "The same text."))


def changing(url: str, name: str, count: str) -> None:
    """Change the text of one comment `count` times."""
    store = Store(open_database(url))
    for i in range(int(count)):
        print(record(store, "contended", f"Version {i} by {name}."))


def batches(url: str, name: str, count: str) -> None:
    """Record the same twenty ids in `count` batches, forwards or backwards."""
    store = Store(open_database(url))
    ids = [f"b-{i}" for i in range(20)]
    for i in range(int(count)):
        text = f"Version {i} by {name}."
        text_hash = store.text_hash(text)
        submissions = [
            Submission(comment(id, text), text_hash, ACCEPTED, alike=None)
            for id in (ids if name == "forwards" else reversed(ids))
        ]
        print(len(store.record_many(SITE, submissions, datetime.now(UTC))))


def groups(url: str, name: str, count: str) -> None:
    """Record `count` ids in four threads at once, forwards or backwards."""
    store = Store(open_database(url))
    ids = [f"g-{i}" for i in range(int(count))]
    with ThreadPoolExecutor(4) as pool:
        order = ids if name == "forwards" else list(reversed(ids))
        for line in pool.map(lambda id: record(store, id, "The same text."), order):
            print(line)


def first_start(url: str) -> None:
    """Make the first start, if no other process did."""
    made = set_up(open_database(url), datetime.now(UTC))
    print("secrets" if made else "none")


def migrating(url: str) -> None:
    """Bring the database up to date, if no other process did."""
    print("migrated" if migrate(open_database(url)) else "nothing to do")


ACTS: dict[str, Callable[..., None]] = {
    act.__name__: act
    for act in (many, same, changing, batches, groups, first_start, migrating)
}

if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    ACTS[sys.argv[1]](*sys.argv[2:])
