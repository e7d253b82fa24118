"""What every protocol's checks are given, and how one of them is made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from service.domain import Outcome
from service.selftest.calling import Answer, Caller
from service.selftest.findings import Failed, Line
from service.webhooks.posting import NotSent

FAIR = "The council should publish the report."
FOUL = "Shut up, you fucking idiot, or I will find you and kill you."
"""Breaks two clauses, for a site may have let one of them go."""
WRONG_KEY = "rf_of-nobody"
TRIES = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """A verdict, as the service's own API tells it."""

    outcome: Outcome
    flagged: bool
    rules: tuple[str, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether the comment is published without a person's look at it."""
        return self.outcome is Outcome.ACCEPT and not self.flagged


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a service.

    `verdicts` are those that the other protocols have to agree with; until the service
    has given its own, what every site's policy should make of the two comments.
    """

    caller: Caller
    key: str = field(repr=False)
    secret: str | None = field(repr=False)
    verdicts: dict[str, Seen] = field(
        default_factory=lambda: {
            FAIR: Seen(Outcome.ACCEPT, False),
            FOUL: Seen(Outcome.REJECT, False),
        }
    )


Check = Callable[[Visit], str]
"""Tries something and says what a newsroom would see; raises Failed or NotSent."""


def tried(name: str, check: Check, visit: Visit) -> Line:
    """Make a check."""
    try:
        return Line(name, True, check(visit))
    except (Failed, NotSent) as error:
        return Line(name, False, str(error))


def in_time(call: Callable[[], Answer], patience_s: float, otherwise: str) -> str:
    """Check that a client would wait for an answer: for the quickest of TRIES.

    Args:
        call: makes the call, over a connection of its own.
        patience_s: how long the client waits.
        otherwise: what it does then.

    Raises:
        Failed: it would not.
    """
    seconds = min(call().expect(200, 204).seconds for _ in range(TRIES))
    took = f"answered in {seconds * 1e3:.0f} ms, waited for {patience_s * 1e3:.0f} ms"
    if seconds >= patience_s:
        raise Failed(f"{took}: {otherwise}")
    return took
