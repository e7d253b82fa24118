"""A load that does not wait: so many requests a second, whatever becomes of them.

Run as a process of its own: `python -m benchmarks.steady PORT SECONDS RATE PROTOCOL
SECRET`; prints how long each took, in seconds, as a JSON array.  A request counts from
the moment it was due.  Where a server falls behind, those that come after wait for a
connection, and that is counted: a generator that waits for answers before it sends
more, as `benchmarks.load`, leaves out just the time that readers would have waited
(G. Tene, "How NOT to Measure Latency": coordinated omission).
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import cycle, islice

from benchmarks.asking import PROTOCOLS
from benchmarks.load import check_answer, connected
from benchmarks.texts import unseen_texts

CONNECTIONS = 64
PATIENCE_S = 10.0
TEXTS = 400


class Steady:
    """Sends requests at an even rate over kept connections.

    `took` is how long each took, in seconds, in the order of the answers.
    """

    def __init__(self, port: int, rate: float, requests: Sequence[bytes]) -> None:
        self.took: list[float] = []
        self._port = port
        self._selector = selectors.DefaultSelector()
        self._kept = ExitStack()
        self._idle: list[socket.socket] = []
        self._under_way: dict[socket.socket, float] = {}
        start = time.perf_counter()
        self._left = deque((start + i / rate, one) for i, one in enumerate(requests))

    def run(self) -> list[float]:
        """Send all of them.

        Raises:
            RuntimeError: an answer is wrong, or there is none for PATIENCE_S.
        """
        with self._selector, self._kept:
            while self._left or self._under_way:
                self._send()
                ready = self._selector.select(self._pause())
                if not ready and not self._can_send:
                    raise RuntimeError(f"no answer within {PATIENCE_S:g} s")
                for key, _ in ready:
                    self._receive(key.fileobj)  # type: ignore[arg-type]
        return self.took

    def _send(self) -> None:
        """Send what is due, as far as there are connections."""
        while self._can_send and self._left[0][0] <= time.perf_counter():
            due, request = self._left.popleft()
            connection = self._idle.pop() if self._idle else self._connected()
            self._under_way[connection] = due
            connection.sendall(request)

    @property
    def _can_send(self) -> bool:
        return bool(self._left) and len(self._under_way) < CONNECTIONS

    def _connected(self) -> socket.socket:
        """One more, now that it is needed: an idle one would hold a thread up."""
        connection = self._kept.enter_context(connected(self._port))
        self._selector.register(connection, selectors.EVENT_READ)
        return connection

    def _pause(self) -> float:
        """How long to wait for answers: until the next request is due and can go."""
        if self._can_send:
            return max(0.0, self._left[0][0] - time.perf_counter())
        return PATIENCE_S

    def _receive(self, connection: socket.socket) -> None:
        check_answer(connection)
        self.took.append(time.perf_counter() - self._under_way.pop(connection))
        self._idle.append(connection)


def main(port: int, seconds: float, rate: float, protocol: str, secret: str) -> None:
    """Load a server, and print."""
    ask = PROTOCOLS[protocol]
    requests = [ask(text, secret) for text in unseen_texts(TEXTS)]
    count = round(seconds * rate)
    took = Steady(port, rate, list(islice(cycle(requests), count))).run()
    print(json.dumps(took))


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:6])
