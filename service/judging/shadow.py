"""Shadow: a version that judges beside the active one, and never answers.

The thread that answers hands a comment over and goes on; another one judges it and
notes what would have been decided otherwise.  It takes no more than a part of the
processor, for only one thread of a process runs at a time: what it has no time for is
skipped, and counted.  A comment's text is kept no longer than until it is judged.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue

from model.verdicts import Fate
from service.domain import Comment, Decision, Reason, Verdict
from service.errors import StoreUnavailable
from service.judging.bench import Bench
from service.store.records import Site
from service.store.shadows import Difference, Shadows

WAITING = 500
"""Comments that wait to be judged; more are skipped."""

REST = 3.0
"""How much longer than it has computed the thread rests: it takes a quarter of the time
that the process is given, at most."""

WRITE_S = 2.0
"""How long differences are collected before they are written."""

UNWRITTEN = 1_000
"""Differences that are kept while the database fails; more are skipped."""

END_S = 3.0
"""How long the end waits for what is under way."""

STRICTNESS = list(Fate)


@dataclass(frozen=True, slots=True)
class Shown:
    """A comment that was decided, and the bench that judged it."""

    bench: Bench
    site: Site
    comment: Comment
    decision: Decision


class Shadow:
    """One version's time as shadow, in one process.  Safe for threads."""

    def __init__(
        self,
        bench: Bench,
        key: int,
        shadows: Shadows,
        *,
        count: Callable[[str], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        """Wire the parts.

        Args:
            bench: of the version.
            key: of the entry that made it the shadow.
            shadows: where the differences go.
            count: told of each comment: same, stricter, milder, skipped or failed.
            on_failure: told of the first comment that the judge breaks on, and of
                differences that cannot be stored at all; must not raise.
        """
        self.bench = bench
        self._key = key
        self._shadows = shadows
        self._count = count
        self._on_failure = on_failure
        self._queue: SimpleQueue[Shown | None] = SimpleQueue()
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._guard = threading.Lock()
        self._skipped = 0
        self._judged = 0
        self._found: list[Difference] = []
        self._has_failed = False

    def offer(
        self, bench: Bench, site: Site, comment: Comment, decision: Decision
    ) -> None:
        """Let a comment be judged too, if there is time; returns at once.

        Args:
            bench: that judged it.
            site: on behalf of which site.
            comment: with an id.
            decision: as it was made, automatically.
        """
        if self._queue.qsize() < WAITING:
            self._queue.put(Shown(bench, site, comment, decision))
        else:
            self._skip("skipped")

    def start(self) -> None:
        """Judge in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="shadow", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread, and write what was found so far."""
        self._ending.set()
        self._queue.put(None)
        if self._thread is not None:
            self._thread.join(END_S)

    def work_off(self) -> None:
        """Judge all that waits, and write what was found; where there is no thread."""
        while not self._queue.empty():
            if shown := self._queue.get():
                self._judge(shown)
        self._write()

    def _run(self) -> None:
        write_at = time.monotonic() + WRITE_S
        while not self._ending.is_set():
            shown = self._next(write_at)
            if shown is not None:
                began = time.thread_time()
                self._judge(shown)
                self._ending.wait((time.thread_time() - began) * REST)
            if time.monotonic() >= write_at:
                self._write()
                write_at = time.monotonic() + WRITE_S
        while not self._queue.empty():
            if self._queue.get() is not None:
                self._skip("skipped")
        self._write()

    def _next(self, write_at: float) -> Shown | None:
        """Wait for a comment; no longer than until there is something to write."""
        wait_s = None
        if self._judged or self._skipped:
            wait_s = max(0.0, write_at - time.monotonic())
        try:
            return self._queue.get(timeout=wait_s)
        except Empty:
            return None

    def _judge(self, shown: Shown) -> None:
        try:
            would = self._verdict(shown)
        except Exception as error:  # Nobody waits for it; but it must be known.
            self._skip("failed")
            if not self._has_failed:
                self._has_failed = True
                self._on_failure(error)
            return
        self._judged += 1
        fates = fate(shown.decision.verdict), fate(would)
        if fates[0] is fates[1]:
            self._count("same")
            return
        before, after = map(STRICTNESS.index, fates)
        self._count("stricter" if after > before else "milder")
        self._found.append(_difference(shown, would))

    def _verdict(self, shown: Shown) -> Verdict:
        """What this version makes of a comment, with the site's words and terms."""
        judge = shown.bench.judge(shown.site).with_model(self.bench.shared)
        policy = self.bench.policy(shown.site)
        judgement = judge.judge(shown.comment.text, floor=policy.floor)
        return policy.verdict(judgement, model=self.bench.version)

    def _skip(self, why: str) -> None:
        with self._guard:
            self._skipped += 1
        self._count(why)

    def _write(self) -> None:
        """Store what was found; if the database fails, it is tried again later."""
        with self._guard:
            skipped, self._skipped = self._skipped, 0
        if not (self._judged or skipped):
            return
        try:
            self._shadows.note(
                self._key, self._found, judged=self._judged, skipped=skipped
            )
        except StoreUnavailable:
            with self._guard:
                self._skipped += skipped
            self._bound()
            return
        except Exception as error:  # A site that is gone, say: it would fail for ever.
            self._on_failure(error)
        self._judged, self._found = 0, []

    def _bound(self) -> None:
        """Hold no more than UNWRITTEN differences: the oldest count as skipped."""
        excess = len(self._found) - UNWRITTEN
        if excess > 0:
            del self._found[:excess]
            self._judged -= excess
            with self._guard:
                self._skipped += excess


def fate(verdict: Verdict) -> Fate:
    """What becomes of a comment; whether it is published meanwhile is the site's."""
    return Fate.FLAG if verdict.flagged else Fate(verdict.outcome)


def _difference(shown: Shown, would: Verdict) -> Difference:
    was = shown.decision.verdict
    return Difference(
        site_id=shown.site.id,
        comment_id=shown.comment.id or "",
        revision=shown.decision.revision,
        was=fate(was),
        would=fate(would),
        was_rule=_rule(was.reasons),
        would_rule=_rule(would.reasons),
        noticed_at=datetime.now(UTC),
    )


def _rule(reasons: tuple[Reason, ...]) -> str | None:
    """The rule of the strongest reason."""
    return reasons[0].rule if reasons else None
