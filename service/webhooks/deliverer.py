"""Telling sites what was decided, by Standard Webhooks (standardwebhooks.com).

Sends what `service.store.deliveries` has ready, several at once but few to the same
endpoint, so that one that hangs holds up nobody else.  A delivery counts when the site
has answered and that is noted; one that was interrupted is sent again, with its id.
"""

from __future__ import annotations

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from queue import Empty, SimpleQueue
from secrets import SystemRandom

import httpcore
from standardwebhooks import Webhook
from structlog.typing import FilteringBoundLogger

from service.api.event_answers import event_answer
from service.compact import dumps
from service.errors import StoreUnavailable
from service.logs import outline
from service.store.deliveries import Deliveries, Delivery
from service.store.outbox import utc_now
from service.webhooks.posting import NotSent, post

TIMEOUT_S = 10.0
"""How long one sending may take in all."""
LEASE_S = 60.0
"""When a delivery is sent again of which nothing is heard; longer than any takes."""
WAITS_S = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
"""How long to wait after each failure, as Standard Webhooks advises; then it is given
up, after three days and a third."""
JITTER = 0.1
"""By which share a wait is longer or shorter, so that not all come back together."""
POLL_S = 1.0
"""How often to look for what has become due."""
STOP_S = 3.0
"""How long those under way may still take when all is to end."""
AT_ONCE = 16
PER_ENDPOINT = 2

GONE = "The endpoint answered 410: it wants to hear no more."


@dataclass(frozen=True, slots=True)
class Limits:
    """How patient a deliverer is; the defaults are the constants'."""

    timeout_s: float = TIMEOUT_S
    poll_s: float = POLL_S
    stop_s: float = STOP_S


class Deliverer:
    """Sends what is due until it is stopped.  Several may run on one database."""

    def __init__(
        self,
        deliveries: Deliveries,
        log: FilteringBoundLogger,
        *,
        private: bool,
        clock: Callable[[], datetime] = utc_now,
        limits: Limits | None = None,
    ) -> None:
        """Wire the parts.

        Args:
            deliveries: what to send.
            log: told of every failure, never with a text, a secret or an answer.
            private: whether endpoints may have private addresses.
            clock: the time now, with its time zone.
            limits: how patient to be.
        """
        self._deliveries = deliveries
        self._log = log
        self._private = private
        self._clock = clock
        self._limits = limits or Limits()
        self._context: ssl.SSLContext = httpcore.default_ssl_context()
        self._random = SystemRandom()
        self._guard = threading.Lock()
        self._under_way: Counter[int] = Counter()
        # A bell, for there is something to look after.  Of all that threads can wait
        # for, this alone may be touched in a signal handler.
        self._bell: SimpleQueue[None] = SimpleQueue()
        self._is_stopping = False

    def stop(self) -> None:
        """Have `run` end soon; from another thread or a signal handler."""
        self._is_stopping = True
        self._bell.put(None)

    def run(self) -> None:
        """Send what is due, and what will be, until `stop`.

        What is under way then has a moment to end; of the rest nothing is lost.
        """
        while not self._is_stopping:
            try:
                self._begin()
            except StoreUnavailable as error:
                self._log.error("no deliveries", detail=str(error))
            except Exception as error:  # Sites have to be told in spite of a bug.
                self._log.error("no deliveries", **outline(error))
            self._wait(self._limits.poll_s)
        end = time.monotonic() + self._limits.stop_s
        while self.under_way and time.monotonic() < end:
            self._wait(end - time.monotonic())

    def run_once(self) -> None:
        """Send what is due now, and wait for it.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        while self._begin() or self.under_way:
            self._wait(self._limits.poll_s)

    @property
    def under_way(self) -> int:
        """How many deliveries are being sent just now."""
        with self._guard:
            return self._under_way.total()

    def _begin(self) -> int:
        """Begin to send what is due, as far as there is room; returns how many."""
        now = self._clock()
        self._deliveries.spread(now)
        due = self._deliveries.due(now)
        self._random.shuffle(due)  # Where there is no room for all, nobody is favoured.
        return sum(self._begin_at(endpoint_id, now) for endpoint_id in due)

    def _begin_at(self, endpoint_id: int, now: datetime) -> int:
        with self._guard:
            here, all_in_all = self._under_way[endpoint_id], self._under_way.total()
        room = min(PER_ENDPOINT - here, AT_ONCE - all_in_all)
        if room <= 0:
            return 0
        until = now + timedelta(seconds=LEASE_S)
        claimed = self._deliveries.claim(endpoint_id, room, now, until)
        for delivery in claimed:
            with self._guard:
                self._under_way[endpoint_id] += 1
            threading.Thread(target=self._deliver, args=[delivery], daemon=True).start()
        return len(claimed)

    def _wait(self, seconds: float) -> None:
        """Sleep until the bell rings, at most so long."""
        with suppress(Empty):
            self._bell.get(timeout=max(seconds, 0.0))
            while True:
                self._bell.get_nowait()

    def _deliver(self, delivery: Delivery) -> None:
        """Send one, in a thread of its own, and note what came of it."""
        try:
            self._note(delivery, self._send(delivery))
        except StoreUnavailable as error:
            # It stays claimed, and is sent again when that is over.
            self._log.error("delivery not noted", detail=str(error), **_named(delivery))
        except Exception as error:  # As above; and nobody else would hear of it.
            self._log.error("delivery not noted", **outline(error), **_named(delivery))
        finally:
            with self._guard:
                self._under_way[delivery.endpoint_id] -= 1
            self._bell.put(None)

    def _send(self, delivery: Delivery) -> int | str:
        """The status that is answered, or why there is none."""
        try:
            body = dumps(event_answer(delivery.event))
            return post(
                delivery.url,
                body.encode(),
                signed(delivery, body, self._clock()),
                context=self._context,
                timeout_s=self._limits.timeout_s,
                private=self._private,
            )
        except NotSent as error:
            return str(error)
        except Exception as error:  # A bug must not have it sent for ever.
            self._log.error("delivery broke", **outline(error), **_named(delivery))
            return f"It cannot be sent ({type(error).__name__})."

    def _note(self, delivery: Delivery, answer: int | str) -> None:
        now = self._clock()
        if isinstance(answer, int) and 200 <= answer < 300:
            self._deliveries.delivered(delivery, now)
        elif answer == HTTPStatus.GONE:
            self._deliveries.disable(delivery.endpoint_id, GONE, now)
            self._log.warning("endpoint disabled", **_named(delivery))
        else:
            self._fail(delivery, answer, now)

    def _fail(self, delivery: Delivery, answer: int | str, now: datetime) -> None:
        error = answer if isinstance(answer, str) else f"The answer was {answer}."
        wait_s = self._wait_s(delivery.tries)
        again_at = None if wait_s is None else now + timedelta(seconds=wait_s)
        self._deliveries.failed(delivery, error, again_at)
        again = again_at and again_at.isoformat()
        self._log.warning(
            "not delivered", detail=error, again=again, **_named(delivery)
        )

    def _wait_s(self, tries: int) -> float | None:
        """How long to wait after so many failures; None to give up."""
        if tries > len(WAITS_S):
            return None
        return WAITS_S[tries - 1] * self._random.uniform(1 - JITTER, 1 + JITTER)


def signed(delivery: Delivery, body: str, now: datetime) -> dict[str, str]:
    """The headers by which the site knows that a body is ours, and which one it is."""
    message = delivery.event.id
    return {
        "Content-Type": "application/json",
        "Connection": "close",
        "User-Agent": "Refrain",
        "webhook-id": message,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(delivery.secret).sign(message, now, body),
    }


def _named(delivery: Delivery) -> dict[str, object]:
    """What may be logged of a delivery."""
    return {
        "endpoint": delivery.endpoint_id,
        "message": delivery.event.id,
        "tries": delivery.tries,
    }
