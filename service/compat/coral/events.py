"""Coral's webhooks: what happened, counted.

They hold ids and no text, and the phase holds texts and no id.  So nothing is learnt
from them, but how often people approve what had to wait is seen in the metrics.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import TypeAdapter

from service.compat.coral.reading import Message, read

TYPES = frozenset(
    {
        "STORY_CREATED",
        "COMMENT_CREATED",
        "COMMENT_REPLY_CREATED",
        "COMMENT_ENTERED_MODERATION_QUEUE",
        "COMMENT_LEFT_MODERATION_QUEUE",
    }
)
STATUSES = frozenset({"NONE", "APPROVED", "REJECTED", "PREMOD", "SYSTEM_WITHHELD"})
OTHER = "other"
"""In place of a word that Coral did not have when this was written."""
NOTHING = "none"
"""Where an event tells no status."""


@dataclass(frozen=True, slots=True)
class Event:
    """What is counted of an event."""

    type: str
    status: str


class DataMessage(Message):
    """What an event is about."""

    status: str | None = None


class EventMessage(Message):
    """The body of a webhook."""

    type: str
    data: DataMessage | None = None


EVENT = TypeAdapter(EventMessage)


def parse_event(body: bytes) -> Event:
    """Read an event.

    Raises:
        Unreadable: it is no JSON, or tells no type.
    """
    told = read(EVENT, body)
    status = told.data.status if told.data else None
    return Event(
        told.type if told.type in TYPES else OTHER,
        NOTHING if status is None else status if status in STATUSES else OTHER,
    )
