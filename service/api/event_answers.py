"""What sites are told of decisions, in the shapes of `service.api.shapes`.

Apart from `service.api.answers`, which brings the judge with it: the deliverer of
webhooks would take 45 MB more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.store.outbox import Event

if TYPE_CHECKING:
    from service.api.shapes import EventAnswer, ListedEvent


def event_answer(event: Event) -> EventAnswer:
    """What a site is told of a decision."""
    decision = event.decision
    return {
        "type": event.type,
        "timestamp": event.created_at.isoformat(),
        "data": {
            "id": event.comment_id,
            "revision": decision.revision,
            "number": event.number,
            "decision": decision.verdict.outcome,
            "kind": decision.kind,
            "decided_by": decision.decided_by,
            "decided_at": decision.decided_at.isoformat(),
            "rule": decision.rule,
            "notice": decision.verdict.notice,
        },
    }


def listed_event(event: Event) -> ListedEvent:
    """The same in a list."""
    return {"id": event.id, **event_answer(event)}
