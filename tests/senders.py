"""Sites that go on sending through every fault, and a look at what was stored."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
from sqlalchemy import select

from service.store.database import open_database
from service.store.schema import comments, decisions
from tests.fixtures_store import KEY

HEADERS = {"Authorization": f"Bearer {KEY}"}
FOUL = "What the fuck is wrong with this world."
PATIENCE_S = 120.0
AGAIN_S = 0.05
"""Between two tries; a site would wait for as long as `Retry-After` says."""


@dataclass
class Senders:
    """Threads that send comments, each again and again until it is decided.

    A try goes to the last of `urls`.  `decided` maps ids to what was answered,
    `problems` are the answers that decide nothing, `broken` counts connections that
    were refused or lost, and `under_way` comments that are not decided yet.
    """

    urls: list[str]
    decided: dict[str, dict[str, object]] = field(default_factory=dict)
    problems: list[httpx.Response] = field(default_factory=list)
    broken: int = 0
    under_way: int = 0
    slowest_s: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)
    guard: threading.Lock = field(default_factory=threading.Lock)

    @property
    def statuses(self) -> Counter[int]:
        """How often a try was refused, by status."""
        with self.guard:
            return Counter(answer.status_code for answer in self.problems)

    def wait_for(self, more: int) -> None:
        """Wait until so many more comments are decided."""
        wanted = len(self.decided) + more
        wait_until(lambda: len(self.decided) >= wanted)

    def send(self) -> None:
        """Send new comments until the end; the last one, too, until it is decided."""
        with httpx.Client(headers=HEADERS, timeout=PATIENCE_S) as client:
            while not self.done.is_set():
                with self.guard:
                    self.under_way += 1
                self._decide(client, uuid4().hex)
                with self.guard:
                    self.under_way -= 1

    def _decide(self, client: httpx.Client, id: str) -> None:
        deadline, tries = time.monotonic() + 2 * PATIENCE_S, 0
        while time.monotonic() < deadline:
            url, began = self.urls[-1], time.monotonic()
            tries += 1
            try:
                sent = {"id": id, "text": FOUL}
                answer = client.post(f"{url}/v1/moderate", json=sent)
            except httpx.TransportError:
                with self.guard:
                    self.broken += 1
            else:
                with self.guard:
                    took_s = time.monotonic() - began
                    self.slowest_s = max(self.slowest_s, took_s)
                    if answer.is_success:
                        self.decided[id] = answer.json()
                        return
                    self.problems.append(answer)
            time.sleep(AGAIN_S)
        raise AssertionError(f"nobody decided a comment in {tries} tries")


@contextmanager
def sending(url: str, threads: int = 4) -> Iterator[Senders]:
    """Send until the block ends, and then until all that was sent is decided."""
    senders = Senders([url])
    faults: list[BaseException] = []

    def run() -> None:
        try:
            senders.send()
        except BaseException as error:  # Raised below, where the test sees it.
            faults.append(error)

    running = [threading.Thread(target=run) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield senders
    finally:
        senders.done.set()
        for thread in running:
            thread.join()
    assert faults == []


def wait_until(is_so: Callable[[], object], *, within_s: float = PATIENCE_S) -> None:
    """Wait for something, however slow the machine is."""
    deadline = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def assert_each_is_stored_once(
    answered: Mapping[str, Mapping[str, object]], database_url: str
) -> None:
    """Nothing that was answered is lost, and nothing is in the log twice."""
    log = select(comments.c.id, decisions.c.outcome).join(
        comments, comments.c.key == decisions.c.comment_key
    )
    database = open_database(database_url)
    with database.reading() as connection:
        entries = [(str(id), str(outcome)) for id, outcome in connection.execute(log)]
    database.close()
    assert len(answered) > 0
    found = Counter(id for id, _ in entries if id in answered)
    assert found == dict.fromkeys(answered, 1)
    stored = dict(entries)
    wrong = [id for id, told in answered.items() if stored[id] != told["decision"]]
    assert wrong == []
