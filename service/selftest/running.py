"""The whole self-test: each protocol's checks, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from service.selftest import akismet, coral, openai, own, perspective
from service.selftest.findings import Line, Section
from service.selftest.visit import Check, Visit, tried

PROTOCOLS = (own, perspective, coral, openai, akismet)
# None at all.
NO_SECRET = "no secret was given: add --coral"  # noqa: S105 # nosec B105


def run(visit: Visit) -> list[Section]:
    """Try everything, the service's own API first: it says what the others should.

    Raises:
        Failed: the key opens no site, so that nothing can be tried.
        NotSent: the first call was not answered, so neither can it.
    """
    own.reach(visit)
    return [
        Section(protocol.TITLE, _lines(protocol.CHECKS, visit, protocol is coral))
        for protocol in PROTOCOLS
    ]


def _lines(
    checks: Sequence[tuple[str, Check]], visit: Visit, needs_secret: bool
) -> list[Line]:
    if needs_secret and visit.secret is None:
        return [Line("not tried", None, NO_SECRET)]
    return [tried(name, check, visit) for name, check in checks]
