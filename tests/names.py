"""A name server of a test's own, which answers whatever the test wants."""

from __future__ import annotations

import socket
from typing import Any

Place = tuple[int, int, int, str, tuple[Any, ...]]
"""What `socket.getaddrinfo` gives for each address."""


def places(*hosts: str, port: int = 443) -> list[Place]:
    """The answer that a name has these addresses, in this order."""
    return [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (host, port, 0, 0))
        if ":" in host
        else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))
        for host in hosts
    ]


class NameServer:
    """Answers for one name: the first time so, and ever after with the last answer.

    Put in the place of `socket.getaddrinfo`; other names are resolved by the system.
    """

    def __init__(self, name: str, *answers: tuple[str, ...]) -> None:
        self._name = name
        self._answers = answers
        self._resolve = socket.getaddrinfo
        self.asked = 0

    def __call__(self, host: str, port: int, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as the system's
        """Resolve a host."""
        if host != self._name:
            return self._resolve(host, port, *rest, **more)
        hosts = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        return places(*hosts, port=port)
