"""What sites' own words cost: reading them, judging with them, and starting.

Times of reading and judging are processor time of the thread.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure
from benchmarks.serving import first_key, start_once
from benchmarks.texts import CLEAN
from model.finding import Rule
from model.judge import Judge, load_judge
from model.lexicon.entries import Entry, Forms, Strength
from service.rules.own import MAX_WORDS
from service.store.database import open_database
from service.store.sites import Sites

WORDS = (100, 1_000, 10_000, 100_000)
JUDGING_S = 0.4
READY_S = 2.0
LETTERS = "bcdfghjklmnprstvwz"


def by_words() -> Iterator[Figure]:
    """What a site's own words cost: once, when they are first asked for, and then."""
    judge = load_judge()
    for number in WORDS:
        start = time.thread_time()
        own = with_words(judge, number)
        compiled = time.thread_time() - start
        ratio = processor_s(partial(own.judge, CLEAN)) / processor_s(
            partial(judge.judge, CLEAN)
        )
        yield Figure(
            f"reading {number:,} words of a site",
            f"{compiled:.2f} s",
            "",
            f"{compiled / number * 1e6:.0f} µs each",
            "",
            True,
        )
        name = f"judging with {number:,} words, against none"
        yield Figure(name, "", "", f"{ratio:.2f} x", "", True)


def with_words(judge: Judge, number: int) -> Judge:
    """A judge with so many made-up words more."""
    return judge.with_words(made_up(range(number)), ())


def made_up(places: range) -> list[Entry]:
    """Words that nobody writes, one for each place."""
    return [
        Entry(_written(place), Rule.PERSONAL, Strength.FLAG, Forms.STEM)
        for place in places
    ]


def _written(number: int) -> str:
    """A number in other digits."""
    digits = ""
    for _ in range(5):
        number, digit = divmod(number, len(LETTERS))
        digits += LETTERS[digit]
    return f"ququ{digits}xx"


def by_starts() -> Iterator[Figure]:
    """How long the service takes to be ready that has so many sites' words to heed."""
    for number in WORDS:
        with TemporaryDirectory(prefix="refrain-benchmark-") as folder:
            env = os.environ | {"REFRAIN_DATA_DIR": folder}
            env.pop("DATABASE_URL", None)
            first_key(env)
            add_words(f"sqlite:///{Path(folder, 'refrain.db')}", number)
            ready = median(start_once(env, folder) for _ in range(3))
        yield Figure(
            f"start until ready, with {number:,} words on sites of {MAX_WORDS:,}",
            f"{ready:.2f} s",
            "",
            "",
            f"<= {READY_S:g} s",
            ready <= READY_S,
        )


def add_words(url: str, number: int) -> None:
    """Give words to new sites, to each as many as it may have."""
    database = open_database(url)
    sites, by, now = Sites(database), "benchmark", datetime.now(UTC)
    for first in range(0, number, MAX_WORDS):
        site = sites.create(f"site-{first}", by=by, now=now)
        words = made_up(range(first, min(first + MAX_WORDS, number)))
        sites.change(site, words=words, by=by, now=now)
    database.close()


def processor_s(call: Callable[[], object]) -> float:
    """Median of what a call takes of the processor, in seconds."""
    call()
    taken: list[float] = []
    while len(taken) < 5 or sum(taken) < JUDGING_S:
        start = time.thread_time()
        call()
        taken.append(time.thread_time() - start)
    return median(taken)
